"""Subnets of an EKS cluster hold the nodes that may run at once: what is refused, what is a risk, and the numbers."""

from __future__ import annotations

from typing import Any

import pytest

from bedplate import catalog
from bedplate.clusters.aws_addons import NETWORK_CONFIGURATION
from bedplate.errors import dotted
from bedplate.fabrics.cards import network_interfaces
from bedplate.networking.plan import plan_network
from bedplate.networking.spec import NetworkSpec
from bedplate.node_pools.aws_addresses import NODE_ADDRESSES, Standing, crowding, shortage, zone_rooms
from bedplate.plan import plan_stack
from bedplate.preconditions import stack_problems
from bedplate.risks import risks
from bedplate.stack import StackSpec
from tests.support.stacks import CLUSTER, STACK, SYSTEM, changed, spec

ZONES = ["use1-az4", "use1-az5", "use1-az6"]
SMALL = {"clusters.use1.network.cidr": "10.0.0.0/19", "clusters.use1.zones": ZONES}
H100 = {"cluster": "use1", "role": "training", "machine": "p5.48xlarge", "nodes": {"min": 0, "max": 28}}
L4 = {"cluster": "use1", "role": "inference", "machine": "g6.2xlarge", "nodes": {"min": 0, "max": 4}}


def declared(changes: dict[str, Any], **pools: dict[str, Any]) -> StackSpec:
    stack = STACK | {"clusters": {"use1": CLUSTER}, "node_pools": {"system": SYSTEM, **pools}}
    return spec(changed(stack, {**SMALL, **changes}))


def test_a_zone_of_the_smallest_network_has_addresses_for_thirty_nodes() -> None:
    network = plan_network(NetworkSpec(cidr="10.0.0.0/19"), ZONES)
    assert NODE_ADDRESSES == 33
    # 1,024 addresses less five and, where the control plane stands, six: 30 times 33 are 990.
    assert zone_rooms(network) == {"use1-az4": 30, "use1-az5": 30, "use1-az6": 30}


def test_a_zone_of_the_largest_network_has_addresses_for_248_nodes() -> None:
    assert list(zone_rooms(plan_network(NetworkSpec(cidr="10.0.0.0/16"), ZONES)).values()) == [247, 247, 248]


def test_what_a_node_takes_is_what_the_network_add_on_is_told() -> None:
    env = NETWORK_CONFIGURATION["env"]
    assert env == {"ENABLE_PREFIX_DELEGATION": "true", "WARM_PREFIX_TARGET": "1"}


@pytest.mark.parametrize("machine", catalog.machines("aws").values(), ids=lambda machine: machine.name)
def test_a_node_has_one_interface_with_an_address(machine: catalog.MachineType) -> None:
    kinds = [interface.kind for interface in network_interfaces(machine)]
    assert kinds.count("interface") == 1
    assert set(kinds) <= {"interface", "efa-only"}


# what is changed, further pools, the field that is named, parts of the message
REFUSED: list[tuple[dict[str, Any], dict[str, Any], str, tuple[str, ...]]] = [
    (
        {"node_pools.h100.nodes.max": 200},
        {"h100": H100},
        "node_pools.h100.nodes.max",
        ("200 nodes can run at once in use1-az4", "addresses for 30", "a node takes 33"),
    ),
    ({"node_pools.h100.nodes.max": 31}, {"h100": H100}, "node_pools.h100.nodes.max", ("31 nodes",)),
    (
        {},
        {"h100": changed(H100, {"zones": ["use1-az6"]}), "l4": changed(L4, {"zones": ["use1-az6"]})},
        "node_pools.h100.nodes.max",
        ("32 nodes of h100, l4 can run at once in use1-az6",),
    ),
    (
        {"node_pools.l4.nodes.max": 85},
        {"l4": L4},
        "node_pools.l4.nodes.max",
        ("91 nodes of l4, system can run at once in use1-az4, use1-az5, use1-az6", "addresses for 90"),
    ),
    (
        {
            "node_pools.l4.offers": [
                {"machine": "g6.2xlarge", "capacity": "spot", "max": 40},
                {"machine": "g6.2xlarge", "max": 45},
            ]
        },
        {"l4": {"cluster": "use1", "role": "inference", "nodes": {"min": 0, "max": 45}}},
        "node_pools.l4.offers[1].max",
        ("91 nodes of l4, system",),
    ),
    (
        {"clusters.use1.network.cidr": "10.0.0.0/16", "node_pools.h100.nodes.max": 248},
        {"h100": H100},
        "node_pools.h100.nodes.max",
        ("248 nodes can run at once in use1-az4", "addresses for 247"),
    ),
]


@pytest.mark.parametrize(("changes", "pools", "field", "parts"), REFUSED)
def test_more_nodes_than_the_subnets_have_addresses_for_are_refused(
    changes: dict[str, Any], pools: dict[str, Any], field: str, parts: tuple[str, ...]
) -> None:
    (problem,) = stack_problems(declared(changes, **pools))
    assert dotted(problem.field) == field
    for part in parts:
        assert part in problem.message


def test_a_network_that_can_be_wider_is_told_so_and_the_widest_is_not() -> None:
    hints = [stack_problems(declared(changes, **pools))[0].hint or "" for changes, pools, _, _ in REFUSED]
    assert ["larger range" in hint for hint in hints] == [True] * 5 + [False]
    assert "as large as a network can be" in hints[-1]


