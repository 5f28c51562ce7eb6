"""AWS roles for pods, through EKS Pod Identity: no key in a secret, and no use of the node's own role."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pulumi
import pulumi_aws as aws

from bedplate.clouds.aws import declare_service_role

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bedplate.clusters.handles import ClusterHandles


def pod_trust_conditions(cluster: str, namespace: str, service_account: str) -> dict[str, Any]:
    """Return the conditions that bind a role to one service account of one cluster.

    Without them any association in the account could hand the role to any pod. EKS sets these tags on every session
    (EKS user guide, "Create IAM role with trust policy required by EKS Pod Identity").
    """
    return {
        "StringEquals": {
            "aws:RequestTag/eks-cluster-name": cluster,
            "aws:RequestTag/kubernetes-namespace": namespace,
            "aws:RequestTag/kubernetes-service-account": service_account,
        }
    }


def declare_pod_role(
    name: str,
    cluster: str,
    namespace: str,
    service_account: str,
    parent: pulumi.Resource,
    *,
    managed_policies: Sequence[str] = (),
    policy: pulumi.Input[str] | None = None,
) -> tuple[aws.iam.Role, tuple[pulumi.Resource, ...]]:
    """Declare a role for one service account; `policy` is a policy document of its own.

    Returns the role, and everything that must exist before it is of use.
    """
    role, ready = declare_service_role(
        name,
        "pods.eks.amazonaws.com",
        managed_policies,
        parent,
        actions=("sts:AssumeRole", "sts:TagSession"),
        conditions=pod_trust_conditions(cluster, namespace, service_account),
    )
    if policy is None:
        return role, ready
    own = aws.iam.RolePolicy(name, role=role.id, policy=policy, opts=pulumi.ResourceOptions(parent=parent))
    return role, (*ready, own)


def pod_identity(
    name: str,
    cluster: ClusterHandles,
    namespace: str,
    service_account: str,
    parent: pulumi.Resource,
    *,
    managed_policies: Sequence[str] = (),
    policy: pulumi.Input[str] | None = None,
) -> pulumi.Resource:
    """Give the pods of a service account a role; pods that start before the returned resource exists do not get it.

    `parent` must work with the cluster's cloud provider.
    """
    role, ready = declare_pod_role(
        name,
        cluster.name,
        namespace,
        service_account,
        parent,
        managed_policies=managed_policies,
        policy=policy,
    )
    association: pulumi.Resource = aws.eks.PodIdentityAssociation(
        name,
        cluster_name=cluster.name,
        namespace=namespace,
        service_account=service_account,
        role_arn=role.arn,
        # The cluster's name is known before there is a cluster; the add-ons are there only after it.
        opts=pulumi.ResourceOptions(parent=parent, depends_on=[*ready, *cluster.node_prerequisites]),
    )
    return association
