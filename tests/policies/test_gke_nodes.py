"""Node pools of GKE are what their pool declares, and no larger."""

from __future__ import annotations

from typing import Any

import pytest

from bedplate.node_pools.component import pool_numbers
from bedplate.plan import plan_stack
from tests.policies.stack import NODE_POOL, UNKNOWN, Declared, check_stack, of_rule, register
from tests.support.gcp import RESERVED, gcp_stack
from tests.support.stacks import changed

RULE = "nodes-gke-as-declared"
ON_DEMAND: dict[str, Any] = {
    "name": "vision-dev-it-offer1",
    "cluster": "vision-dev-usc1",
    "location": "us-central1",
    "nodeLocations": ["us-central1-a"],
    "autoscaling": {"totalMinNodeCount": 0, "totalMaxNodeCount": 2},
    "initialNodeCount": 0,
    "nodeConfig": {
        "machineType": "a3-megagpu-8g",
        "serviceAccount": UNKNOWN,
        "reservationAffinity": {"consumeReservationType": "NO_RESERVATION"},
        "workloadMetadataConfig": {"mode": "GKE_METADATA"},
        "bootDisk": {"diskType": "pd-balanced", "sizeGb": 200},
        "guestAccelerators": [{"type": "nvidia-h100-mega-80gb", "count": 8}],
        "ephemeralStorageLocalSsdConfig": {"localSsdCount": 16},
    },
    "upgradeSettings": {"strategy": "SURGE", "maxSurge": 0, "maxUnavailable": 1},
}
AFFINITY = {"consumeReservationType": "SPECIFIC_RESERVATION", "values": ["projects/acme-ai/reservations/h200"]}
FROM_RESERVATION = changed(
    ON_DEMAND,
    {
        "nodeLocations": ["us-central1-b"],
        "nodeConfig.machineType": "a3-ultragpu-8g",
        "nodeConfig.reservationAffinity": AFFINITY,
        "nodeConfig.bootDisk": {"diskType": "hyperdisk-balanced", "sizeGb": 200, "provisionedIops": 3000},
        "nodeConfig.guestAccelerators": [{"type": "nvidia-h200-141gb", "count": 8}],
        "nodeConfig.ephemeralStorageLocalSsdConfig": {"localSsdCount": 32},
    },
)


def component(**pool: Any) -> Declared:
    plan = plan_stack(gcp_stack(**pool))
    planned = next(one for one in plan.node_pools if one.name == "it")
    return Declared(NODE_POOL, "it", pool_numbers(planned, plan), provider="")


def node_pool(parent: Declared | None, properties: dict[str, Any], name: str = "it") -> Declared:
    return Declared("gcp:container/nodePool:NodePool", name, properties, parent=parent, provider="gcp")


@pytest.mark.parametrize(
    ("pool", "properties"), [({}, ON_DEMAND), (RESERVED, FROM_RESERVATION)], ids=["on-demand", "reservation"]
)
def test_a_node_pool_as_bedplate_declares_it(pool: dict[str, Any], properties: dict[str, Any]) -> None:
    parent = component(**pool)
    assert of_rule(RULE, check_stack(parent, node_pool(parent, properties))) == []


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"name": "other"}, "has the name 'other', which is none of its pool's groups"),
        ({"autoscaling.totalMaxNodeCount": 3}, "totalMaxNodeCount 3"),
        ({"autoscaling": {"maxNodeCount": 2}}, "bounded in each zone"),
        ({"autoscaling": None}, "neither autoscaling nor nodeCount"),
        ({"autoscaling": None, "nodeCount": 3}, "has nodeCount of 3 nodes over 1 zones"),
        ({"initialNodeCount": 3}, "has initialNodeCount of 3 nodes over 1 zones"),
        (
            {"initialNodeCount": 1, "nodeLocations": ["us-central1-a", "us-central1-b", "us-central1-c"]},
            "has initialNodeCount of 3 nodes over 3 zones",
        ),
        ({"nodeLocations": []}, "names no nodeLocations"),
        ({"nodeConfig.machineType": "a3-ultragpu-8g"}, "runs a3-ultragpu-8g; its pool declares a3-megagpu-8g"),
        ({"nodeConfig.spot": True}, "buys spot; its pool declares on-demand"),
        ({"nodeConfig.preemptible": True}, "buys spot; its pool declares on-demand"),
        ({"nodeConfig.flexStart": True}, "buys flex-start; its pool declares on-demand"),
        ({"queuedProvisioning": {"enabled": True}}, "buys queued; its pool declares on-demand"),
        ({"nodeConfig.reservationAffinity": AFFINITY}, "buys reservation; its pool declares on-demand"),
        (
            {"nodeConfig.reservationAffinity": {"consumeReservationType": "ANY_RESERVATION"}},
            "may take machines of a reservation, which its pool does not declare",
        ),
        ({"location": "europe-west4"}, "runs in europe-west4; its pool is priced for us-central1"),
        ({"nodeLocations": ["us-east4-a"]}, "runs in us-east4-a; its pool is priced for us-central1"),
        ({"upgradeSettings": {"strategy": "BLUE_GREEN"}}, "upgraded by doubling its nodes"),
        ({"upgradeSettings.maxSurge": 20}, "more than one node beyond its maximum"),
        ({"autoscaling": None, "nodeCount": 2, "upgradeSettings.strategy": "BLUE_GREEN"}, "by doubling its nodes"),
        (
            {"autoscaling": None, "nodeCount": 2, "upgradeSettings.maxSurge": 20},
            "more than one node beyond its maximum",
        ),
        ({"nodeConfig.guestAccelerators.0.count": 16}, "has 16 × nvidia-h100-mega-80gb; a3-megagpu-8g comes with 8 ×"),
        ({"nodeConfig.guestAccelerators.0.type": "nvidia-b200"}, "has 8 × nvidia-b200; a3-megagpu-8g comes with 8 ×"),
        ({"nodeConfig.guestAccelerators": UNKNOWN}, "nodeConfig.guestAccelerators is not known"),
        ({"nodeConfig.bootDisk.sizeGb": 5000}, "has a boot disk of 5000 GiB; its pool declares 200 GiB"),
        ({"nodeConfig.bootDisk": None, "nodeConfig.diskSizeGb": 5000}, "has a boot disk of 5000 GiB"),
        ({"nodeConfig.bootDisk.diskType": "pd-ssd"}, "has a boot disk of type pd-ssd; pd-balanced was priced"),
        ({"nodeConfig.bootDisk.provisionedIops": 90000}, "provisionedIops of 90000"),
        ({"nodeConfig.bootDisk": None}, "does not say the size of its boot disk"),
        ({"nodeConfig.secondaryBootDisks": [{"diskImage": "i"}]}, "has secondaryBootDisks, which nobody priced"),
        ({"nodeConfig.ephemeralStorageLocalSsdConfig.localSsdCount": 24}, "has 24 local disks; a3-megagpu-8g comes"),
        ({"nodeConfig.localSsdCount": 3}, "has 19 local disks; a3-megagpu-8g comes with 16"),
        ({"nodeConfig.machineType": UNKNOWN}, "cannot be decided: nodeConfig.machineType is not known"),
    ],
)
def test_another_node_pool_than_declared(changes: dict[str, Any], message: str) -> None:
    parent = component()
    messages = of_rule(RULE, register(parent, node_pool(parent, changed(ON_DEMAND, changes))))
    messages += of_rule(RULE, check_stack(parent, node_pool(parent, changed(ON_DEMAND, changes))))
    assert any(message in one for one in messages), messages


