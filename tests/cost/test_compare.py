from __future__ import annotations

from decimal import Decimal

from bedplate.cost.compare import LineChange, changed_lines
from bedplate.cost.range import CostRange
from bedplate.plan import plan_stack
from tests.support.stacks import REMOVED, stack


def cost(changes: dict[str, object] | None = None) -> CostRange:
    return plan_stack(stack(changes)).cost


def total(changes: list[LineChange]) -> Decimal:
    return sum((change.max_per_hour for change in changes), Decimal(0))


def test_no_change_changes_no_line() -> None:
    assert changed_lines(cost(), cost()) == []


def test_a_larger_pool_changes_its_machines_and_their_disks() -> None:
    changes = changed_lines(cost(), cost({"node_pools.l4.nodes.max": 6}))
    assert [change.line.owner for change in changes] == ["node_pools.l4", "node_pools.l4"]
    assert changes[0].max_per_hour == 2 * Decimal("0.9776")
    assert changes[0].baseline_per_month == 0


def test_a_pool_that_goes_saves_what_it_cost() -> None:
    gone = changed_lines(cost(), cost({"node_pools.h100": REMOVED}))
    assert all(change.after is None and change.max_per_hour < 0 for change in gone)
    new = changed_lines(cost({"node_pools.h100": REMOVED}), cost())
    assert round(total(new), 9) == -round(total(gone), 9)
    lines = [line for line in cost().lines if line.owner == "node_pools.h100"]
    assert len(gone) == len(lines) == 4, "each offer has its machines and its root volumes"
    assert round(total(new), 9) == round(CostRange(tuple(lines)).max_per_hour, 9)
