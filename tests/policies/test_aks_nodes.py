"""Agent pools of AKS are what their pool declares; the nodes and logs of a cluster are what its own rules ask for."""

from __future__ import annotations

from typing import Any

import pytest

from bedplate.clouds.azure_names import agent_pool_name
from bedplate.cost.estimate import cluster_cost
from bedplate.cost.wire import to_wire
from bedplate.node_pools.azure_disks import os_disk
from bedplate.node_pools.component import pool_numbers
from bedplate.plan import plan_stack
from tests.policies.stack import CLUSTER, NODE_POOL, UNKNOWN, Declared, check_stack, of_rule, register
from tests.support.azure import RESERVATIONS, azure_stack
from tests.support.stacks import REMOVED, changed

RULE = "nodes-aks-as-declared"
SYSTEM_RULE = "nodes-aks-system-as-declared"
LOGS_RULE = "security-aks-control-plane-logs"
NETWORKS_RULE = "security-control-plane-networks"

PLAN = plan_stack(azure_stack())
A100 = next(pool for pool in PLAN.node_pools if pool.name == "a100")
NAMES = {group["capacity"]: group["name"] for group in pool_numbers(A100, PLAN)["groups"]}
DISK = os_disk("Standard_NC24ads_A100_v4", A100.groups[0].root_disk_gib)
LOGS = ("kube-apiserver", "kube-audit", "kube-controller-manager", "kube-scheduler", "guard")


def pool() -> Declared:
    return Declared(NODE_POOL, "a100", pool_numbers(A100, PLAN), provider="")


def properties(capacity: str) -> dict[str, Any]:
    """Return an agent pool as Bedplate declares it for an offer of the pool."""
    bought: dict[str, dict[str, Any]] = {
        "on-demand": {},
        "spot": {
            "scaleSetPriority": "Spot",
            "scaleSetEvictionPolicy": "Delete",
            "spotMaxPrice": -1,
            "upgradeSettings": None,
        },
        "reservation": {"capacityReservationGroupId": RESERVATIONS},
    }
    return {
        "agentPoolName": agent_pool_name(NAMES[capacity]),
        "vmSize": "Standard_NC24ads_A100_v4",
        "enableAutoScaling": True,
        "count": 0,
        "minCount": 0,
        "maxCount": 2 if capacity == "reservation" else 4,
        "upgradeSettings": {"maxSurge": "0", "maxUnavailable": "1"},
        "osDiskType": DISK.kind,
        "osDiskSizeGB": DISK.gib,
    } | bought[capacity]


def agent_pool(parent: Declared | None, inputs: dict[str, Any], name: str = "it") -> Declared:
    place = {"location": "eastus"}
    kind = "azure-native:containerservice:AgentPool"
    return Declared(kind, name, inputs, parent=parent, provider="azure-native", provider_properties=place)


@pytest.mark.parametrize("capacity", ["on-demand", "spot", "reservation"])
def test_an_agent_pool_as_bedplate_declares_it(capacity: str) -> None:
    parent = pool()
    assert of_rule(RULE, check_stack(parent, agent_pool(parent, properties(capacity)))) == []