@pytest.mark.parametrize(
    "values", [[], ["projects/acme-ai/reservations/other"], ["projects/acme-ai/reservations/xh200"]]
)
def test_another_reservation_than_declared(values: list[str]) -> None:
    parent = component(**RESERVED)
    properties = changed(FROM_RESERVATION, {"nodeConfig.reservationAffinity.values": values})
    messages = of_rule(RULE, check_stack(parent, node_pool(parent, properties)))
    assert any("its pool declares h200" in one for one in messages), messages


ORDER: dict[str, Any] = {
    "priorities": [{"nodepools": ["vision-dev-it-offer1"]}, {"nodepools": ["vision-dev-it-offer2"]}],
    "nodePoolAutoCreation": {"enabled": False},
    "whenUnsatisfiable": "DoNotScaleUp",
    "activeMigration": {"optimizeRulePriority": False},
}


def compute_class(spec: Any) -> Declared:
    return Declared("kubernetes:cloud.google.com/v1:ComputeClass", "it", {"spec": spec}, provider="kubernetes")


def test_a_class_that_orders_node_pools_makes_none() -> None:
    assert of_rule("nodes-priced", register(compute_class(ORDER))) == []


@pytest.mark.parametrize(
    "changes",
    [
        {"nodePoolAutoCreation.enabled": True},
        {"nodePoolAutoCreation": None},
        {"whenUnsatisfiable": "ScaleUpAnyway"},
        {"whenUnsatisfiable": None},
        {"priorities": [{"machineType": "a3-highgpu-8g"}]},
        {"priorities": [{"nodepools": ["a"], "spot": True}]},
        {"priorities": []},
        {"priorities": UNKNOWN},
    ],
)
def test_any_other_class_makes_nodes_that_nobody_priced(changes: dict[str, Any]) -> None:
    assert of_rule("nodes-priced", register(compute_class(changed(ORDER, changes))))


def test_one_group_is_not_started_twice() -> None:
    parent = component()
    twice = check_stack(parent, node_pool(parent, ON_DEMAND), node_pool(parent, ON_DEMAND, name="again"))
    assert of_rule("nodes-gke-group-used-once", twice)
    once = check_stack(parent, node_pool(parent, ON_DEMAND))
    assert of_rule("nodes-gke-group-used-once", once) == []


def test_a_general_node_pool_has_no_accelerators() -> None:
    parent = component(role="general", machine="n2-standard-8")
    general = changed(
        ON_DEMAND,
        {
            "nodeConfig.machineType": "n2-standard-8",
            "nodeConfig.guestAccelerators": [{"type": "nvidia-tesla-t4", "count": 4}],
            "nodeConfig.ephemeralStorageLocalSsdConfig": None,
        },
    )
    messages = of_rule(RULE, register(parent, node_pool(parent, general)))
    assert any("has 4 × nvidia-tesla-t4; n2-standard-8 comes with none" in one for one in messages), messages
