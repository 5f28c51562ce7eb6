"""A plan as people read it: what a line must not leave out."""

from __future__ import annotations

import io
from datetime import date
from typing import TYPE_CHECKING

import pytest
from rich.console import Console

from bedplate.cli.cost_view import show_report
from bedplate.cli.plan_view import show_cost, show_decisions
from bedplate.cost.caps import Cap
from bedplate.cost.report import stack_report
from bedplate.plan import plan_stack
from tests.support.stacks import one_pool, stack

if TYPE_CHECKING:
    from collections.abc import Callable

    from bedplate.plan import StackPlan


@pytest.mark.parametrize(
    ("machine", "accelerators"), [("g6f.2xlarge", "1 × L4 (0.25 of one)"), ("g6.12xlarge", "4 × L4 ")]
)
def test_a_part_of_an_accelerator_is_no_whole_one(machine: str, accelerators: str) -> None:
    console = Console(file=io.StringIO(), width=200)
    show_decisions(console, plan_stack(one_pool(machine=machine)))
    assert isinstance(console.file, io.StringIO)
    (line,) = (line for line in console.file.getvalue().splitlines() if machine in line)
    assert f"{machine} on-demand, {accelerators}" in line


def shown(width: int, *show: Callable[[Console, StackPlan], None]) -> str:
    console = Console(file=io.StringIO(), width=width, highlight=False)
    for one in show:
        one(console, plan_stack(stack()))
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def costs(console: Console, plan: StackPlan) -> None:
    show_report(console, stack_report("a stack", plan), date(2026, 11, 2))


def plan_costs(console: Console, plan: StackPlan) -> None:
    show_cost(console, plan, None)


@pytest.mark.parametrize("width", [60, 80, 120])
@pytest.mark.parametrize(
    ("show", "names"),
    [
        (show_decisions, ["system", "h100", "m7i.2xlarge", "p5.48xlarge"]),
        (plan_costs, ["clusters.use1", "node_pools.system", "node_pools.h100", "m7i.2xlarge", "p5.48xlarge"]),
        (costs, ["clusters.use1", "node_pools.system", "node_pools.h100", "m7i.2xlarge", "p5.48xlarge"]),
    ],
)
def test_a_narrow_table_says_what_its_lines_are(
    width: int, show: Callable[[Console, StackPlan], None], names: list[str]
) -> None:
    text = shown(width, show)
    assert "…" not in text
    words = text.replace(",", " ").split()
    assert [name for name in names if name not in words] == []
    assert max(map(len, text.splitlines())) <= width


@pytest.mark.parametrize("width", [40, 60, 80])
@pytest.mark.parametrize(
    ("show", "headers"),
    [
        (show_decisions, ["pool", "role", "nodes", "preference", "zones", "fabric"]),
        (plan_costs, ["declared", "item", "each", "at rest", "up to"]),
    ],
)
def test_a_narrow_table_has_all_its_columns(
    width: int, show: Callable[[Console, StackPlan], None], headers: list[str]
) -> None:
    text = shown(width, show)
    above, _, _ = text.partition("───")
    words = above.split()
    assert [word for header in headers for word in header.split() if word not in words] == []
    assert max(map(len, text.splitlines())) <= width


@pytest.mark.parametrize("width", [60, 80])
def test_the_zones_of_a_group_are_words_on_a_narrow_terminal(width: int) -> None:
    assert "use1-az1," in shown(width, show_decisions).split()


def test_the_fabric_of_a_group_is_whole_on_a_narrow_terminal() -> None:
    assert "cluster-placement-group" in shown(80, show_decisions).split()


def test_sums_with_unknown_prices_promise_nothing() -> None:
    console = Console(file=io.StringIO(), width=120)
    unpriced = plan_stack(one_pool({"clusters.use1.region": "eu-west-3"}))
    show_cost(console, unpriced, Cap(hourly_usd=25, monthly_usd=12000))
    assert isinstance(console.file, io.StringIO)
    shown = console.file.getvalue()
    totals = {line.split("  ")[0].strip(): line for line in shown.splitlines()}
    assert totals["everything up"].count("at least $") == 2
    assert totals["left under the cap"].split()[-2:] == ["unknown", "unknown"]
    assert "lines without a price, in no sum." in shown
