"""Node pools on AWS: EKS managed node groups, one per offer."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pulumi
import pulumi_aws as aws

from bedplate.clouds.aws import declare_service_role
from bedplate.node_pools.aws_launch_template import declare_launch_template
from bedplate.node_pools.images import node_image
from bedplate.node_pools.labels import scale_down_options

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from bedplate.clusters.handles import EksHandles
    from bedplate.node_pools.plan import NodeGroupPlan, NodePoolPlan
    from bedplate.node_pools.spec import Capacity, Role

CAPACITY_TYPES: Mapping[Capacity, str] = {
    "on-demand": "ON_DEMAND",
    "reservation": "ON_DEMAND",  # a reservation holds on-demand capacity; the launch template names it
    "spot": "SPOT",
    "capacity-block": "CAPACITY_BLOCK",
}
TAINT_EFFECTS = {"NoSchedule": "NO_SCHEDULE", "PreferNoSchedule": "PREFER_NO_SCHEDULE", "NoExecute": "NO_EXECUTE"}

NODE_POLICIES = ("AmazonEKSWorkerNodePolicy", "AmazonEC2ContainerRegistryPullOnly")
"""What a node itself may do. Addresses for pods are the network add-on's business, by a role of its own."""

NODE_TEMPLATE = "k8s.io/cluster-autoscaler/node-template"


def declare_node_groups(
    plan: NodePoolPlan,
    tags: Mapping[str, str],
    cluster: EksHandles,
    parent: pulumi.Resource,
    after: Sequence[pulumi.Resource],
) -> tuple[pulumi.Resource, ...]:
    """Declare the node groups of a pool, and what they share: a role, and a security group for the fabric."""
    role, ready = declare_service_role(f"{plan.full_name}-nodes", "ec2.amazonaws.com", NODE_POLICIES, parent)
    security_groups = list(cluster.node_security_group_ids)
    if plan.fabric == "efa":
        security_groups.append(declare_fabric_security_group(plan, cluster, parent).id)
    before_nodes = [*ready, *cluster.node_prerequisites, *after]
    return tuple(
        _declare_node_group(plan, group, tags, cluster, role, security_groups, parent, before_nodes)
        for group in plan.groups
    )


def declare_fabric_security_group(
    plan: NodePoolPlan, cluster: EksHandles, parent: pulumi.Resource
) -> aws.ec2.SecurityGroup:
    """Declare the group in which nodes reach each other over EFA.

    Both rules must name the group itself: EFA traffic is no IP traffic, so 0.0.0.0/0 does not let it out
    (aws-ofi-nccl #663, gardener #1832).
    """
    name = f"{plan.full_name}-fabric"
    return aws.ec2.SecurityGroup(
        name,
        vpc_id=cluster.vpc_id,
        description=f"EFA between the nodes of {plan.full_name}",
        ingress=[aws.ec2.SecurityGroupIngressArgs(protocol="-1", from_port=0, to_port=0, self=True)],
        egress=[aws.ec2.SecurityGroupEgressArgs(protocol="-1", from_port=0, to_port=0, self=True)],
        tags={"Name": name},
        opts=pulumi.ResourceOptions(parent=parent),
    )


def _declare_node_group(
    plan: NodePoolPlan,
    group: NodeGroupPlan,
    tags: Mapping[str, str],
    cluster: EksHandles,
    role: aws.iam.Role,
    security_groups: Sequence[pulumi.Input[str]],
    parent: pulumi.Resource,
    before: Sequence[pulumi.Resource],
) -> aws.eks.NodeGroup:
    template = declare_launch_template(group, tags, security_groups, cluster.encryption_key_arn, parent)
    declared = aws.eks.NodeGroup(
        group.name,
        node_group_name=group.name,
        cluster_name=cluster.name,
        version=cluster.kubernetes_version,
        node_role_arn=role.arn,
        subnet_ids=[cluster.private_subnets[zone] for zone in group.zones],
        ami_type=node_image(plan.provider, group.machine),
        capacity_type=CAPACITY_TYPES[group.capacity],
        # The machine type is in the launch template, with the network cards that belong to it: so they change in one
        # version, and the nodes are drained one by one. Here a change would delete the group first.
        launch_template=aws.eks.NodeGroupLaunchTemplateArgs(id=template.id, version=template.latest_version.apply(str)),
        # The autoscaler owns the size; the group's minimum stays out of its way (docs/decisions/0002-node-counts.md).
        scaling_config=aws.eks.NodeGroupScalingConfigArgs(
            min_size=0, max_size=group.max_nodes, desired_size=group.initial_nodes
        ),
        update_config=aws.eks.NodeGroupUpdateConfigArgs(
            max_unavailable=1, update_strategy=update_strategy(plan.role, bought_ahead=group.reservation is not None)
        ),
        labels=dict(group.labels),
        taints=[
            aws.eks.NodeGroupTaintArgs(key=taint.key, value=taint.value, effect=TAINT_EFFECTS[taint.effect])
            for taint in group.taints.declared
        ],
        opts=pulumi.ResourceOptions(
            parent=parent,
            depends_on=list(before),
            ignore_changes=["scalingConfig.desiredSize"],
            # The name is taken until the group is gone, and the autoscaler's priorities go by it.
            delete_before_replace=True,
        ),
    )
    _tag_for_autoscaler(group, declared, parent)
    return declared


def update_strategy(role: Role, *, bought_ahead: bool) -> str:
    """Return how nodes are replaced by newer ones.

    `DEFAULT` starts the new ones first, beyond the group's maximum. For accelerators that passes the spending cap, and
    mostly waits for machines that are not to be had; a reservation has none beyond its own. `MINIMAL` takes the old one
    down first.
    """
    return "DEFAULT" if role == "general" and not bought_ahead else "MINIMAL"


def autoscaler_tags(group: NodeGroupPlan) -> dict[str, str]:
    """Return what the autoscaler reads from a group's tags: what a node of an empty group offers, and when nodes go.

    EKS itself adds the tags by which the autoscaler finds groups (EKS user guide, "Managed node groups"), and tells it
    their labels and taints.
    """
    options = scale_down_options(group.machine, group.labels)
    return {
        **{f"{NODE_TEMPLATE}/resources/{resource}": amount for resource, amount in group.unseen_resources.items()},
        **{f"{NODE_TEMPLATE}/autoscaling-options/{option}": value for option, value in options.items()},
    }


def _tag_for_autoscaler(group: NodeGroupPlan, declared: aws.eks.NodeGroup, parent: pulumi.Resource) -> None:
    scaling_group = declared.resources.apply(lambda resources: resources[0].autoscaling_groups[0].name)
    for key, value in autoscaler_tags(group).items():
        name = key.removeprefix(f"{NODE_TEMPLATE}/").partition("/")[2]
        aws.autoscaling.Tag(
            f"{group.name}-{name.replace('/', '-')}",
            autoscaling_group_name=scaling_group,
            tag=aws.autoscaling.TagTagArgs(key=key, value=value, propagate_at_launch=False),
            opts=pulumi.ResourceOptions(parent=parent),
        )
