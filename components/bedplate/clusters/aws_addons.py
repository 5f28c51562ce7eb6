"""The add-ons that EKS itself maintains on a cluster, in the order in which nodes need them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pulumi
import pulumi_aws as aws

from bedplate import catalog
from bedplate.clusters.aws_identity import declare_pod_role
from bedplate.networking.plan import WARM_PREFIXES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bedplate.clusters.plan import EksPlan

NETWORK_CONFIGURATION = {
    # Without it NetworkPolicy objects are accepted and do nothing.
    "enableNetworkPolicy": "true",
    "env": {
        # On a node with all its EFA cards attached, card 0 has no room for the further interfaces from which pods
        # otherwise get addresses. Prefixes of 16 addresses make the primary interface enough.
        "ENABLE_PREFIX_DELEGATION": "true",
        "WARM_PREFIX_TARGET": str(WARM_PREFIXES),
    },
}


def declare_node_addons(
    plan: EksPlan, cluster: aws.eks.Cluster, parent: pulumi.Resource
) -> tuple[pulumi.Resource, ...]:
    """Declare what must be there before the first node: it runs on every node, and is complete without any."""
    role, ready = declare_pod_role(
        f"{plan.full_name}-vpc-cni",
        plan.full_name,
        "kube-system",
        "aws-node",
        parent,
        managed_policies=["AmazonEKS_CNI_Policy"],
    )
    agent = _addon(plan, cluster, "eks-pod-identity-agent", parent)
    proxy = _addon(plan, cluster, "kube-proxy", parent)
    network = _addon(
        plan,
        cluster,
        "vpc-cni",
        parent,
        after=[agent, *ready],
        configuration=json.dumps(NETWORK_CONFIGURATION, sort_keys=True),
        identity=aws.eks.AddonPodIdentityAssociationArgs(role_arn=role.arn, service_account="aws-node"),
    )
    return agent, proxy, network


def declare_dns(
    plan: EksPlan, cluster: aws.eks.Cluster, parent: pulumi.Resource, after: Sequence[pulumi.Resource]
) -> pulumi.Resource:
    """Declare cluster DNS. EKS calls it degraded, and fails, while no node takes its pods: so it waits for `after`."""
    dns: pulumi.Resource = _addon(plan, cluster, "coredns", parent, after=after)
    return dns


def _addon(
    plan: EksPlan,
    cluster: aws.eks.Cluster,
    name: str,
    parent: pulumi.Resource,
    *,
    after: Sequence[pulumi.Resource] = (),
    configuration: str | None = None,
    identity: aws.eks.AddonPodIdentityAssociationArgs | None = None,
) -> aws.eks.Addon:
    return aws.eks.Addon(
        f"{plan.full_name}-{name}",
        cluster_name=cluster.name,
        addon_name=name,
        # An empty version lets EKS choose the default for the cluster's Kubernetes version.
        addon_version=catalog.chart(name).version or None,
        configuration_values=configuration,
        pod_identity_associations=[identity] if identity else None,
        # The fields that this program sets are its own; a hand-made change does not survive an update.
        resolve_conflicts_on_create="OVERWRITE",
        resolve_conflicts_on_update="OVERWRITE",
        opts=pulumi.ResourceOptions(parent=parent, depends_on=list(after)),
    )
