"""Every rule about buying ahead, and every rule of AWS, has a pool that trips it and names the field."""

from __future__ import annotations

from typing import Any

import pytest

from bedplate.errors import Problem, dotted
from bedplate.plan import plan_stack
from bedplate.preconditions import stack_problems
from tests.support.stacks import REMOVED, changed, one_pool, spec

ZONES = {"clusters.use1.zones": ["use1-az2", "use1-az6"]}
BLOCK: dict[str, Any] = {
    "machine": "p5en.48xlarge",
    "capacity": "capacity-block",
    "reservation": {
        "name": "cr-0123456789abcdef0",
        "machine": "p5en.48xlarge",
        "nodes": 4,
        "zone": "use1-az2",
        "starts": "2026-12-01",
        "ends": "2026-12-15",
        "usd_per_node_hour": 41.61,
    },
}
OPEN: dict[str, Any] = changed(
    BLOCK, {"capacity": "reservation", "reservation.starts": REMOVED, "reservation.ends": REMOVED}
)
OFFER = "node_pools.it.offers[0]"


def problems(offer: dict[str, Any], **pool: Any) -> list[Problem]:
    declared = {"machine": REMOVED, "role": "training", "nodes": {"min": 0, "max": 4}, "offers": [offer], **pool}
    return stack_problems(one_pool(ZONES, **declared))


@pytest.mark.parametrize("offer", [BLOCK, OPEN], ids=["a block", "a reservation"])
def test_the_offers_that_the_cases_change_are_fine(offer: dict[str, Any]) -> None:
    assert problems(offer) == []


# what is changed, further fields of the pool, the field that is named, part of the message
CASES: list[tuple[dict[str, Any], dict[str, Any], str, str]] = [
    ({"reservation.machine": "p5.48xlarge"}, {}, "reservation.machine", "is for p5.48xlarge, and the offer is for"),
    ({"reservation.zone": "use1-az1"}, {}, "reservation.zone", "and the cluster in use1-az2, use1-az6"),
    ({"reservation.zone": REMOVED}, {}, "reservation.zone", "stands in one zone"),
    ({}, {"zones": ["use1-az6"]}, "reservation.zone", "and the pool in use1-az6"),
    ({"reservation.nodes": 2}, {}, "reservation.nodes", "holds 2 machines, and 4 may run"),
    ({"max": 3, "reservation.nodes": 2}, {}, "reservation.nodes", "holds 2 machines, and 3 may run"),
    ({"reservation.usd_per_node_hour": 0.01}, {}, "reservation.usd_per_node_hour", "no price of a p5en.48xlarge"),
    ({"reservation.usd_per_node_hour": 900.0}, {}, "reservation.usd_per_node_hour", "no price of a p5en.48xlarge"),
    ({"reservation.usd_per_node_hour": REMOVED}, {}, "reservation.usd_per_node_hour", "has no list price"),
    ({"reservation.ends": "2026-12-01"}, {}, "reservation.ends", "starts on 2026-12-01"),
    ({"reservation.ends": "2026-11-30"}, {}, "reservation.ends", "ends on 2026-11-30"),
    ({"reservation.ends": "2027-02-30"}, {}, "reservation.ends", "no day of the calendar"),
    ({"reservation.ends": REMOVED}, {}, "reservation.ends", "begins and ends on a day"),
    ({"reservation.starts": REMOVED}, {}, "reservation.starts", "begins and ends on a day"),
    ({"reservation.ends": "2027-06-08"}, {}, "reservation.ends", "would last 189 days"),
    ({"reservation.ends": "2026-12-17"}, {}, "reservation.ends", "would last 16 days"),
    ({"reservation.nodes": 65}, {}, "reservation.nodes", "at most 64 machines"),
    ({"reservation.name": "my-block"}, {}, "reservation.name", "no capacity reservation of AWS"),
    ({"reservation.name": "cr-0123"}, {}, "reservation.name", "no capacity reservation of AWS"),
    ({"reservation.compact": True}, {}, "reservation.compact", "no such setting"),
    ({"reservation.maintenance_interval": "periodic"}, {}, "reservation.maintenance_interval", "no such setting"),
]


