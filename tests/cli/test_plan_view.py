"""A plan as people read it: what a line must not leave out."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from bedplate.cli.plan_view import show_cost, show_decisions
from bedplate.cost.caps import Cap
from bedplate.plan import plan_stack
from tests.support.stacks import one_pool


@pytest.mark.parametrize(
    ("machine", "accelerators"), [("g6f.2xlarge", "1 × L4 (0.25 of one)"), ("g6.12xlarge", "4 × L4 ")]
)
def test_a_part_of_an_accelerator_is_no_whole_one(machine: str, accelerators: str) -> None:
    console = Console(file=io.StringIO(), width=200)
    show_decisions(console, plan_stack(one_pool(machine=machine)))
    assert isinstance(console.file, io.StringIO)
    (line,) = (line for line in console.file.getvalue().splitlines() if machine in line)
    assert f"{machine} on-demand, {accelerators}" in line


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
