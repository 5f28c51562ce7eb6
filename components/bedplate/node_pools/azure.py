"""Node pools on Azure: AKS agent pools, one per offer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pulumi
import pulumi_azure_native as azure

from bedplate.clouds.azure import grant
from bedplate.clouds.azure_names import agent_pool_name
from bedplate.clusters.azure_control_plane import PODS_PER_NODE
from bedplate.node_pools.azure_disks import os_disk
from bedplate.node_pools.azure_images import OS_SKU, aks_installs_driver

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from bedplate.clusters.handles import AksHandles
    from bedplate.node_pools.plan import NodeGroupPlan, NodePoolPlan
    from bedplate.node_pools.spec import Capacity, Role

NODE_TEMPLATE_RESOURCE = "k8s.io_cluster-autoscaler_node-template_resources_"
"""How a tag tells the autoscaler what a node of an empty pool offers, with `_` for `/`, which no tag of Azure may hold
(kubernetes/autoscaler, cluster-autoscaler/cloudprovider/azure/README.md)."""

NO_HIGHEST_PRICE = -1
"""Spot machines go when Azure needs them, never because of their price, which stays below the standard one."""

DRAIN_MINUTES = 30
"""The default of AKS, named because a node that is not empty by then stops an upgrade."""


def declare_node_groups(
    plan: NodePoolPlan,
    tags: Mapping[str, str],
    cluster: AksHandles,
    parent: pulumi.Resource,
    after: Sequence[pulumi.Resource],
) -> tuple[pulumi.Resource, ...]:
    """Declare the agent pools of a pool, one per offer."""
    before = [*cluster.node_prerequisites, *after]
    return tuple(_declare_agent_pool(plan, group, tags, cluster, parent, before) for group in plan.groups)


def _declare_agent_pool(
    plan: NodePoolPlan,
    group: NodeGroupPlan,
    tags: Mapping[str, str],
    cluster: AksHandles,
    parent: pulumi.Resource,
    before: Sequence[pulumi.Resource],
) -> pulumi.Resource:
    disk = os_disk(group.machine.name, group.root_disk_gib)
    declared: pulumi.Resource = azure.containerservice.AgentPool(
        group.name,
        agent_pool_name=agent_pool_name(group.name),
        resource_name_=cluster.name,
        resource_group_name=cluster.resource_group,
        mode="User",
        type="VirtualMachineScaleSets",
        orchestrator_version=cluster.kubernetes_version,
        vm_size=group.machine.name,
        os_type="Linux",
        os_sku=OS_SKU,
        os_disk_type=disk.kind,
        os_disk_size_gb=disk.gib,
        # The autoscaler owns the size; the pool's minimum stays out of its way (docs/decisions/0002-node-counts.md).
        enable_auto_scaling=True,
        count=group.initial_nodes,
        min_count=0,
        max_count=group.max_nodes,
        scale_down_mode="Delete",
        availability_zones=list(group.zones) or None,
        vnet_subnet_id=cluster.nodes_subnet_id,
        max_pods=PODS_PER_NODE,
        enable_node_public_ip=False,
        enable_encryption_at_host=cluster.host_encryption,
        upgrade_settings=upgrade_settings(plan.role, group.capacity),
        node_labels=dict(group.labels),
        node_taints=[str(taint) for taint in group.taints.declared],
        tags={**tags, **resource_tags(group)},
        **_market(group),
        **_driver(group, cluster),
        opts=pulumi.ResourceOptions(
            parent=parent,
            depends_on=[*before, *_rights(group, cluster, parent)],
            ignore_changes=["count"],
            # The name is taken until the pool is gone, and the autoscaler's priorities go by it.
            delete_before_replace=True,
        ),
    )
    return declared


def upgrade_settings(role: Role, capacity: Capacity) -> azure.containerservice.AgentPoolUpgradeSettingsArgs | None:
    """Return how nodes are replaced by newer ones.

    General nodes get a further one first. For accelerators that passes the spending cap, and mostly waits for machines
    that are not to be had: the old one goes first. For spot nodes AKS decides, and refuses either number: they are
    evicted without a drain and without a further node (Microsoft, "Add an Azure Spot node pool to an AKS cluster";
    hashicorp/terraform-provider-azurerm#19355, #31129; read 2026-11).
    """
    if capacity == "spot":
        return None
    surge, away = ("1", "0") if role == "general" else ("0", "1")
    return azure.containerservice.AgentPoolUpgradeSettingsArgs(
        max_surge=surge, max_unavailable=away, drain_timeout_in_minutes=DRAIN_MINUTES
    )


def resource_tags(group: NodeGroupPlan) -> dict[str, str]:
    """Return the tags that tell the autoscaler what a node of an empty pool offers."""
    return {
        f"{NODE_TEMPLATE_RESOURCE}{resource.replace('/', '_')}": amount
        for resource, amount in group.unseen_resources.items()
    }


def _market(group: NodeGroupPlan) -> dict[str, Any]:
    if group.reservation is not None:
        return {"capacity_reservation_group_id": group.reservation.name}
    if group.capacity == "spot":
        return {
            "scale_set_priority": "Spot",
            "scale_set_eviction_policy": "Delete",
            "spot_max_price": NO_HIGHEST_PRICE,
        }
    return {}


def _driver(group: NodeGroupPlan, cluster: AksHandles) -> dict[str, Any]:
    """Say who installs the accelerators' driver: AKS, or the vendor's operator, and never both."""
    if not group.machine.accelerator:
        return {}
    choice = "Install" if aks_installs_driver(group.machine, cluster.drivers) else "None"
    return {"gpu_profile": azure.containerservice.GPUProfileArgs(driver=choice)}


def _rights(group: NodeGroupPlan, cluster: AksHandles, parent: pulumi.Resource) -> tuple[pulumi.Resource, ...]:
    """Let the cluster use the machines that were reserved, which stand in a resource group of their own (AKS, "Assign
    capacity reservation groups")."""
    if group.reservation is None:
        return ()
    scope = group.reservation.name.partition("/providers/")[0]
    right = grant(
        f"{group.name}-reservation",
        cluster.subscription,
        "Contributor",
        scope,
        cluster.control_plane_principal_id,
        parent,
    )
    return (right,)
