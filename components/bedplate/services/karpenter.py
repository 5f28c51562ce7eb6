"""Karpenter: starts the nodes of inference and training pools on an EKS cluster that asks for it.

Names of values were read in the chart karpenter 1.14.1, statements of the policy in the getting-started template of
the same release. It is narrower than that template: node pools name an instance profile that is there already, so
Karpenter makes none. When to choose it: docs/guide/aws.md.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from bedplate.node_pools.labels import ROLE_LABEL
from bedplate.services.helm import HelmRelease, helm_release

if TYPE_CHECKING:
    from bedplate.clusters.plan import ClusterPlan

SERVICE_ACCOUNT = "karpenter"
DEFINITIONS = "karpenter-crd"

INTERRUPTIONS = {
    "health": ("aws.health", "AWS Health Event"),
    "spot": ("aws.ec2", "EC2 Spot Instance Interruption Warning"),
    "rebalance": ("aws.ec2", "EC2 Instance Rebalance Recommendation"),
    "state": ("aws.ec2", "EC2 Instance State-change Notification"),
    "reservation": ("aws.ec2", "EC2 Capacity Reservation Instance Interruption Warning"),
}
"""Events that Karpenter drains nodes for, as source and type."""


@dataclass(frozen=True, slots=True)
class KarpenterNames:
    """What belongs to Karpenter on one cluster, by the names under which pools of any stack find it."""

    cluster: str

    @property
    def queue(self) -> str:
        """The queue in which events about nodes arrive."""
        return f"{self.cluster}-karpenter"

    @property
    def node_profile(self) -> str:
        """The instance profile of all nodes that Karpenter starts, and the role in it."""
        return f"{self.cluster}-karpenter"


def karpenter_releases(cluster: ClusterPlan) -> list[HelmRelease]:
    """Return Karpenter's Helm releases: its kinds, which Helm upgrades only in a chart of their own, and itself."""
    names = KarpenterNames(cluster.full_name)
    return [
        helm_release(DEFINITIONS, {}),
        helm_release(
            "karpenter",
            {
                "serviceAccount": {"name": SERVICE_ACCOUNT},
                "settings": {"clusterName": cluster.full_name, "interruptionQueue": names.queue},
                "nodeSelector": {"kubernetes.io/os": "linux", ROLE_LABEL: "general"},
                # A rule that must hold would make the autoscaler buy a node for the second replica.
                "topologySpreadConstraints": [
                    {
                        "maxSkew": 1,
                        "topologyKey": "topology.kubernetes.io/zone",
                        "whenUnsatisfiable": "ScheduleAnyway",
                    }
                ],
                # Requests and memory limit of the project's getting-started page.
                "controller": {"resources": {"requests": {"cpu": "1", "memory": "1Gi"}, "limits": {"memory": "1Gi"}}},
            },
            after=(DEFINITIONS,),
        ),
    ]


