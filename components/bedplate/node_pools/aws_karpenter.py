"""Node pools on AWS whose nodes Karpenter starts."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pulumi
import pulumi_aws as aws

from bedplate.node_pools.aws import declare_fabric_security_group
from bedplate.node_pools.karpenter import NodeClassValues, node_class, node_pool
from bedplate.services.karpenter import KarpenterNames
from bedplate.services.manifests import apply_manifests

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from bedplate.clusters.handles import EksHandles
    from bedplate.node_pools.plan import NodeGroupPlan, NodePoolPlan


def declare_node_pools(
    plan: NodePoolPlan,
    tags: Mapping[str, str],
    cluster: EksHandles,
    parent: pulumi.Resource,
    after: Sequence[pulumi.Resource],
) -> tuple[pulumi.Resource, ...]:
    """Declare Karpenter's objects for a pool. They start nothing: Karpenter starts a node when a pod asks for it."""
    security_groups = list(cluster.node_security_group_ids)
    if plan.fabric == "efa":
        security_groups.append(declare_fabric_security_group(plan, cluster, parent).id)
    declared: list[pulumi.Resource] = []
    for group in plan.groups:
        values = NodeClassValues(
            subnet_ids=tuple(cluster.private_subnets[zone] for zone in group.zones),
            security_group_ids=tuple(security_groups),
            encryption_key_arn=cluster.encryption_key_arn,
            node_profile=KarpenterNames(cluster.name).node_profile,
            placement_group=_placement_group(group, parent),
            tags=tags,
        )
        before = [*cluster.node_prerequisites, *after]
        classes = apply_manifests([node_class(group, values)], cluster.kubernetes, parent, depends_on=before)
        declared += apply_manifests([node_pool(plan, group)], cluster.kubernetes, parent, depends_on=classes)
    return tuple(declared)


def _placement_group(group: NodeGroupPlan, parent: pulumi.Resource) -> pulumi.Output[str] | None:
    if group.placement.kind != "cluster-placement-group":
        return None
    placement = aws.ec2.PlacementGroup(
        f"{group.name}-placement", strategy="cluster", opts=pulumi.ResourceOptions(parent=parent)
    )
    name: pulumi.Output[str] = placement.name
    return name
