"""The cost of several stacks as a page. It shows dates of prices instead of ages, so that it does not age itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bedplate.cost.report import per_hour

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from decimal import Decimal

    from bedplate.cost.range import CostLine
    from bedplate.cost.report import CostReport

INTRODUCTION = """\
# What the examples cost

Written by `bedplate cost --markdown stacks/*.yaml`; do not edit. In US dollars, before taxes, discounts and
commitments. [The guide](../guide/cost.md) says what the three figures mean.
"""


def cost_page(reports: Sequence[CostReport]) -> str:
    """Return the page."""
    return "\n".join([INTRODUCTION, *(line for report in reports for line in _section(report))])


def _section(report: CostReport) -> Iterator[str]:
    cost = report.cost
    yield f"## `{report.source}`"
    yield ""
    yield "| | an hour | a month |"
    yield "|---|---:|---:|"
    yield f"| at rest | {_hour(cost.baseline_per_month)} | ${_usd(cost.baseline_per_month)} |"
    yield f"| expected | {_hour(cost.expected_per_month)} | ${_usd(cost.expected_per_month)} |"
    yield f"| everything up | ${_usd(cost.max_per_hour)} | ${_usd(cost.max_per_month)} |"
    yield ""
    yield "| declared in | item | $ each | at rest | expected a month | up to | price |"
    yield "|---|---|---:|---:|---:|---:|---|"
    yield from (_row(line) for line in cost.lines)
    yield ""
    yield f"Not counted: {'; '.join(report.not_counted)}."
    yield ""


def _hour(per_month: Decimal) -> str:
    return f"${_usd(per_hour(per_month))}"


def _usd(amount: Decimal) -> str:
    return f"{amount:,.2f}"


def _row(line: CostLine) -> str:
    billed = line.billed
    cells = (
        f"`{line.owner}`",
        line.item,
        "unknown" if billed.usd_per_unit is None else f"{billed.usd_per_unit:,.4f}",
        f"{line.baseline_units} reserved" if line.reserved else str(line.baseline_units),
        f"{line.expected_unit_hours / billed.divisor:,.0f} {billed.unit}",
        f"{line.max_units} × {line.unit}" if billed.divisor == 1 else f"{line.max_units} {billed.unit}",
        _price(line),
    )
    return f"| {' | '.join(cells)} |"


def _price(line: CostLine) -> str:
    if line.usd_per_hour is None:
        return "unknown"
    day = line.as_of.isoformat() if line.as_of else "undated"
    if line.confidence == "declared":
        return "declared"
    return f"{day}, assumed" if line.confidence == "assumed" else day
