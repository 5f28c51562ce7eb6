"""The NodePool component: everything that starts nodes is inside one, below a price."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pulumi

from bedplate.clusters.handles import AksHandles, EksHandles, ExistingHandles, GkeHandles
from bedplate.cost.estimate import pool_cost
from bedplate.cost.wire import to_wire
from bedplate.fabrics.acceptance_job import acceptance_manifests, test_namespace
from bedplate.fabrics.installers import installer_manifests
from bedplate.fabrics.manifests import fabric_manifests
from bedplate.node_pools.floor import floor_manifests
from bedplate.node_pools.prepull import prepull_manifests
from bedplate.node_pools.prices import DECLARED_VERSION
from bedplate.separation.namespaces import pool_namespace
from bedplate.services.manifests import apply_manifests

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bedplate.clusters.handles import ClusterHandles
    from bedplate.node_pools.plan import NodeGroupPlan, NodePoolPlan
    from bedplate.plan import StackPlan


class NodePool(pulumi.ComponentResource):
    """A pool of nodes on a live cluster: a node group per offer, the floor over all of them, images loaded ahead."""

    def __init__(
        self,
        plan: NodePoolPlan,
        stack: StackPlan,
        cluster: ClusterHandles,
        after: Sequence[pulumi.Resource] = (),
    ) -> None:
        """Declare a planned pool of `stack` on `cluster`.

        Nothing of it starts before `after` exists, which must hold the namespaces of the stack on that cluster.
        """
        numbers = pool_numbers(plan, stack)
        options = pulumi.ResourceOptions(providers=cluster.providers)
        super().__init__("bedplate:index:NodePool", plan.name, numbers, options)
        groups = _declare_groups(plan, stack, cluster, self, after)
        kept = [*floor_manifests(plan, stack), *prepull_manifests(plan, stack)]
        kept += [*fabric_manifests(plan, pool_namespace(stack, plan)), *installer_manifests(plan)]
        apply_manifests(kept, cluster.kubernetes, self, depends_on=groups)
        if plan.acceptance:
            namespace, *inside = acceptance_manifests(plan, stack)
            made = apply_manifests([namespace], cluster.kubernetes, self, depends_on=groups)
            apply_manifests(inside, cluster.kubernetes, self, depends_on=made)
        self.register_outputs(numbers)


def _declare_groups(
    plan: NodePoolPlan,
    stack: StackPlan,
    cluster: ClusterHandles,
    parent: pulumi.Resource,
    after: Sequence[pulumi.Resource],
) -> tuple[pulumi.Resource, ...]:
    """Declare the groups of nodes, one per offer, as the cluster's cloud has them."""
    match cluster:
        case EksHandles():
            if plan.provisioner == "karpenter":
                from bedplate.node_pools import aws_karpenter

                return aws_karpenter.declare_node_pools(plan, stack.tags, cluster, parent, after)
            from bedplate.node_pools import aws

            return aws.declare_node_groups(plan, stack.tags, cluster, parent, after)
        case AksHandles():
            from bedplate.node_pools import azure

            return azure.declare_node_groups(plan, stack.tags, cluster, parent, after)
        case ExistingHandles():
            from bedplate.node_pools import existing_nodes

            return existing_nodes.declare_nodes(plan, cluster, parent, after)
        case GkeHandles():
            from bedplate.node_pools import gcp

            return gcp.declare_node_groups(plan, stack.tags, cluster, parent, after)
    raise ValueError(f"no node pool for the provider {plan.provider!r}")


def pool_numbers(plan: NodePoolPlan, stack: StackPlan) -> dict[str, Any]:
    """Return what policies and reports read about a pool: every number is the plan's, and known at preview."""
    return {
        "name": plan.name,
        "fullName": plan.full_name,
        "team": stack.team,
        "environment": stack.environment,
        "cluster": plan.cluster,
        "provider": plan.provider,
        "region": plan.region,
        "role": plan.role,
        "fabric": plan.fabric,
        "testNamespace": test_namespace(plan, stack).name if plan.acceptance else "",
        "minNodes": plan.min_nodes,
        "maxNodes": plan.max_nodes,
        "groups": [_group_numbers(group) for group in plan.groups],
        "cost": to_wire(pool_cost(plan)),
    }


def _group_numbers(group: NodeGroupPlan) -> dict[str, Any]:
    numbers: dict[str, Any] = {
        "name": group.name,
        "machine": group.machine.name,
        "capacity": group.capacity,
        "maxNodes": group.max_nodes,
        "preference": group.preference,
        # What it costs, on Azure whether it is billed at all, follows from its size.
        "rootDiskGib": group.root_disk_gib,
    }
    if group.capacity == "owned":
        numbers["hardware"] = {
            "accelerator": group.machine.accelerator or None,
            "accelerators": group.machine.accelerator_count,
            "vcpus": group.machine.vcpus,
            "usdPerNodeHour": str(group.price.usd_per_hour) if group.price else None,
        }
    if group.reservation is None:
        return numbers
    bought = group.reservation
    declared = group.price if group.price and group.price.version == DECLARED_VERSION else None
    reservation = {
        "name": bought.name,
        "nodes": bought.nodes,
        "starts": bought.starts.isoformat() if bought.starts else None,
        "ends": bought.ends.isoformat() if bought.ends else None,
        "usdPerNodeHour": str(declared.usd_per_hour) if declared else None,
    }
    return numbers | {"reservation": reservation}