@pytest.mark.parametrize(
    ("capacity", "changes", "message"),
    [
        ("on-demand", {"agentPoolName": "other"}, "has the name 'other', which is none of its pool's groups"),
        ("on-demand", {"maxCount": 5}, "has maxCount 5; its pool declares at most 4 nodes"),
        ("on-demand", {"count": 5}, "has count 5; its pool declares at most 4 nodes"),
        ("on-demand", {"minCount": 5}, "has minCount 5"),
        ("on-demand", {"enableAutoScaling": False}, "only its count bounds it"),
        ("on-demand", {"vmSize": "Standard_ND96isr_H100_v5"}, "runs Standard_ND96isr_H100_v5; its pool declares"),
        ("on-demand", {"upgradeSettings.maxSurge": "33%"}, "is upgraded with 33% of nodes beyond its maximum"),
        ("on-demand", {"upgradeSettings": REMOVED}, "is upgraded with 10% of nodes"),
        ("spot", {"upgradeSettings": {"maxSurge": "33%"}}, "is upgraded with 33% of nodes beyond its maximum"),
        ("spot", {"upgradeSettings": {"maxSurge": UNKNOWN}}, "upgradeSettings.maxSurge is not known"),
        ("on-demand", {"scaleSetPriority": "Spot"}, "buys spot; its pool declares on-demand"),
        ("on-demand", {"capacityReservationGroupId": RESERVATIONS}, "buys reservation; its pool declares on-demand"),
        ("spot", {"scaleSetPriority": "Regular"}, "buys on-demand; its pool declares spot"),
        ("spot", {"spotMaxPrice": 40.5}, "has a highest price of its own"),
        ("reservation", {"capacityReservationGroupId": RESERVATIONS + "2"}, f"its pool declares {RESERVATIONS}"),
        ("on-demand", {"osDiskSizeGB": 4095}, f"has a disk of 4095 GiB; its pool declares {DISK.gib} GiB"),
        ("on-demand", {"osDiskSizeGB": REMOVED}, "osDiskSizeGB is not set"),
        ("on-demand", {"osDiskSizeGB": UNKNOWN}, "osDiskSizeGB is not known"),
        ("on-demand", {"osDiskType": "Other"}, f"has a disk of type Other; {DISK.kind} was priced"),
        ("on-demand", {"vmSize": UNKNOWN}, "cannot be decided: vmSize is not known"),
        ("on-demand", {"maxCount": UNKNOWN}, "cannot be decided: maxCount is not known"),
        ("on-demand", {"capacityReservationGroupId": UNKNOWN}, "capacityReservationGroupId is not known"),
    ],
)
def test_another_agent_pool_than_declared(capacity: str, changes: dict[str, Any], message: str) -> None:
    parent = pool()
    inputs = changed(properties(capacity), changes)
    messages = of_rule(RULE, check_stack(parent, agent_pool(parent, inputs)))
    assert any(message in one for one in messages), messages


@pytest.mark.parametrize(
    ("place", "message"),
    [({"location": "westeurope"}, "runs in westeurope; its pool is priced for eastus"), ({}, "does not say its")],
)
def test_an_agent_pool_in_another_region(place: dict[str, Any], message: str) -> None:
    parent = pool()
    elsewhere = agent_pool(parent, properties("on-demand"))
    elsewhere.provider_properties = place
    messages = of_rule(RULE, check_stack(parent, elsewhere))
    assert any(message in one for one in messages), messages


def test_one_group_is_not_started_twice() -> None:
    parent, inputs = pool(), properties("on-demand")
    rule = "nodes-aks-group-used-once"
    assert of_rule(rule, check_stack(parent, agent_pool(parent, inputs), agent_pool(parent, inputs, name="again")))
    assert of_rule(rule, check_stack(parent, agent_pool(parent, inputs))) == []


CLUSTER_PLAN = PLAN.clusters["eus"].plan
SYSTEM_POOL = {"name": "system", "mode": "System", "vmSize": "Standard_D4ds_v5", "count": 2}
AKS: dict[str, Any] = {"agentPoolProfiles": [SYSTEM_POOL]}


def owner(**changes: Any) -> Declared:
    assert CLUSTER_PLAN is not None
    assert CLUSTER_PLAN.own_nodes is not None
    machine, nodes = CLUSTER_PLAN.own_nodes
    numbers = {"ownNodes": {"machine": machine, "nodes": nodes}, "cost": to_wire(cluster_cost(CLUSTER_PLAN))}
    return Declared(CLUSTER, "eus", numbers | changes, provider="")


def managed_cluster(parent: Declared | None, inputs: dict[str, Any]) -> Declared:
    return Declared(
        "azure-native:containerservice:ManagedCluster", "eus", inputs, parent=parent, provider="azure-native"
    )


def test_the_system_nodes_as_bedplate_declares_them() -> None:
    parent = owner()
    found = register(parent, managed_cluster(parent, AKS)) + check_stack(parent, managed_cluster(parent, AKS))
    assert of_rule(SYSTEM_RULE, found) == []
    assert of_rule("nodes-priced", found) == []


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"agentPoolProfiles.0.count": 30}, "comes with 30 × Standard_D4ds_v5; its cost counts 2 × Standard_D4ds_v5"),
        ({"agentPoolProfiles.0.vmSize": "Standard_ND96isr_H100_v5"}, "comes with 2 × Standard_ND96isr_H100_v5"),
        ({"agentPoolProfiles.0.enableAutoScaling": True}, "grows by itself"),
        ({"agentPoolProfiles": [SYSTEM_POOL, SYSTEM_POOL]}, "comes with 2 agent pools"),
        ({"agentPoolProfiles": []}, "comes with 0 agent pools"),
        ({"nodeProvisioningProfile": {"mode": "Auto"}}, "starts nodes of any size by itself"),
        ({"agentPoolProfiles.0.count": UNKNOWN}, "cannot be decided: "),
        ({"agentPoolProfiles": UNKNOWN}, "cannot be decided: "),
    ],
)
def test_other_system_nodes_than_declared(changes: dict[str, Any], message: str) -> None:
    parent = owner()
    inputs = changed(AKS, changes)
    messages = register(parent, managed_cluster(parent, inputs)) + check_stack(parent, managed_cluster(parent, inputs))
    assert any(message in one for one in of_rule(SYSTEM_RULE, messages)), messages


