"""Node pools of nodes that exist already: each named host gets the labels and taints of its pool."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pulumi

from bedplate.clusters.existing_network import node_policies
from bedplate.services.manifests import apply_manifests

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bedplate.clusters.handles import ExistingHandles
    from bedplate.node_pools.plan import NodePoolPlan


def declare_nodes(
    plan: NodePoolPlan, cluster: ExistingHandles, parent: pulumi.Resource, after: Sequence[pulumi.Resource]
) -> tuple[pulumi.Resource, ...]:
    """Declare what makes existing nodes a pool, and return it: one patch per host, and who divides their cards."""
    patches = [_declare_patch(plan, host, cluster, parent, after) for host in plan.hosts]
    policies = apply_manifests(
        node_policies(plan, cluster.plan), cluster.kubernetes, parent, depends_on=[*after, *patches]
    )
    return (*patches, *policies)


def _declare_patch(
    plan: NodePoolPlan,
    host: str,
    cluster: ExistingHandles,
    parent: pulumi.Resource,
    after: Sequence[pulumi.Resource],
) -> pulumi.Resource:
    """Declare the labels and taints of a node, which is looked up first.

    A patch is server-side apply: of a node that does not exist it would make an object without a machine behind it.
    """
    from pulumi_kubernetes.core.v1 import Node, NodePatch

    name = f"{plan.full_name}-{host}"
    options = pulumi.ResourceOptions(parent=parent, provider=cluster.kubernetes)
    found = Node.get(f"{name}-found", host, options)
    patch: pulumi.Resource = NodePatch(
        name,
        **node_patch(plan, host),
        opts=pulumi.ResourceOptions.merge(options, pulumi.ResourceOptions(depends_on=[found, *after])),
    )
    return patch


def node_patch(plan: NodePoolPlan, host: str) -> dict[str, Any]:
    """Return what Bedplate owns of a node: no field beside these is sent, so none is taken from anybody else.

    A pool without taints sends no list: the list of taints is one field, and an empty one would clear those of others.
    """
    (group,) = plan.groups
    patch: dict[str, Any] = {"metadata": {"name": host, "labels": dict(group.labels)}}
    if group.taints.declared:
        patch["spec"] = {
            "taints": [
                {"key": taint.key, "value": taint.value, "effect": taint.effect} for taint in group.taints.declared
            ]
        }
    return patch
