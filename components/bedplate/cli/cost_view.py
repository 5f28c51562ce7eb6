"""Costs as people read them on a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich import box
from rich.table import Table
from rich.text import Text

from bedplate.cli.terminal import keep_names
from bedplate.cost.confidence import trust
from bedplate.cost.report import per_hour
from bedplate.cost.summary import unit_price

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import date
    from decimal import Decimal

    from rich.console import Console

    from bedplate.cost.comparison import Comparison
    from bedplate.cost.range import CostLine, CostRange
    from bedplate.cost.report import CostReport
    from bedplate.cost.tokens import TokenPrice


def show_report(console: Console, report: CostReport, today: date) -> None:
    """Print every line with its price, and the three figures."""
    cost = report.cost
    sources = {source: index for index, source in enumerate(_sources(cost.lines), start=1)}
    console.print(Text(report.source, style="bold"))
    console.print(keep_names(console, _lines(cost.lines, sources, today), 0, 1))
    console.print(_sums(cost))
    teams = report.teams()
    if len(teams) > 1:
        console.print(_teams(teams.items()))
    if cost.unpriced:
        count = len(cost.unpriced)
        console.print(
            Text(f"Incomplete: {count} line{'s' * (count > 1)} without a price, in no sum:", style="bold red")
        )
        for line in cost.unpriced:
            console.print(Text(f"  {line.owner}: {line.item}{f' ({line.note})' if line.note else ''}", style="red"))
    console.print(Text(f"Not counted: {'; '.join(report.not_counted)}.", style="dim"))
    for source, number in sources.items():
        console.print(Text(f"[{number}] {source}", style="dim"))


def _sources(lines: Iterable[CostLine]) -> list[str]:
    return list(dict.fromkeys(line.source for line in lines if line.source))


def _table(*columns: tuple[str, str]) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for name, justify in columns:
        table.add_column(name, justify="right" if justify == "right" else "left", overflow="fold")
    return table


def _lines(lines: Iterable[CostLine], sources: dict[str, int], today: date) -> Table:
    table = _table(
        ("declared in", "left"), ("item", "left"), ("$ each", "right"), ("at rest", "right"),
        ("expected a month", "right"), ("up to", "right"), ("price", "left"),
    )  # fmt: skip
    for line in lines:
        billed = line.billed
        origin = f" [{sources[line.source]}]" if line.source else ""
        table.add_row(
            Text(line.owner),
            Text(line.item),
            unit_price(billed.usd_per_unit),
            f"{line.baseline_units} reserved" if line.reserved else str(line.baseline_units),
            f"{line.expected_unit_hours / billed.divisor:,.0f} {billed.unit}",
            str(line.max_units),
            Text(f"{trust(line, today)}{origin}", style="red" if line.usd_per_hour is None else ""),
        )
    return table


def _sums(cost: CostRange) -> Table:
    table = _table(("", "left"), ("an hour", "right"), ("a month", "right"))
    for name, month in (("at rest", cost.baseline_per_month), ("expected", cost.expected_per_month)):
        table.add_row(name, _usd(per_hour(month)), _usd(month))
    table.add_row("everything up", _usd(cost.max_per_hour), _usd(cost.max_per_month), style="bold")
    return table


def _teams(teams: Iterable[tuple[str, CostRange]]) -> Table:
    table = _table(("team", "left"), ("at rest", "right"), ("expected", "right"), ("everything up, a month", "right"))
    for team, cost in teams:
        amounts = (cost.baseline_per_month, cost.expected_per_month, cost.max_per_month)
        table.add_row(Text(team or "(none named)"), *map(_usd, amounts))
    return table


def show_tokens(console: Console, node: str, usd_per_hour: Decimal, prices: Iterable[TokenPrice]) -> None:
    """Print the price of a million tokens at several utilizations."""
    table = _table(("utilization", "right"), ("tokens a month", "right"), ("$ a million tokens", "right"))
    for price in prices:
        table.add_row(f"{price.utilization:.0%}", f"{price.tokens_per_month:,.0f}", _price(price.usd_per_million))
    console.print(Text(f"{node} at ${usd_per_hour:,.4f} an hour", style="bold"))
    console.print(table)


def show_comparison(console: Console, found: Comparison) -> None:
    """Print ways to serve the same load, cheapest first, and where renting and owning break even."""
    table = _table(
        ("way", "left"), ("nodes", "right"), ("$ a node-hour", "right"), ("utilization", "right"),
        ("$ a month", "right"), ("$ a million tokens", "right"),
    )  # fmt: skip
    for way in found.ways:
        table.add_row(
            Text(way.name),
            "" if way.nodes is None else str(way.nodes),
            "" if way.usd_per_node_hour is None else f"{way.usd_per_node_hour:,.4f}",
            "" if way.utilization is None else f"{way.utilization:.1%}",
            _usd(way.usd_per_month),
            _price(way.usd_per_million_tokens),
        )
    console.print(table)
    for point in found.break_even:
        reached = f"from a utilization of {point.utilization:.1%} on" if point.utilization <= 1 else "at no utilization"
        console.print(Text(f"{point.machines} costs less a token than {point.hosted_api} {reached}."))
    for text in found.notes:
        console.print(Text(text, style="dim"))


def _usd(amount: Decimal) -> str:
    return f"${amount:,.2f}"


def _price(amount: Decimal) -> str:
    return f"{amount:,.4f}"
