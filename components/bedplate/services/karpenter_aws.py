"""What Karpenter needs in the AWS account: its own role, the role of its nodes, and events about them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pulumi
import pulumi_aws as aws

from bedplate.clouds.aws import account_id, managed_policy_arn, policy_document
from bedplate.clusters.aws_identity import pod_identity
from bedplate.node_pools.aws import NODE_POLICIES
from bedplate.services.karpenter import (
    INTERRUPTIONS,
    SERVICE_ACCOUNT,
    KarpenterNames,
    karpenter_policy,
    queue_policy,
)

if TYPE_CHECKING:
    from bedplate.clusters.handles import EksHandles

NAMESPACE = "kube-system"
MESSAGE_SECONDS = 300
"""An event that nobody read for five minutes is about a node that is gone."""


def declare_karpenter(cluster: EksHandles, parent: pulumi.Resource) -> tuple[pulumi.Resource, ...]:
    """Declare what must exist before Karpenter starts."""
    queue, heard = _declare_queue(cluster, parent)
    policy = pulumi.Output.all(account_id(parent), cluster.encryption_key_arn, queue.arn).apply(
        lambda known: policy_document(*karpenter_policy(cluster.name, cluster.region, *known))
    )
    name = f"{cluster.name}-karpenter-pods"
    identity = pod_identity(name, cluster, NAMESPACE, SERVICE_ACCOUNT, parent, policy=policy)
    return (identity, *heard, *_declare_node_profile(cluster, parent))


def _declare_queue(cluster: EksHandles, parent: pulumi.Resource) -> tuple[aws.sqs.Queue, tuple[pulumi.Resource, ...]]:
    options = pulumi.ResourceOptions(parent=parent)
    name = KarpenterNames(cluster.name).queue
    queue = aws.sqs.Queue(
        name,
        name=name,
        message_retention_seconds=MESSAGE_SECONDS,
        sqs_managed_sse_enabled=True,
        opts=pulumi.ResourceOptions(parent=parent, delete_before_replace=True),
    )
    writers = aws.sqs.QueuePolicy(
        name,
        # The identifier of a queue is its address.
        queue_url=queue.id,
        policy=queue.arn.apply(lambda arn: policy_document(*queue_policy(arn))),
        opts=options,
    )
    heard: list[pulumi.Resource] = [writers]
    for kind, (source, event) in INTERRUPTIONS.items():
        rule = aws.cloudwatch.EventRule(
            f"{name}-{kind}",
            description=f"{event}, for Karpenter on {cluster.name}",
            event_pattern=json.dumps({"source": [source], "detail-type": [event]}, sort_keys=True),
            opts=options,
        )
        heard.append(aws.cloudwatch.EventTarget(f"{name}-{kind}", rule=rule.name, arn=queue.arn, opts=options))
    return queue, tuple(heard)


def _declare_node_profile(cluster: EksHandles, parent: pulumi.Resource) -> tuple[pulumi.Resource, ...]:
    """Declare the role of Karpenter's nodes under a name that pools of other stacks know, and let it join."""
    options = pulumi.ResourceOptions(parent=parent, delete_before_replace=True)
    name = KarpenterNames(cluster.name).node_profile
    trust = {"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": ["sts:AssumeRole"]}
    role = aws.iam.Role(name, name=name, assume_role_policy=policy_document(trust), opts=options)
    attached = [
        aws.iam.RolePolicyAttachment(
            f"{name}-{policy}",
            role=role.name,
            policy_arn=managed_policy_arn(policy),
            opts=pulumi.ResourceOptions(parent=parent),
        )
        for policy in NODE_POLICIES
    ]
    profile = aws.iam.InstanceProfile(name, name=name, role=role.name, opts=options)
    joining = aws.eks.AccessEntry(
        f"{name}-nodes",
        cluster_name=cluster.name,
        principal_arn=role.arn,
        type="EC2_LINUX",
        opts=pulumi.ResourceOptions(parent=parent, depends_on=list(cluster.node_prerequisites)),
    )
    return (profile, joining, *attached)