@pytest.mark.parametrize(("changes", "pool", "field", "message"), CASES, ids=[f"{c[2]}: {c[3][:24]}" for c in CASES])
def test_refused(changes: dict[str, Any], pool: dict[str, Any], field: str, message: str) -> None:
    found = problems(changed(BLOCK, changes), **pool)
    assert [dotted(problem.field) for problem in found] == [f"{OFFER}.{field}"]
    assert message in found[0].message


@pytest.mark.parametrize(
    ("offer", "term"),
    [
        (BLOCK, "cr-0123456789abcdef0 begins on 2026-12-01 and ends on 2026-12-15"),
        (OPEN | {"reservation": OPEN["reservation"] | {"starts": "2030-01-01"}}, "begins on 2030-01-01"),
    ],
    ids=["a block", "begins"],
)
def test_a_floor_waits_for_no_first_day(offer: dict[str, Any], term: str) -> None:
    found = problems(offer, nodes={"min": 1, "max": 4})
    assert [dotted(problem.field) for problem in found] == ["node_pools.it.nodes.min"]
    assert term in found[0].message
    assert "a reservation that has begun needs no `starts`" in found[0].hint
    with_another = [offer, {"machine": "p5en.48xlarge"}]
    assert problems(offer, nodes={"min": 1, "max": 4}, offers=with_another) == []
    assert problems(offer, nodes={"min": 0, "max": 4}) == []


@pytest.mark.parametrize("changes", [{}, {"reservation.ends": "2030-01-01"}], ids=["open", "with an end"])
def test_a_floor_stands_on_a_reservation_that_is_there(changes: dict[str, Any]) -> None:
    offer = changed(OPEN, changes)
    assert problems(offer, nodes={"min": 1, "max": 4}) == []
    later = changed(BLOCK, {"reservation.name": "cr-0fedcba9876543210"})
    assert problems(offer, nodes={"min": 1, "max": 4}, offers=[later, offer]) == []


@pytest.mark.parametrize(
    ("zones", "pool_zones", "reserved"),
    [
        (["use1-az2", "use1-az6"], [], "use1-az1"),  # not the cluster's
        (["use1-az2", "use1-az6"], ["use1-az6"], "use1-az2"),  # not the pool's
        (["use1-az1", "use1-az6"], [], "use1-az1"),  # no zone with the machine
    ],
)
def test_a_misplaced_reservation_is_told_once(zones: list[str], pool_zones: list[str], reserved: str) -> None:
    offers = [changed(OPEN, {"reservation.zone": reserved}), {"machine": "p5en.48xlarge"}]
    declared = {"machine": REMOVED, "role": "training", "nodes": {"min": 0, "max": 4}, "zones": pool_zones}
    found = stack_problems(one_pool({"clusters.use1.zones": zones}, **declared, offers=offers))
    assert [dotted(problem.field) for problem in found] == [f"{OFFER}.reservation.zone"]


@pytest.mark.parametrize(
    ("machine", "zone", "capacity", "role"),
    [
        ("trn1n.32xlarge", "use1-az6", "capacity-block", "training"),
        ("g6.12xlarge", "use1-az6", "capacity-block", "inference"),
        ("p5en.48xlarge", "use1-az2", "flex-start", "training"),
        ("p5en.48xlarge", "use1-az2", "queued", "training"),
    ],
)
def test_a_machine_is_bought_only_as_it_is_sold(machine: str, zone: str, capacity: str, role: str) -> None:
    offer: dict[str, Any] = {"machine": machine, "capacity": capacity}
    if capacity == "capacity-block":
        offer |= {"reservation": BLOCK["reservation"] | {"machine": machine, "zone": zone, "usd_per_node_hour": 12.0}}
    (problem,) = problems(offer, role=role)
    assert dotted(problem.field) == f"{OFFER}.capacity"
    assert problem.message == f"{machine} is not sold as {capacity}"


