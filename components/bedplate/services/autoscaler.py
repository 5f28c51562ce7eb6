"""Cluster Autoscaler: which offer it tries first, what it may do in the account, and how it decides.

Facts were read in kubernetes/autoscaler at tags cluster-autoscaler-1.33.6, 1.34.5, 1.35.2 and 1.36.1, the values'
names in its chart at tag cluster-autoscaler-chart-9.59.0. Why it and not Karpenter: docs/decisions/.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bedplate import catalog
from bedplate.node_pools.labels import ROLE_LABEL
from bedplate.node_pools.spec import MOST_OFFERS
from bedplate.services.helm import HelmRelease, helm_release

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bedplate.clusters.plan import ClusterPlan

SERVICE_ACCOUNT = "cluster-autoscaler"

# EKS names the Auto Scaling group of a node group `eks-<node group>-<UUID>`.
_UUID = "[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"


def expander_priorities() -> dict[str, list[str]]:
    """Return the expressions over names of Auto Scaling groups by priority; the highest priority is tried first.

    They match the number of the offer, which every node group's name ends with: so they hold for pools of every
    stack on the cluster, and adding one changes nothing here. A group that no expression matches would never grow,
    hence the last one. Keys are text because Pulumi's maps have no other; the chart turns them into numbers.
    """
    ranked = {str(100 - offer): [f"^eks-.+-offer{offer}-{_UUID}$"] for offer in range(1, MOST_OFFERS + 1)}
    return ranked | {"1": [".*"]}


def autoscaler_policy(cluster: str) -> list[dict[str, Any]]:
    """Return the policy statements of the autoscaler's role: it reads everything, and changes this cluster's groups.

    EKS puts the tag on the Auto Scaling group of every managed node group. DescribeNodegroup tells the labels and
    taints of a group that has never had a node; without it such a group does not grow from zero.
    """
    return [
        {
            "Sid": "Describe",
            "Effect": "Allow",
            "Action": [
                "autoscaling:DescribeAutoScalingGroups",
                "autoscaling:DescribeAutoScalingInstances",
                "autoscaling:DescribeLaunchConfigurations",
                "autoscaling:DescribeScalingActivities",
                "ec2:DescribeImages",
                "ec2:DescribeInstanceTypes",
                "ec2:DescribeLaunchTemplateVersions",
                "ec2:GetInstanceTypesFromInstanceRequirements",
            ],
            # None of these can be limited to a resource (service authorization reference).
            "Resource": "*",
        },
        {
            "Sid": "DescribeNodeGroups",
            "Effect": "Allow",
            "Action": ["eks:DescribeNodegroup"],
            "Resource": f"arn:aws:eks:*:*:nodegroup/{cluster}/*/*",
        },
        {
            "Sid": "Scale",
            "Effect": "Allow",
            "Action": ["autoscaling:SetDesiredCapacity", "autoscaling:TerminateInstanceInAutoScalingGroup"],
            "Resource": "*",
            "Condition": {"StringEquals": {f"aws:ResourceTag/k8s.io/cluster-autoscaler/{cluster}": "owned"}},
        },
    ]


def autoscaler_release(cluster: ClusterPlan) -> HelmRelease:
    """Return the autoscaler's Helm release for a cluster."""
    return helm_release(
        "cluster-autoscaler",
        {
            "fullnameOverride": "cluster-autoscaler",
            "cloudProvider": "aws",
            "awsRegion": cluster.region,
            "autoDiscovery": {"clusterName": cluster.full_name},
            "image": {"tag": autoscaler_image_tag(cluster)},
            "rbac": {"serviceAccount": {"name": SERVICE_ACCOUNT}},
            "extraArgs": autoscaler_flags(),
            "expanderPriorities": expander_priorities(),
            **_placement(),
            **_restrictions(),
        },
    )


def autoscaler_image_tag(cluster: ClusterPlan) -> str:
    """Return the release made for the cluster's Kubernetes minor version.

    The autoscaler runs the scheduler's own code to foresee where pods fit: of another minor version it may foresee
    something else, and grow the wrong group or none.
    """
    version = next(
        known for known in catalog.kubernetes_versions(cluster.provider) if known.version == cluster.kubernetes_version
    )
    if not version.cluster_autoscaler:
        raise LookupError(f"no Cluster Autoscaler release is known for Kubernetes {version.version}")
    return version.cluster_autoscaler


def autoscaler_flags() -> Mapping[str, str]:
    """Return the flags whose default would be wrong for accelerators, or on which something else here rests."""
    return {
        # Offers in order of preference; between pools of equal rank, the one that wastes least.
        "expander": "priority,least-waste",
        # Offers of a pool look alike (same machine, same labels) and differ in price: balancing would fill the second
        # before the first is full. Zones are balanced by the Auto Scaling group of each offer itself.
        "balance-similar-node-groups": "false",
        # Pods of accelerators mount shared memory as an emptyDir, which counts as local storage: with the default
        # no such node would ever be given back.
        "skip-nodes-with-local-storage": "false",
        # An accelerator node goes when none of its accelerators is in use. The default (0.5) moves what runs on a
        # half-used node: a model's cold start, or the steps of training since the last checkpoint.
        "scale-down-gpu-utilization-threshold": "0",
        # Idle accelerators cost dollars a minute, but a node given back between two requests costs minutes until the
        # next one is ready, if there is one. These are the defaults, named because a burst's cost depends on them.
        "scale-down-unneeded-time": "10m",
        "scale-down-delay-after-add": "10m",
        # How long a launched machine may take to join. A shortage does not wait for it: every minute the autoscaler
        # reads failed scaling activities, and turns to the next offer.
        "max-node-provision-time": "15m",
    }


def _placement() -> dict[str, Any]:
    """Two replicas on the general pool, of which one leads. The second takes over when its node goes."""
    return {
        "replicaCount": 2,
        "nodeSelector": {ROLE_LABEL: "general"},
        "priorityClassName": "system-cluster-critical",
        "podDisruptionBudget": {"maxUnavailable": 1},
        "topologySpreadConstraints": [
            {
                "maxSkew": 1,
                "topologyKey": "kubernetes.io/hostname",
                # A rule that must hold would make the autoscaler buy a node for its own second replica.
                "whenUnsatisfiable": "ScheduleAnyway",
                "labelSelector": {"matchLabels": {"app.kubernetes.io/instance": "cluster-autoscaler"}},
            }
        ],
        # Requests and memory limit of the project's own example for AWS (cluster-autoscaler-autodiscover.yaml).
        "resources": {"requests": {"cpu": "100m", "memory": "600Mi"}, "limits": {"memory": "600Mi"}},
    }


def _restrictions() -> dict[str, Any]:
    """What the restricted Pod Security Standard asks for, though kube-system does not enforce it."""
    return {
        "securityContext": {
            "runAsNonRoot": True,
            "runAsUser": 65534,
            "runAsGroup": 65534,
            "fsGroup": 65534,
            "seccompProfile": {"type": "RuntimeDefault"},
        },
        "containerSecurityContext": {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        },
    }