P5 = {"machine": "p5.48xlarge"}
THREE = {"cluster": "use1", "role": "training", "offers": [P5 | {"capacity": "spot"}, P5 | {"capacity": "reservation",
         "reservation": P5 | {"name": "cr-0123456789abcdef0", "nodes": 100, "zone": "use1-az4"}}, P5],
         "nodes": {"min": 0, "max": 100}}  # fmt: skip
WIDEST = {"clusters.use1.network.cidr": "10.0.0.0/16"}

# what is changed, further pools, how the sum comes about, the hint
MENDED: list[tuple[dict[str, Any], dict[str, Any], str, str]] = [
    (
        WIDEST,
        {"h100": THREE},
        "300 nodes can run at once in use1-az4 (h100: 3 offers of up to 100 each), and",
        "Give the offers of h100 a max of their own that add up to what you mean; or set a lower max; or make a second "
        "pool of the rest outside use1-az4. clusters.use1.network.cidr is as large as a network can be.",
    ),
    (
        {"node_pools.l4.offers": [{"machine": "g6.2xlarge", "capacity": "spot"}, {"machine": "g6.2xlarge", "max": 40}]},
        {"l4": {"cluster": "use1", "role": "inference", "nodes": {"min": 0, "max": 45}}},
        "91 nodes of l4, system can run at once in use1-az4, use1-az5, use1-az6 (l4: 2 offers of up to 45 and 40), and",
        "Give the offers of l4 a max of their own that add up to what you mean; or set a lower max; or let nodes start "
        "in further zones; or give clusters.use1.network.cidr a larger range, which makes the network anew.",
    ),
    (
        {"node_pools.h100.nodes.max": 31},
        {"h100": H100},
        "31 nodes can run at once in use1-az4, and",
        "Set a lower max; or make a second pool of the rest outside use1-az4; or give clusters.use1.network.cidr a "
        "larger range, which makes the network anew.",
    ),
    (
        {"node_pools.l4.nodes.max": 31, "node_pools.l4.zones": ["use1-az4"]},
        {"l4": L4},
        "31 nodes can run at once in use1-az4, and",
        "Set a lower max; or let nodes start in further zones; or give clusters.use1.network.cidr a larger range, "
        "which makes the network anew.",
    ),
]


@pytest.mark.parametrize(("changes", "pools", "said", "hint"), MENDED)
def test_a_refusal_says_where_its_number_comes_from_and_what_is_easiest_first(
    changes: dict[str, Any], pools: dict[str, Any], said: str, hint: str
) -> None:
    (problem,) = stack_problems(declared(changes, **pools))
    assert problem.message.startswith(said)
    assert problem.hint == hint


def test_offers_that_add_up_to_the_pools_max_are_not_counted_out() -> None:
    offers = [P5 | {"capacity": "spot", "max": 20}, P5 | {"max": 20}]
    pool = {"cluster": "use1", "role": "training", "offers": offers, "nodes": {"min": 0, "max": 40}}
    (problem,) = stack_problems(declared({}, h100=pool))
    assert "offers of up to" not in problem.message
    assert problem.hint.startswith("Set a lower max")


ACCEPTED: list[tuple[dict[str, Any], dict[str, Any]]] = [
    ({}, {"h100": changed(H100, {"nodes.max": 30})}),
    ({}, {"l4": changed(L4, {"nodes.max": 84})}),
    ({}, {"h100": H100, "l4": changed(L4, {"nodes.max": 50})}),
    ({"clusters.use1.network.cidr": "10.0.0.0/16"}, {"h100": changed(H100, {"nodes.max": 200})}),
]


@pytest.mark.parametrize(("changes", "pools"), ACCEPTED)
def test_nodes_that_find_room_however_tightly_are_accepted(changes: dict[str, Any], pools: dict[str, Any]) -> None:
    assert stack_problems(declared(changes, **pools)) == []


def standing(nodes: int, *zones: str) -> Standing:
    return Standing("p", 0, nodes, frozenset(zones))


def test_nodes_bound_to_a_zone_leave_the_others_to_those_that_can_move() -> None:
    rooms = {"a": 10, "b": 10}
    assert shortage([standing(10, "a"), standing(10, "a", "b")], rooms) is None
    found = shortage([standing(10, "a"), standing(11, "a", "b")], rooms)
    assert found is not None
    assert (found.zones, found.nodes, found.room) == (("a", "b"), 21, 20)


def test_nodes_of_unknown_zones_are_not_counted() -> None:
    assert shortage([standing(99)], {"a": 10}) is None


def test_all_nodes_in_one_zone_are_a_crowd_though_they_find_room_when_spread() -> None:
    rooms = {"a": 10, "b": 8}
    assert crowding([standing(8, "a", "b")], rooms) is None
    found = crowding([standing(9, "a", "b")], rooms)
    assert found is not None
    assert (found.zones, found.nodes, found.room) == (("b",), 9, 8)


@pytest.mark.parametrize(("most", "said"), [(24, []), (25, ["31 nodes may start there"])])
def test_a_plan_says_when_one_zone_could_not_hold_them_all(most: int, said: list[str]) -> None:
    plan = plan_stack(declared({}, l4=changed(L4, {"nodes.max": most})))
    texts = [
        risk.text for risk in risks(plan) if risk.subject == "clusters.use1" and "subnet has addresses" in risk.text
    ]
    assert len(texts) == len(said)
    for text, part in zip(texts, said, strict=True):
        assert part in text
        assert "addresses for 30" in text
