"""The three figures, computed by hand from the prices that the catalog ships."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from bedplate import catalog
from bedplate.cost.caps import Cap, excesses
from bedplate.cost.range import CostLine, CostRange
from bedplate.cost.wire import from_wire, to_wire
from bedplate.plan import plan_stack
from tests.support.stacks import REMOVED, one_pool, stack

HOURS = Decimal(730)


def pool_cost(**changes: Any) -> CostRange:
    cost = plan_stack(one_pool(**changes)).cost
    return CostRange(tuple(line for line in cost.lines if line.owner == "node_pools.it" and line.kind == "machine"))


def price(machine: str, capacity: Any = "on-demand") -> Decimal:
    found = catalog.price("aws", "us-east-1", machine, capacity)
    assert found is not None
    return found.usd_per_hour


def test_the_worked_example() -> None:
    """p5.48xlarge from 0 to 8 nodes, two of them for ten hours on 22 days: the maximum is not $0, as min 0 suggests."""
    nodes = {"min": 0, "max": 8, "expected": 2, "expected_hours_per_month": 220}
    cost = pool_cost(machine="p5.48xlarge", nodes=nodes)
    assert price("p5.48xlarge") == Decimal("55.04")
    assert cost.baseline_per_month == 0
    assert cost.expected_per_month == Decimal("24217.60")
    assert cost.max_per_hour == Decimal("440.32")
    assert cost.max_per_month == Decimal("321433.60")


WORKED_EXAMPLE = {"min": 0, "max": 8, "expected": 2, "expected_hours_per_month": 220}


@pytest.mark.parametrize(
    ("cap", "blocked_by"),
    [
        # above the expected $24,217.60 and below the $321,433.60 of everything up: what is expected does not count
        (Cap(hourly_usd=441, monthly_usd=100_000), ["per month"]),
        # below the $440.32 of an hour with everything up
        (Cap(hourly_usd=440, monthly_usd=321_434), ["per hour"]),
        (Cap(hourly_usd=440, monthly_usd=100_000), ["per hour", "per month"]),
        (Cap(hourly_usd=441, monthly_usd=321_434), []),
    ],
)
def test_caps_hold_everything_up_in_the_worked_example(cap: Cap, blocked_by: list[str]) -> None:
    cost = pool_cost(machine="p5.48xlarge", nodes=WORKED_EXAMPLE)
    messages = [excess.message for excess in excesses(cost, cap, "vision", "dev")]
    assert len(messages) == len(blocked_by)
    assert all(period in message for period, message in zip(blocked_by, messages, strict=True))


def test_the_remedy_for_the_worked_example_is_fewer_nodes() -> None:
    cost = pool_cost(machine="p5.48xlarge", nodes=WORKED_EXAMPLE)
    (excess,) = excesses(cost, Cap(hourly_usd=441, monthly_usd=100_000), "vision", "dev")
    # 100,000 / (55.04 × 730) is 2.49
    assert "with 2 instead of 8 × p5.48xlarge on-demand" in excess.remedy


def test_hours_that_somebody_else_bounds_unblock_the_worked_example() -> None:
    """A capacity block ends by itself, so its maximum is what it costs: a week of eight nodes fits the monthly cap.

    A schedule of one's own would not: nothing refuses nodes outside it (docs/decisions/0005).
    """
    block = {
        "name": "cr-0123456789abcdef0",
        "machine": "p5.48xlarge",
        "nodes": 8,
        "zone": "use1-az2",
        "starts": "2026-12-01",
        "ends": "2026-12-08",
        "usd_per_node_hour": 55.04,
    }
    offer = {"machine": "p5.48xlarge", "capacity": "capacity-block", "reservation": block}
    cost = pool_cost(machine=REMOVED, role="training", nodes={"min": 0, "max": 8}, offers=[offer])
    assert cost.max_per_hour == Decimal("440.32")
    assert cost.max_per_month == 8 * 7 * 24 * Decimal("55.04") == Decimal("73973.76")
    assert excesses(cost, Cap(hourly_usd=441, monthly_usd=100_000), "vision", "dev") == []


def test_two_blocks_of_one_machine_cost_what_each_was_bought_for() -> None:
    first = {
        "name": "cr-0123456789abcdef0",
        "machine": "p5.48xlarge",
        "nodes": 4,
        "zone": "use1-az2",
        "starts": "2026-12-01",
        "ends": "2026-12-08",
        "usd_per_node_hour": 50.0,
    }
    second = first | {"name": "cr-0fedcba9876543210", "nodes": 2, "ends": "2026-12-03", "usd_per_node_hour": 40.0}
    offers = [
        {"machine": "p5.48xlarge", "capacity": "capacity-block", "reservation": first},
        {"machine": "p5.48xlarge", "capacity": "capacity-block", "reservation": second, "max": 2},
    ]
    cost = pool_cost(machine=REMOVED, role="training", nodes={"min": 0, "max": 4}, offers=offers)
    assert [line.item for line in cost.lines] == [
        "p5.48xlarge capacity-block cr-0123456789abcdef0",
        "p5.48xlarge capacity-block cr-0fedcba9876543210",
    ]
    assert cost.max_per_hour == 4 * 50 + 2 * 40
    assert cost.baseline_per_month == cost.max_per_month == 4 * 7 * 24 * 50 + 2 * 2 * 24 * 40


def test_a_floor_costs_all_month_and_busy_hours_come_on_top() -> None:
    nodes = {"min": 1, "max": 4, "expected": 3, "expected_hours_per_month": 100}
    cost = pool_cost(machine="g6.2xlarge", nodes=nodes)
    each = price("g6.2xlarge")
    assert cost.baseline_per_month == each * HOURS
    assert cost.expected_per_month == each * (3 * 100 + 1 * 630)


def test_undeclared_use_is_expected_at_the_maximum() -> None:
    cost = pool_cost(machine="g6.2xlarge", nodes={"min": 0, "max": 4})
    assert cost.expected_per_month == cost.max_per_month
    assert "no expected use declared" in cost.lines[0].note


def test_a_fallback_counts_beside_the_offer_that_it_replaces() -> None:
    offers = [{"machine": "g6.2xlarge", "capacity": "on-demand", "max": 3}, {"machine": "g6.4xlarge"}]
    cost = pool_cost(machine=REMOVED, offers=offers)
    assert cost.max_per_hour == 3 * price("g6.2xlarge") + 4 * price("g6.4xlarge")


def test_spot_counts_with_its_own_price_and_says_that_it_is_assumed() -> None:
    cost = pool_cost(machine=REMOVED, offers=[{"machine": "p5.48xlarge", "capacity": "spot"}])
    assert cost.max_per_hour == 4 * price("p5.48xlarge", "spot")
    assert cost.lines[0].confidence == "assumed"


def test_what_a_cluster_costs_at_rest() -> None:
    cost = plan_stack(stack({"node_pools.l4": REMOVED, "node_pools.h100": REMOVED})).cost
    fixed = CostRange(tuple(line for line in cost.lines if line.owner == "clusters.use1"))
    # control plane 0.10, three NAT gateways at 0.045 with an address at 0.005 each, and a key at 1.00 a month
    assert fixed.baseline_per_month == Decimal("0.25") * HOURS + 1
    assert fixed.max_per_month == fixed.baseline_per_month == fixed.expected_per_month


def test_root_volumes_are_counted() -> None:
    cost = plan_stack(one_pool(root_disk_gib=500)).cost
    line = next(line for line in cost.lines if line.owner == "node_pools.it" and "500 GiB" in line.item)
    assert line.usd_per_hour is not None
    assert round(line.usd_per_hour * HOURS, 6) == Decimal(500) * Decimal("0.08")


def test_lines_survive_the_way_through_component_properties() -> None:
    lines = plan_stack(stack()).cost.lines
    assert from_wire(to_wire(lines)) == lines


@pytest.mark.parametrize("field", ["maxUnits", "usdPerHour", "expectedUnitHours"])
def test_amounts_that_are_none_are_refused(field: str) -> None:
    wire = to_wire(plan_stack(stack()).cost.lines)
    wire[0][field] = "NaN"
    with pytest.raises(ValueError, match="NaN"):
        from_wire(wire)


def line(**changes: Any) -> CostLine:
    values: dict[str, Any] = {
        "owner": "node_pools.h100",
        "kind": "machine",
        "item": "p5.48xlarge on-demand",
        "unit": "node",
        "usd_per_hour": Decimal("50"),
        "baseline_units": 0,
        "expected_unit_hours": Decimal(0),
        "max_units": 4,
        "source": "a test",
        "as_of": None,
        "confidence": "dated",
    }
    return CostLine(**(values | changes))


@pytest.mark.parametrize(
    ("lines", "cap", "messages", "remedy"),
    [
        ([line()], Cap(hourly_usd=200, monthly_usd=146000), [], ""),
        (
            [line()],
            Cap(hourly_usd=149, monthly_usd=146000),
            ["$200.00 per hour with everything up is $51.00 above the cap of $149.00"],
            "2 instead of 4",
        ),
        (
            [line()],
            Cap(hourly_usd=200, monthly_usd=109500),
            ["$146,000.00 per month with everything up is $36,500.00 above the cap of $109,500.00"],
            "3 instead of 4",
        ),
        (
            [line(max_units=1)],
            Cap(hourly_usd=10, monthly_usd=146000),
            ["$50.00 per hour"],
            "no single pool",
        ),
        ([line(usd_per_hour=None)], Cap(hourly_usd=200, monthly_usd=146000), ["no price is known"], "bedplate catalog"),
        ([line()], None, ["no spending cap is set for team vision in dev"], "ask the platform team"),
        ([line()], Cap(hourly_usd=1, monthly_usd=1), ["per hour", "per month"], "lower"),
    ],
)
def test_caps(lines: list[CostLine], cap: Cap | None, messages: list[str], remedy: str) -> None:
    found = excesses(CostRange(tuple(lines)), cap, "vision", "dev")
    assert len(found) == len(messages)
    for excess, message in zip(found, messages, strict=True):
        assert message in excess.message
    if len(found) == 1:
        assert remedy in found[0].remedy


def test_the_remedy_keeps_to_the_cap() -> None:
    cap = Cap(hourly_usd=149, monthly_usd=146000)
    assert excesses(CostRange((line(),)), cap, "vision", "dev")
    assert not excesses(CostRange((line(max_units=2),)), cap, "vision", "dev")