def test_a_zone_of_the_cluster_may_still_not_have_the_machine() -> None:
    offer = changed(OPEN, {"machine": "p6-b300.48xlarge", "reservation.machine": "p6-b300.48xlarge",
                           "reservation.usd_per_node_hour": 120.0})  # fmt: skip
    (problem,) = problems(offer)
    assert dotted(problem.field) == f"{OFFER}.reservation.zone"
    assert "not offered in use1-az2" in problem.message
    assert problem.allowed == ("use1-az6",)


def test_a_machine_without_facts_is_refused_with_what_is_known() -> None:
    machine = "p6e-gb200.36xlarge"
    offer = changed(BLOCK, {"machine": machine, "reservation.machine": machine, "reservation.usd_per_node_hour": 200.0})
    found = [problem for problem in problems(offer) if "does not know where" in problem.message]
    assert len(found) == 1
    assert "UltraServers" in found[0].hint


@pytest.mark.parametrize("offer", [BLOCK, OPEN], ids=["blocks", "reservations"])
def test_several_of_one_machine_are_offers_of_one_pool(offer: dict[str, Any]) -> None:
    offers = [offer, changed(offer, {"reservation.name": "cr-0fedcba9876543210"})]
    assert problems(offer, offers=offers) == []
    plan = plan_stack(one_pool(ZONES, machine=REMOVED, role="training", offers=offers))
    groups = next(pool for pool in plan.node_pools if pool.name == "it").groups
    assert [(group.name, group.reservation.name) for group in groups if group.reservation] == [
        ("vision-dev-it-offer1", "cr-0123456789abcdef0"),
        ("vision-dev-it-offer2", "cr-0fedcba9876543210"),
    ]


def test_one_reservation_is_one_offer() -> None:
    with pytest.raises(ValueError, match="the same machine and capacity are offered twice"):
        problems(BLOCK, offers=[BLOCK, changed(BLOCK, {"reservation.nodes": 8})])


def test_one_reservation_is_named_once() -> None:
    pool = {"cluster": "use1", "role": "training", "nodes": {"min": 0, "max": 4}, "offers": [BLOCK]}
    data = one_pool(ZONES, machine=REMOVED, offers=[BLOCK], role="training").model_dump(mode="json")
    data["node_pools"]["again"] = pool
    found = stack_problems(spec(data))
    assert [dotted(problem.field) for problem in found] == ["node_pools.again.offers[0].reservation.name"]


@pytest.mark.parametrize("capacity", ["spot", "on-demand"])
def test_a_reservation_beside_another_way_of_buying_is_refused_where_it_stands(capacity: str) -> None:
    with pytest.raises(ValueError, match=f"capacity {capacity} uses no reservation"):
        problems(changed(BLOCK, {"capacity": capacity}))


@pytest.mark.parametrize("capacity", ["reservation", "capacity-block"])
def test_what_was_bought_ahead_is_named(capacity: str) -> None:
    with pytest.raises(ValueError, match="needs `reservation`"):
        problems({"machine": "p5en.48xlarge", "capacity": capacity})


@pytest.mark.parametrize("machine", ["inf2.48xlarge", "trn1.2xlarge", "g6.2xlarge"])
def test_no_fabric_on_machines_whose_cards_speak_none(machine: str) -> None:
    found = problems({"machine": machine}, role="inference", fabric="required")
    assert [dotted(problem.field) for problem in found] == ["node_pools.it.fabric"]
    assert machine in found[0].message


def test_no_nodes_of_accelerators_that_no_image_of_eks_drives() -> None:
    zones = {"clusters.use1.zones": ["use1-az1", "use1-az2"]}
    (problem,) = stack_problems(one_pool(zones, machine="g4ad.xlarge", role="inference"))
    assert dotted(problem.field) == "node_pools.it.machine"
    assert "driver of AMD accelerators" in problem.message