def test_system_nodes_that_the_cost_leaves_out() -> None:
    assert CLUSTER_PLAN is not None
    lines = tuple(line for line in cluster_cost(CLUSTER_PLAN) if line.kind != "machine")
    parent = owner(cost=to_wire(lines))
    messages = register(parent, managed_cluster(parent, AKS)) + check_stack(parent, managed_cluster(parent, AKS))
    assert any("and its cost does not count them" in one for one in of_rule(SYSTEM_RULE, messages)), messages


def log_setting(cluster: Declared, **changes: Any) -> Declared:
    logs = [{"category": category, "enabled": True} for category in LOGS]
    inputs = {"resourceUri": UNKNOWN, "workspaceId": UNKNOWN, "logs": logs} | changes
    return Declared(
        "azure-native:monitor:DiagnosticSetting",
        "logs",
        {key: value for key, value in inputs.items() if value is not REMOVED},
        provider="azure-native",
        dependencies={"resourceUri": [cluster]},
    )


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({}, ""),
        ({"workspaceId": REMOVED, "storageAccountId": UNKNOWN}, ""),
        ({"workspaceId": REMOVED}, "writes no kube-apiserver"),
        ({"logs": [{"category": category, "enabled": category != "guard"} for category in LOGS]}, "writes no guard"),
        ({"logs": [{"category": "AllMetrics", "enabled": True}]}, "writes no kube-apiserver"),
    ],
)
def test_the_logs_of_a_cluster(changes: dict[str, Any], message: str) -> None:
    parent = owner()
    cluster = managed_cluster(parent, AKS)
    messages = of_rule(LOGS_RULE, check_stack(parent, cluster, log_setting(cluster, **changes)))
    assert any(message in one for one in messages) if message else messages == [], messages


def test_a_setting_of_another_cluster_does_not_count() -> None:
    parent = owner()
    cluster = managed_cluster(parent, AKS)
    other = Declared(cluster.type, "other", {}, provider="azure-native")
    assert of_rule(LOGS_RULE, check_stack(parent, cluster, other, log_setting(other)))


GATEWAY = {"outboundType": "userAssignedNATGateway"}


@pytest.mark.parametrize(
    ("profile", "network", "message"),
    [
        ({"authorizedIPRanges": ["203.0.113.0/24", UNKNOWN]}, GATEWAY, ""),
        ({"authorizedIPRanges": ["203.0.113.0/24", UNKNOWN]}, {}, "cannot be decided"),
        ({"authorizedIPRanges": ["203.0.113.0/24", UNKNOWN, UNKNOWN]}, GATEWAY, "cannot be decided"),
        ({"authorizedIPRanges": ["0.0.0.0/0", UNKNOWN]}, GATEWAY, "is open to everybody"),
        ({"authorizedIPRanges": [UNKNOWN]}, GATEWAY, "is open to everybody"),
        ({"authorizedIPRanges": UNKNOWN}, GATEWAY, "cannot be decided"),
        ({"authorizedIPRanges": []}, GATEWAY, "is open to everybody"),
    ],
)
def test_the_address_of_the_clusters_own_gateway_may_be_unknown(
    profile: dict[str, Any], network: dict[str, Any], message: str
) -> None:
    parent = owner()
    inputs = AKS | {"apiServerAccessProfile": profile, "networkProfile": network}
    messages = of_rule(NETWORKS_RULE, register(parent, managed_cluster(parent, inputs)))
    messages += of_rule(NETWORKS_RULE, check_stack(parent, managed_cluster(parent, inputs)))
    assert any(message in one for one in messages) if message else messages == [], messages
