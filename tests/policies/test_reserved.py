"""Machines that were bought ahead: a declared price and a term of its own are no way around a cap."""

from __future__ import annotations

from typing import Any

import pytest

from bedplate.node_pools.component import pool_numbers
from bedplate.plan import plan_stack
from tests.policies.stack import (
    NODE_POOL,
    UNKNOWN,
    Declared,
    check_stack,
    cluster,
    launch_template,
    node_group,
    register,
    with_line,
)
from tests.support.stacks import REMOVED, changed, one_pool

IDENTIFIER = "cr-0123456789abcdef0"
MACHINE = "p5.4xlarge"
RESERVATION: dict[str, Any] = {"name": IDENTIFIER, "machine": MACHINE, "nodes": 2, "zone": "use1-az2"}
TERM = {"starts": "2026-12-01", "ends": "2026-12-15", "usd_per_node_hour": 4.5}
BLOCK = {"machine": MACHINE, "capacity": "capacity-block", "reservation": RESERVATION | TERM}
OPEN = {"machine": MACHINE, "capacity": "reservation", "reservation": RESERVATION}
CHEAPER = {"machine": MACHINE, "capacity": "reservation", "reservation": RESERVATION | {"usd_per_node_hour": 3.9}}


ANOTHER = changed(BLOCK, {"reservation.name": "cr-0fedcba9876543210", "reservation.usd_per_node_hour": 4.2})


def pool(*offers: dict[str, Any], changes: dict[str, Any] | None = None) -> Declared:
    zones = {"clusters.use1.zones": ["use1-az2", "use1-az6"]}
    plan = plan_stack(
        one_pool(zones, role="training", machine=REMOVED, offers=list(offers), nodes={"min": 0, "max": 2})
    )
    planned = next(one for one in plan.node_pools if one.name == "it")
    return Declared(NODE_POOL, "it", changed(pool_numbers(planned, plan), changes or {}), provider="")


@pytest.mark.parametrize("offer", [BLOCK, OPEN, CHEAPER], ids=["a block", "a reservation", "a contract's price"])
def test_passes(offer: dict[str, Any]) -> None:
    assert register(pool(offer)) == []
    assert check_stack(pool(offer)) == []


def test_two_blocks_of_one_machine_are_each_counted() -> None:
    both = pool(BLOCK, ANOTHER)
    assert register(both) == []
    assert check_stack(both) == []
    for line in (0, 2):  # a root volume stands between them
        messages = "\n".join(register(with_line(pool(BLOCK, ANOTHER), line, baselineUnits=0)))
        assert "are paid whether they run or not; its cost counts 0" in messages


DECLARED = "groups.0.reservation"
FAILS: dict[str, tuple[Declared, str]] = {
    "a cent an hour": (
        with_line(pool(BLOCK, changes={f"{DECLARED}.usdPerNodeHour": "0.01"}), 0, usdPerHour="0.01"),
        f"cost-has-catalog-prices: p5.4xlarge capacity-block {IDENTIFIER} of it has a declared price of $0.01 an hour; "
        "believed is",
    ),
    "another price than the contract's": (
        with_line(pool(BLOCK), 0, usdPerHour="4.4"),
        "is counted at $4.4 an hour; its reservation declares $4.5",
    ),
    "a block without a price": (
        pool(BLOCK, changes={f"{DECLARED}.usdPerNodeHour": REMOVED}),
        "its reservation declares $None",
    ),
    "a reservation below the list price": (
        with_line(pool(OPEN), 0, usdPerHour="3.9"),
        "is declared at $3.9000 an hour; the catalog has $6.8800",
    ),
    "a date that a declared price cannot have": (
        with_line(pool(BLOCK), 0, asOf="2026-11-01"),
        "has a declared price, which is of no day, and claims 2026-11-01",
    ),
    "idle machines that are not counted": (
        with_line(pool(OPEN), 0, baselineUnits=0),
        f"cost-counted-in-full: 2 × p5.4xlarge reservation {IDENTIFIER} of it are paid whether they run or not; its "
        "cost counts 0",
    ),
    "expected hours that are not counted": (with_line(pool(OPEN), 0, expectedUnitHours="10"), "and 10 expected hours"),
    "fewer hours than the term has": (
        with_line(pool(BLOCK), 0, hours="24"),
        "is paid for 336 hours a month; 24 are counted",
    ),
    "a term where nothing ends": (
        with_line(pool(OPEN), 0, hours="24"),
        "is paid for 730 hours a month; 24 are counted",
    ),
    "a disk that ends before its machine": (
        with_line(pool(BLOCK), 1, hours="24"),
        "root volume of 200 GiB of it is counted for 24 hours a month; nothing ends it",
    ),
    "hours of what never ends": (
        with_line(cluster(), 0, hours="1"),
        "cost-counted-in-full: EKS control plane of use1 is counted for 1 hours a month; nothing ends it",
    ),
    "the end of a reservation, whose machines run on": (
        with_line(
            pool(OPEN, changes={f"{DECLARED}.starts": "2026-12-01", f"{DECLARED}.ends": "2026-12-02"}), 0, hours="24"
        ),
        "is paid for 730 hours a month; 24 are counted",
    ),
    "a term of no day": (
        with_line(pool(BLOCK, changes={f"{DECLARED}.ends": "2026-12-01"}), 0, hours="0"),
        "reservation ends on 2026-12-01, and starts on 2026-12-01",
    ),
    "two groups of one block": (
        pool(BLOCK, ANOTHER, changes={"groups.1.reservation.name": IDENTIFIER}),
        "it has two groups of one reservation",
    ),
    "no reservation": (pool(BLOCK, changes={DECLARED: REMOVED}), "cannot be decided: reservation is not set"),
    "an unknown price": (
        pool(BLOCK, changes={f"{DECLARED}.usdPerNodeHour": UNKNOWN}),
        "groups[0].reservation.usdPerNodeHour is not known before",
    ),
    "a day that is none": (
        pool(BLOCK, changes={f"{DECLARED}.ends": "soon"}),
        "reservation is not what Bedplate's components",
    ),
}