def karpenter_policy(cluster: str, region: str, account: str, key_arn: str, queue_arn: str) -> list[dict[str, Any]]:
    """Return the policy statements of Karpenter's role: it starts and ends nodes of this cluster, and no others.

    What it makes must carry the cluster's tag when it is made, and only what carries the tag can be changed or ended.
    """
    ec2 = f"arn:aws:ec2:{region}:{account}"
    made = [f"{ec2}:{kind}/*" for kind in ("fleet", "instance", "volume", "network-interface", "launch-template")]
    made.append(f"{ec2}:spot-instances-request/*")
    owned = {f"kubernetes.io/cluster/{cluster}": "owned"}
    asked = {f"aws:RequestTag/{key}": value for key, value in owned.items()} | {
        "aws:RequestTag/eks:eks-cluster-name": cluster
    }
    tagged = {f"aws:ResourceTag/{key}": value for key, value in owned.items()}
    of_pool = {"aws:RequestTag/karpenter.sh/nodepool": "*"}
    in_pool = {"aws:ResourceTag/karpenter.sh/nodepool": "*"}
    return [
        {
            "Sid": "StartFrom",
            "Effect": "Allow",
            "Action": ["ec2:RunInstances", "ec2:CreateFleet"],
            "Resource": [
                f"arn:aws:ec2:{region}::image/*",
                f"arn:aws:ec2:{region}::snapshot/*",
                *(
                    f"{ec2}:{kind}/*"
                    for kind in ("security-group", "subnet", "capacity-reservation", "placement-group")
                ),
            ],
        },
        {
            "Sid": "StartFromOwnTemplates",
            "Effect": "Allow",
            "Action": ["ec2:RunInstances", "ec2:CreateFleet"],
            "Resource": f"{ec2}:launch-template/*",
            "Condition": {"StringEquals": tagged, "StringLike": in_pool},
        },
        {
            "Sid": "Start",
            "Effect": "Allow",
            "Action": ["ec2:RunInstances", "ec2:CreateFleet", "ec2:CreateLaunchTemplate"],
            "Resource": made,
            "Condition": {"StringEquals": asked, "StringLike": of_pool},
        },
        {
            "Sid": "TagWhatStarts",
            "Effect": "Allow",
            "Action": "ec2:CreateTags",
            "Resource": made,
            "Condition": {
                "StringEquals": {
                    **asked,
                    "ec2:CreateAction": ["RunInstances", "CreateFleet", "CreateLaunchTemplate"],
                },
                "StringLike": of_pool,
            },
        },
        {
            "Sid": "NameNodes",
            "Effect": "Allow",
            "Action": "ec2:CreateTags",
            "Resource": f"{ec2}:instance/*",
            "Condition": {
                "StringEquals": tagged,
                "StringLike": in_pool,
                "StringEqualsIfExists": {"aws:RequestTag/eks:eks-cluster-name": cluster},
                "ForAllValues:StringEquals": {
                    "aws:TagKeys": ["eks:eks-cluster-name", "karpenter.sh/nodeclaim", "Name"]
                },
            },
        },
        {
            "Sid": "End",
            "Effect": "Allow",
            "Action": ["ec2:TerminateInstances", "ec2:DeleteLaunchTemplate"],
            "Resource": [f"{ec2}:instance/*", f"{ec2}:launch-template/*"],
            "Condition": {"StringEquals": tagged, "StringLike": in_pool},
        },
        {
            "Sid": "HandNodesTheirRole",
            "Effect": "Allow",
            "Action": "iam:PassRole",
            "Resource": f"arn:aws:iam::{account}:role/{KarpenterNames(cluster).node_profile}",
            "Condition": {"StringEquals": {"iam:PassedToService": "ec2.amazonaws.com"}},
        },
        {
            "Sid": "ReadRegion",
            "Effect": "Allow",
            "Action": [
                "ec2:DescribeCapacityReservations",
                "ec2:DescribeImages",
                "ec2:DescribeInstanceStatus",
                "ec2:DescribeInstanceTypeOfferings",
                "ec2:DescribeInstanceTypes",
                "ec2:DescribeInstances",
                "ec2:DescribeLaunchTemplates",
                "ec2:DescribePlacementGroups",
                "ec2:DescribeSecurityGroups",
                "ec2:DescribeSpotPriceHistory",
                "ec2:DescribeSubnets",
            ],
            # None of these can be limited to a resource (service authorization reference).
            "Resource": "*",
            "Condition": {"StringEquals": {"aws:RequestedRegion": region}},
        },
        {
            "Sid": "ReadImages",
            "Effect": "Allow",
            "Action": "ssm:GetParameter",
            "Resource": f"arn:aws:ssm:{region}::parameter/aws/service/*",
        },
        {"Sid": "ReadPrices", "Effect": "Allow", "Action": "pricing:GetProducts", "Resource": "*"},
        {"Sid": "ListProfiles", "Effect": "Allow", "Action": "iam:ListInstanceProfiles", "Resource": "*"},
        {
            "Sid": "ReadProfile",
            "Effect": "Allow",
            "Action": "iam:GetInstanceProfile",
            "Resource": f"arn:aws:iam::{account}:instance-profile/{KarpenterNames(cluster).node_profile}",
        },
        {
            "Sid": "FindTheCluster",
            "Effect": "Allow",
            "Action": "eks:DescribeCluster",
            "Resource": f"arn:aws:eks:{region}:{account}:cluster/{cluster}",
        },
        {
            "Sid": "HearOfInterruptions",
            "Effect": "Allow",
            "Action": ["sqs:DeleteMessage", "sqs:GetQueueUrl", "sqs:ReceiveMessage"],
            "Resource": queue_arn,
        },
        # Whoever starts an instance with an encrypted volume must be allowed to use the key (EBS user guide, "How
        # Amazon EBS encryption works"), through EC2 alone.
        {
            "Sid": "EncryptVolumes",
            "Effect": "Allow",
            "Action": ["kms:Decrypt", "kms:DescribeKey", "kms:GenerateDataKeyWithoutPlaintext", "kms:ReEncrypt*"],
            "Resource": key_arn,
            "Condition": {"StringEquals": {"kms:ViaService": f"ec2.{region}.amazonaws.com"}},
        },
        {
            "Sid": "GrantVolumesTheirKey",
            "Effect": "Allow",
            "Action": "kms:CreateGrant",
            "Resource": key_arn,
            "Condition": {
                "StringEquals": {"kms:ViaService": f"ec2.{region}.amazonaws.com"},
                "Bool": {"kms:GrantIsForAWSResource": "true"},
            },
        },
    ]


def queue_policy(queue_arn: str) -> list[dict[str, Any]]:
    """Return who may write to the queue of events: EventBridge, and over TLS alone."""
    return [
        {
            "Sid": "Events",
            "Effect": "Allow",
            "Principal": {"Service": "events.amazonaws.com"},
            "Action": "sqs:SendMessage",
            "Resource": queue_arn,
        },
        {
            "Sid": "NotInPlainText",
            "Effect": "Deny",
            "Principal": "*",
            "Action": "sqs:*",
            "Resource": queue_arn,
            "Condition": {"Bool": {"aws:SecureTransport": "false"}},
        },
    ]
