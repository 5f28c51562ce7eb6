from __future__ import annotations

from typing import Any

import pytest

from bedplate.node_pools.plan import NodePoolPlan
from bedplate.plan import plan_stack
from tests.support.stacks import REMOVED, one_pool, stack


def pool(**changes: Any) -> NodePoolPlan:
    return next(pool for pool in plan_stack(one_pool(**changes)).node_pools if pool.name == "it")


def test_each_offer_is_a_group_named_by_preference() -> None:
    offers = [{"machine": "g6.2xlarge", "capacity": "spot"}, {"machine": "g6.4xlarge"}]
    groups = pool(machine=REMOVED, offers=offers).groups
    assert [(group.name, group.machine.name, group.capacity) for group in groups] == [
        ("vision-dev-it-offer1", "g6.2xlarge", "spot"),
        ("vision-dev-it-offer2", "g6.4xlarge", "on-demand"),
    ]


def test_the_floor_starts_on_the_preferred_offer() -> None:
    offers = [{"machine": "g6.2xlarge", "capacity": "spot"}, {"machine": "g6.4xlarge"}]
    plan = pool(machine=REMOVED, offers=offers, nodes={"min": 2, "max": 4})
    assert [group.initial_nodes for group in plan.groups] == [2, 0]


def test_a_floor_above_the_first_offers_max_starts_with_that_max() -> None:
    offers = [{"machine": "g6.2xlarge", "max": 1}, {"machine": "g6.4xlarge"}]
    plan = pool(machine=REMOVED, offers=offers, nodes={"min": 2, "max": 4})
    assert [group.initial_nodes for group in plan.groups] == [1, 0]


@pytest.mark.parametrize(
    ("offers", "reachable"),
    [
        ([{"machine": "g6.2xlarge"}], 4),
        ([{"machine": "g6.2xlarge"}, {"machine": "g6.4xlarge"}], 8),
        ([{"machine": "g6.2xlarge", "max": 3}, {"machine": "g6.4xlarge", "max": 1}], 4),
    ],
)
def test_offers_scale_separately_so_their_maxima_add_up(offers: list[dict[str, Any]], reachable: int) -> None:
    assert pool(machine=REMOVED, offers=offers).reachable_nodes == reachable


@pytest.mark.parametrize(
    ("capacity", "fabric", "placement"),
    [
        ("on-demand", "required", "cluster-placement-group"),
        ("on-demand", "none", "none"),
        ("spot", "required", "none"),
        ("spot", "none", "none"),
    ],
)
def test_the_capacity_source_decides_placement_and_the_fabric_alone_never_does(
    capacity: str, fabric: str, placement: str
) -> None:
    plan = pool(machine=REMOVED, offers=[{"machine": "p5.48xlarge", "capacity": capacity}], fabric=fabric)
    assert plan.groups[0].placement.kind == placement


def test_a_fabric_keeps_a_pool_in_one_zone_and_others_use_all_that_offer_the_machine() -> None:
    assert len(pool(machine="p5.48xlarge").groups[0].zones) == 1
    assert len(pool(machine="g6.2xlarge").groups[0].zones) == 3


def test_named_zones_are_kept() -> None:
    assert pool(zones=["use1-az4"]).groups[0].zones == ("use1-az4",)


@pytest.mark.parametrize(
    ("role", "machine", "taints"),
    [
        ("general", "m7i.2xlarge", []),
        ("training", "m7i.2xlarge", ["bedplate.dev/role=training"]),
        ("inference", "g6.2xlarge", ["bedplate.dev/role=inference", "nvidia.com/gpu=present"]),
    ],
)
def test_taints_keep_other_workloads_off(role: str, machine: str, taints: list[str]) -> None:
    group = pool(role=role, machine=machine).groups[0]
    assert [f"{taint.key}={taint.value}" for taint in group.taints.declared] == taints


def test_the_autoscaler_is_told_what_an_empty_group_would_have() -> None:
    group = pool(machine="p5.48xlarge").groups[0]
    assert group.unseen_resources == {
        "nvidia.com/gpu": "8",
        "vpc.amazonaws.com/efa": "32",
        "ephemeral-storage": "27360G",  # nine tenths of 8 × 3800 GB
    }


def test_a_stack_that_refers_to_a_platform_stack_takes_region_and_zones_from_it() -> None:
    platform = stack(
        {
            "team": "platform",
            "clusters.use1.device_plugins": ["nvidia", "efa"],
            "clusters.use1.zones": ["use1-az2", "use1-az6"],
            "node_pools.l4": REMOVED,
            "node_pools.h100": REMOVED,
        }
    )
    team = stack({"clusters.use1": {"stack": "platform-dev", "name": "use1"}, "node_pools.system": REMOVED})
    plan = plan_stack(team, {"platform-dev": platform})
    assert not plan.clusters
    assert plan.references["use1"].plan.full_name == "platform-dev-use1"
    assert {zone for pool in plan.node_pools for group in pool.groups for zone in group.zones} <= {
        "use1-az2",
        "use1-az6",
    }
