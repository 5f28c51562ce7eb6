"""Pools whose nodes Karpenter starts: what is asked of it, how much at most, and what it leaves alone."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from bedplate.node_pools.floor import floor_manifests
from bedplate.node_pools.karpenter import NodeClassValues, budgets, node_class, node_pool
from bedplate.node_pools.plan import NodePoolPlan
from bedplate.plan import StackPlan, plan_stack
from bedplate.platform import declare
from bedplate.preconditions import stack_problems
from bedplate.separation.priorities import priority_classes
from tests.support.crds import schema_problems
from tests.support.declared import by_label, declared
from tests.support.golden import check_golden
from tests.support.stacks import REMOVED, one_pool, stack

GOLDEN = Path(__file__).with_name("golden")
KARPENTER = {"clusters.use1.autoscaler": "karpenter", "clusters.use1.zones": ["use1-az2", "use1-az6"]}
VALUES = NodeClassValues(
    subnet_ids=("subnet-0a",),
    security_group_ids=("sg-0cluster", "sg-0fabric"),
    encryption_key_arn="arn:aws:kms:us-east-1:111122223333:key/0",
    node_profile="vision-dev-use1-karpenter",
    placement_group=None,
    tags={"bedplate:team": "vision"},
)
RESERVATION = {"name": "cr-0123456789abcdef0", "machine": "p5.48xlarge", "nodes": 2, "zone": "use1-az2"}
OFFERS: list[dict[str, Any]] = [
    {"machine": "p5.48xlarge", "capacity": "reservation", "reservation": RESERVATION},
    {"machine": "p5.48xlarge", "capacity": "spot"},
    {"machine": "p5.48xlarge", "max": 1},
]


def planned(**changes: Any) -> tuple[StackPlan, NodePoolPlan]:
    pool = {"machine": REMOVED, "role": "training", "offers": OFFERS, "nodes": {"min": 0, "max": 2}} | changes
    plan = plan_stack(one_pool(KARPENTER, **pool))
    return plan, next(pool for pool in plan.node_pools if pool.name == "it")


def manifests() -> list[dict[str, Any]]:
    _, pool = planned()
    return [one for group in pool.groups for one in (node_class(group, VALUES), node_pool(pool, group))]


def test_as_rendered() -> None:
    check_golden(GOLDEN / "karpenter.yaml", manifests())


def test_every_object_is_valid_for_its_definition() -> None:
    assert [problem for manifest in manifests() for problem in schema_problems(manifest)] == []


def test_every_node_pool_has_limits() -> None:
    _, pool = planned()
    found = [node_pool(pool, group)["spec"]["limits"] for group in pool.groups]
    assert found == [
        {"nodes": "2", "cpu": "384", "nvidia.com/gpu": "16"},
        {"nodes": "2", "cpu": "384", "nvidia.com/gpu": "16"},
        {"nodes": "1", "cpu": "192", "nvidia.com/gpu": "8"},
    ]


def test_offers_are_tried_in_order_of_preference() -> None:
    _, pool = planned()
    assert [node_pool(pool, group)["spec"]["weight"] for group in pool.groups] == [100, 99, 98]


@pytest.mark.parametrize(("role", "outdated"), [("training", "0"), ("inference", "1")])
def test_what_runs_is_left_alone(role: Any, outdated: str) -> None:
    _, pool = planned(role=role)
    spec = node_pool(pool, pool.groups[0])["spec"]
    assert spec["disruption"]["consolidationPolicy"] == "WhenEmpty"
    assert budgets(role)[1]["nodes"] == outdated


@pytest.mark.parametrize("role", ["training", "inference"])
def test_nothing_that_bedplate_declares_can_hang_a_node_that_goes(role: Any) -> None:
    """A pod that forbids disruption stops the end of a node that expires, for ever without a grace period."""
    plan, pool = planned(role=role, nodes={"min": 1, "max": 2})
    (floor,) = floor_manifests(pool, plan)
    assert "karpenter.sh/do-not-disrupt" not in floor["spec"]["template"]["metadata"].get("annotations", {})
    for group in pool.groups:
        node = node_pool(pool, group)["spec"]["template"]["spec"]
        assert node["expireAfter"] == "Never" or "terminationGracePeriod" in node


def test_a_floor_makes_a_node_not_empty() -> None:
    """Karpenter counts a pod of priority p as 1 + p / 2^25, and a node whose pods count nothing as empty."""
    plan, pool = planned(nodes={"min": 1, "max": 2})
    (floor,) = floor_manifests(pool, plan)
    values = {one["metadata"]["name"]: one["value"] for one in priority_classes()}
    assert 1 + values[floor["spec"]["template"]["spec"]["priorityClassName"]] / 2**25 > 0


def test_only_pools_with_a_role_of_their_own_are_karpenters() -> None:
    plan, _ = planned()
    assert {pool.name: pool.provisioner for pool in plan.node_pools} == {"system": "node-groups", "it": "karpenter"}
    found = by_label(declared(lambda: declare(plan)))
    assert [label for label in found if label.startswith("NodeGroup ")] == ["NodeGroup vision-dev-system-offer1"]
    started = [one for one in found.values() if one.token == "kubernetes:karpenter.sh/v1:NodePool"]
    assert {one.parent for one in started} == {"NodePool it"}
    assert len(started) == 3


def test_pools_of_other_stacks_follow_the_cluster_that_they_stand_on() -> None:
    platform = stack(
        {
            "team": "platform",
            "clusters.use1.autoscaler": "karpenter",
            "clusters.use1.device_plugins": ["nvidia", "efa"],
            "node_pools.l4": REMOVED,
            "node_pools.h100": REMOVED,
        }
    )
    team = stack({"clusters.use1": {"stack": "platform-dev", "name": "use1"}, "node_pools.system": REMOVED})
    plan = plan_stack(team, {"platform-dev": platform})
    assert {pool.provisioner for pool in plan.node_pools} == {"karpenter"}


def test_nodes_start_in_the_fabric_and_on_demand_ones_close_together() -> None:
    plan, _ = planned()
    found = by_label(declared(lambda: declare(plan)))
    classes = [
        found[f"EC2NodeClass it-ec2nodeclass-vision-dev-it-offer{number}"].inputs["spec"] for number in (1, 2, 3)
    ]
    assert all(one["securityGroupSelectorTerms"][1]["id"] == "<vision-dev-it-fabric>" for one in classes)
    assert [one.get("placementGroupSelector") for one in classes] == [
        None,
        None,
        {"name": "vision-dev-it-offer3-placement"},
    ]
    assert [len(one["networkInterfaces"]) for one in classes] == [33, 33, 33]
    assert [one.get("capacityReservationSelectorTerms") for one in classes] == [
        [{"id": RESERVATION["name"]}],
        None,
        None,
    ]


def test_a_family_that_forgets_idle_connections_is_told_not_to() -> None:
    _, pool = planned(offers=[{"machine": "p6-b200.48xlarge"}])
    assert node_class(pool.groups[0], VALUES)["spec"]["connectionTracking"] == {"tcpEstablishedTimeout": 432000}


@pytest.mark.parametrize(
    ("changes", "field", "message"),
    [
        ({"huge_pages_2mi": 512}, "huge_pages_2mi", "Karpenter knows nothing of huge pages"),
        (
            {
                "offers": [{"machine": "g6.2xlarge"}],
                "role": "inference",
                "sharing": {"mode": "time-slicing", "replicas": 4},
            },
            "sharing",
            "Karpenter counts whole accelerators",
        ),
    ],
)
def test_what_karpenter_cannot_foresee_is_refused(changes: dict[str, Any], field: str, message: str) -> None:
    pool = {"machine": REMOVED, "role": "training", "offers": OFFERS, "nodes": {"min": 0, "max": 2}} | changes
    found = stack_problems(one_pool(KARPENTER, **pool))
    assert [problem.field for problem in found if message in problem.message] == [("node_pools", "it", field)]


def test_the_golden_render_is_what_a_reader_can_apply() -> None:
    documents = list(yaml.safe_load_all((GOLDEN / "karpenter.yaml").read_text(encoding="utf-8")))
    assert [one["kind"] for one in documents] == ["EC2NodeClass", "NodePool"] * 3
