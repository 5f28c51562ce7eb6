"""Node pools on Google Cloud: a GKE node pool per offer, and the order in which GKE tries them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pulumi
import pulumi_gcp as gcp

from bedplate.node_pools.compute_class import compute_class, gke_node_pool_name
from bedplate.node_pools.gcp_networks import declare_networks
from bedplate.node_pools.gcp_nodes import node_config
from bedplate.node_pools.gcp_plan import WAITS_FOR_MACHINES, fixed_nodes, initial_nodes_per_zone
from bedplate.services.manifests import apply_manifests

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from bedplate.clusters.handles import GkeHandles
    from bedplate.node_pools.gcp_networks import NodeInterface
    from bedplate.node_pools.plan import NodeGroupPlan, NodePoolPlan


def declare_node_groups(
    plan: NodePoolPlan,
    tags: Mapping[str, str],
    cluster: GkeHandles,
    parent: pulumi.Resource,
    after: Sequence[pulumi.Resource],
) -> tuple[pulumi.Resource, ...]:
    """Declare the node pools of a pool, one per offer, with the networks of their fabric and the order among them."""
    interfaces, networks_ready = declare_networks(plan, cluster, parent)
    before = [*cluster.node_prerequisites, *networks_ready, *after]
    pools = tuple(_declare_node_pool(plan, group, tags, cluster, interfaces, parent, before) for group in plan.groups)
    order = compute_class(plan)
    if order is None:
        return pools
    return (*pools, *apply_manifests([order], cluster.kubernetes, parent, depends_on=pools))


def _declare_node_pool(
    plan: NodePoolPlan,
    group: NodeGroupPlan,
    tags: Mapping[str, str],
    cluster: GkeHandles,
    interfaces: Sequence[NodeInterface],
    parent: pulumi.Resource,
    before: Sequence[pulumi.Resource],
) -> gcp.container.NodePool:
    fixed = fixed_nodes(plan, group)
    name = gke_node_pool_name(group)
    return gcp.container.NodePool(
        group.name,
        name=name,
        cluster=cluster.name,
        project=cluster.project,
        location=cluster.region,
        node_locations=list(group.zones),
        node_config=node_config(group, tags, cluster),
        network_config=_network(group, interfaces),
        node_count=fixed,
        initial_node_count=initial_nodes_per_zone(plan, group) if fixed is None else None,
        autoscaling=_autoscaling(plan, group) if fixed is None else None,
        placement_policy=_placement(group, cluster, parent),
        queued_provisioning=gcp.container.NodePoolQueuedProvisioningArgs(enabled=True)
        if group.capacity == "queued"
        else None,
        management=gcp.container.NodePoolManagementArgs(
            # A release channel asks for upgrades, which come on weekends (clusters/gcp_control_plane.py). A node that
            # waited for its machine is not repaired: GKE refuses it, since another machine may not be had.
            auto_upgrade=True,
            auto_repair=group.capacity not in WAITS_FOR_MACHINES,
        ),
        upgrade_settings=_upgrades(plan),
        opts=pulumi.ResourceOptions(
            parent=parent,
            depends_on=list(before),
            # The autoscaler owns the number of nodes, and another number at the start would make the pool anew.
            ignore_changes=["initialNodeCount"] if fixed is None else None,
            # The name is taken until the pool is gone, and the ComputeClass goes by it.
            delete_before_replace=True,
        ),
    )


def _autoscaling(plan: NodePoolPlan, group: NodeGroupPlan) -> gcp.container.NodePoolAutoscalingArgs:
    """Bounds over all zones together. The floor is kept by pods (docs/decisions/0002-node-counts.md)."""
    return gcp.container.NodePoolAutoscalingArgs(
        total_min_node_count=0,
        total_max_node_count=group.max_nodes,
        # General nodes are spread so that a zone can fail. Accelerators are taken where there are some.
        location_policy="BALANCED" if plan.role == "general" else "ANY",
    )


def _upgrades(plan: NodePoolPlan) -> gcp.container.NodePoolUpgradeSettingsArgs:
    """Return how nodes are replaced by newer ones.

    With a surge the new ones start first, beyond the group's maximum. For accelerators that passes the spending cap,
    and waits for machines that are not to be had; so there the old one goes first.
    """
    surge = 1 if plan.role == "general" else 0
    return gcp.container.NodePoolUpgradeSettingsArgs(strategy="SURGE", max_surge=surge, max_unavailable=1 - surge)


def _network(group: NodeGroupPlan, interfaces: Sequence[NodeInterface]) -> gcp.container.NodePoolNetworkConfigArgs:
    fabric = group.fabric.gcp
    return gcp.container.NodePoolNetworkConfigArgs(
        enable_private_nodes=True,
        accelerator_network_profile=(fabric.accelerator_network_profile or None) if fabric else None,
        additional_node_network_configs=[
            gcp.container.NodePoolNetworkConfigAdditionalNodeNetworkConfigArgs(
                network=interface.network, subnetwork=interface.subnetwork
            )
            for interface in interfaces
        ]
        or None,
    )


def _placement(
    group: NodeGroupPlan, cluster: GkeHandles, parent: pulumi.Resource
) -> gcp.container.NodePoolPlacementPolicyArgs | None:
    match group.placement.kind:
        case "compact":
            return gcp.container.NodePoolPlacementPolicyArgs(type="COMPACT")
        case "tpu-topology":
            return gcp.container.NodePoolPlacementPolicyArgs(type="COMPACT", tpu_topology=group.placement.topology)
        case "workload-policy":
            name = f"{gke_node_pool_name(group)}-placement"
            policy = gcp.compute.ResourcePolicy(
                f"{group.name}-placement",
                name=name,
                project=cluster.project,
                region=cluster.region,
                workload_policy=gcp.compute.ResourcePolicyWorkloadPolicyArgs(
                    type="HIGH_THROUGHPUT", accelerator_topology=group.placement.topology
                ),
                opts=pulumi.ResourceOptions(parent=parent, depends_on=list(cluster.node_prerequisites)),
            )
            return gcp.container.NodePoolPlacementPolicyArgs(
                type="COMPACT",
                policy_name=policy.name,
                # A slice of TPUs has a shape beside the policy (cluster-toolkit, resource-policy/outputs.tf).
                tpu_topology=group.placement.topology if group.machine.vendor == "Google" else None,
            )
    return None
