"""What was bought ahead is paid whether it runs or not: computed by hand, to the cent."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from bedplate import catalog
from bedplate.cost.caps import Cap, excesses
from bedplate.cost.confidence import confidence
from bedplate.cost.focus import Place, focus_rows
from bedplate.cost.range import HOURS_PER_MONTH, CostLine, CostRange
from bedplate.cost.wire import from_wire, to_wire
from bedplate.plan import plan_stack
from tests.support.stacks import REMOVED, one_pool

RESERVATION = {"name": "cr-0123456789abcdef0", "machine": "p5en.48xlarge", "nodes": 4, "zone": "use1-az2"}
BLOCK = RESERVATION | {"starts": "2026-12-01", "ends": "2026-12-15", "usd_per_node_hour": 41.61}
RESERVED = {"machine": "p5en.48xlarge", "capacity": "reservation", "reservation": RESERVATION}
IN_BLOCK = {"machine": "p5en.48xlarge", "capacity": "capacity-block", "reservation": BLOCK}
ON_DEMAND = {"machine": "p5en.48xlarge", "capacity": "on-demand"}
ZONES = {"clusters.use1.zones": ["use1-az2", "use1-az6"]}

ON_DEMAND_USD = Decimal("63.296")
VOLUME_USD = 200 * Decimal("0.08")
"""A root volume of 200 GiB for a month."""


def lines(offers: list[dict[str, Any]], nodes: dict[str, int]) -> list[CostLine]:
    pool = one_pool(ZONES, machine=REMOVED, role="training", offers=offers, nodes=nodes)
    return [line for line in plan_stack(pool).cost.lines if line.owner == "node_pools.it"]


def machines(offers: list[dict[str, Any]], nodes: dict[str, int]) -> CostRange:
    return CostRange(tuple(line for line in lines(offers, nodes) if line.kind == "machine"))


def test_the_shipped_price_is_the_one_that_these_tests_compute_with() -> None:
    price = catalog.price("aws", "us-east-1", "p5en.48xlarge", "on-demand")
    assert price is not None
    assert price.usd_per_hour == ON_DEMAND_USD


def test_a_reservation_costs_the_same_idle_and_busy() -> None:
    """4 × $63.296 × 730 h = $184,824.32."""
    cost = machines([RESERVED], {"min": 0, "max": 4, "expected": 1, "expected_hours_per_month": 10})
    assert cost.baseline_per_month == Decimal("184824.32")
    assert cost.expected_per_month == cost.baseline_per_month == cost.max_per_month
    assert cost.max_per_hour == Decimal("253.184")


def test_machines_that_no_pool_uses_are_paid_for_too() -> None:
    cost = machines([RESERVED], {"min": 0, "max": 1})
    assert (cost.max_per_hour, cost.lines[0].max_units) == (4 * ON_DEMAND_USD, 4)


def test_a_contract_price_goes_before_the_list_price() -> None:
    offer = RESERVED | {"reservation": RESERVATION | {"usd_per_node_hour": 40.5}}
    cost = machines([offer], {"min": 0, "max": 4})
    assert cost.max_per_hour == Decimal("162.0")
    assert confidence(cost.lines[0]) == "declared"


def test_a_capacity_block_is_paid_from_its_first_day_to_its_last() -> None:
    """14 days are 336 of the month's 730 hours: 4 × $41.61 × 336 h = $55,923.84."""
    cost = machines([IN_BLOCK], {"min": 0, "max": 4})
    assert cost.max_per_month == Decimal("55923.84")
    assert cost.baseline_per_month == cost.expected_per_month == cost.max_per_month
    assert cost.max_per_hour == Decimal("166.44")


def test_a_block_of_months_is_counted_for_a_whole_month() -> None:
    offer = IN_BLOCK | {"reservation": BLOCK | {"ends": "2027-05-18"}}
    assert machines([offer], {"min": 0, "max": 4}).max_per_month == 4 * Decimal("41.61") * 730


def test_machines_of_a_reservation_that_ends_run_on() -> None:
    offer = RESERVED | {"reservation": RESERVATION | {"starts": "2026-12-01", "ends": "2026-12-08"}}
    assert machines([offer], {"min": 0, "max": 4}).max_per_month == Decimal("184824.32")


def test_the_floor_on_reserved_machines_adds_nothing() -> None:
    with_floor = machines([RESERVED], {"min": 3, "max": 4})
    without = machines([RESERVED], {"min": 0, "max": 4})
    assert with_floor.baseline_per_month == without.baseline_per_month


def test_what_the_reservation_cannot_hold_counts_on_the_next_offer() -> None:
    """6 nodes for 100 hours and a floor of 5: 4 are reserved, so 1 always and 2 in busy hours are on demand."""
    nodes = {"min": 5, "max": 6, "expected": 6, "expected_hours_per_month": 100}
    reserved, on_demand = machines([RESERVED | {"max": 4}, ON_DEMAND], nodes).lines
    assert (reserved.baseline_units, reserved.expected_unit_hours) == (4, 4 * HOURS_PER_MONTH)
    assert (on_demand.baseline_units, on_demand.expected_unit_hours) == (1, Decimal(2 * 100 + 1 * 630))


def test_root_volumes_exist_only_while_nodes_run() -> None:
    (volume,) = (
        line
        for line in lines([IN_BLOCK], {"min": 0, "max": 4, "expected": 2, "expected_hours_per_month": 73})
        if line.kind == "service"
    )
    cost = CostRange((volume,))
    assert cost.baseline_per_month == 0
    assert round(cost.expected_per_month, 9) == round(2 * VOLUME_USD / 10, 9)
    assert round(cost.max_per_month, 9) == round(4 * VOLUME_USD * 336 / 730, 9)


@pytest.mark.parametrize(
    ("monthly", "blocked"),
    [(55_923, True), (55_924, False)],
)
def test_a_monthly_cap_knows_that_a_block_ends(monthly: int, blocked: bool) -> None:
    cost = machines([IN_BLOCK], {"min": 0, "max": 4})
    assert bool(excesses(cost, Cap(hourly_usd=200, monthly_usd=monthly), "vision", "dev")) is blocked


def test_no_remedy_lowers_the_nodes_of_a_reservation() -> None:
    cost = machines([RESERVED], {"min": 0, "max": 4})
    (excess,) = excesses(cost, Cap(hourly_usd=200, monthly_usd=200_000), "vision", "dev")
    assert "no single pool makes up for it" in excess.remedy


def test_a_reserved_line_says_so_and_survives_the_way_through_component_properties() -> None:
    (line,) = machines([IN_BLOCK], {"min": 0, "max": 4}).lines
    assert line.note == "reserved: 4 are paid until 2026-12-15, whether they run or not"
    assert from_wire(to_wire([line])) == (line,)


def test_focus_calls_it_committed_and_counts_its_term() -> None:
    (line,) = machines([IN_BLOCK], {"min": 0, "max": 4}).lines
    rows = focus_rows([(Place("vision", "aws"), line)], date(2026, 11, 21))
    assert {row["PricingCategory"] for row in rows} == {"Committed"}
    assert {row["ListCost"] for row in rows} == {"55923.84"}