@pytest.mark.parametrize(("component", "expected"), FAILS.values(), ids=FAILS)
def test_fails(component: Declared, expected: str) -> None:
    messages = "\n".join(register(component))
    assert expected in messages, messages
    assert check_stack(component) != []


def bound_template(
    parent: Declared, identifier: str = IDENTIFIER, preference: str = "capacity-reservations-only"
) -> Declared:
    template = launch_template(parent, MACHINE)
    template.properties["capacityReservationSpecification"] = {
        "capacityReservationPreference": preference,
        "capacityReservationTarget": {"capacityReservationId": identifier},
    }
    return template


def test_nodes_are_bound_to_what_was_bought() -> None:
    parent = pool(CHEAPER)
    template = bound_template(parent)
    assert check_stack(parent, template, node_group(parent, template, labels={"bedplate.dev/role": "training"})) == []


@pytest.mark.parametrize(
    ("identifier", "preference"), [("cr-ffffffffffffffff0", "capacity-reservations-only"), (IDENTIFIER, "open")]
)
def test_nodes_beside_the_reservation_cost_more_than_was_counted(identifier: str, preference: str) -> None:
    parent = pool(CHEAPER)
    template = bound_template(parent, identifier, preference)
    messages = check_stack(parent, template, node_group(parent, template, labels={"bedplate.dev/role": "training"}))
    assert [message for message in messages if f"is not bound to {IDENTIFIER}" in message]


def test_a_template_that_names_no_reservation_binds_nothing() -> None:
    parent = pool(CHEAPER)
    template = launch_template(parent, MACHINE)
    messages = check_stack(parent, template, node_group(parent, template))
    assert [message for message in messages if f"is not bound to {IDENTIFIER}" in message]


@pytest.mark.parametrize(
    ("offer", "capacity_type", "right"),
    [(BLOCK, "CAPACITY_BLOCK", True), (BLOCK, "ON_DEMAND", False), (OPEN, "ON_DEMAND", True), (OPEN, "SPOT", False)],
)
def test_a_group_is_bought_as_its_pool_declares(offer: dict[str, Any], capacity_type: str, right: bool) -> None:
    parent = pool(offer)
    template = bound_template(parent)
    messages = check_stack(parent, template, node_group(parent, template, capacityType=capacity_type))
    assert bool([message for message in messages if f"buys {capacity_type}" in message]) is not right


@pytest.mark.parametrize("types", [[MACHINE], None], ids=["by its own types", "by no types"])
def test_nodes_without_a_launch_template_of_the_stack_are_bound_to_nothing(types: list[str] | None) -> None:
    """A node group with its own instance types needs no template, and one of elsewhere may be bound to anything."""
    parent = pool(CHEAPER)
    elsewhere = node_group(parent, instanceTypes=types, labels={"bedplate.dev/role": "training"})
    messages = check_stack(parent, elsewhere)
    assert [message for message in messages if f"is not bound to {IDENTIFIER}" in message]
