"""A cluster on AWS: EKS with its key, its logs, who may administer it, and what its nodes need."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pulumi
import pulumi_aws as aws

from bedplate.clouds.aws import PARTITION, declare_service_role, policy_document
from bedplate.clusters.aws_addons import declare_node_addons
from bedplate.clusters.aws_encryption import audit_log_group, declare_key

if TYPE_CHECKING:
    from bedplate.clusters.plan import ClusterPlan
    from bedplate.networking.handles import NetworkHandles

LOG_TYPES = ("api", "audit", "authenticator", "controllerManager", "scheduler")
"""All that EKS offers."""

ADMINISTRATOR_POLICY = f"arn:{PARTITION}:eks::aws:cluster-access-policy/AmazonEKSClusterAdminPolicy"


@dataclass(frozen=True, slots=True)
class EksCluster:
    """A declared EKS cluster. `node_prerequisites` must exist before the first node."""

    cluster: aws.eks.Cluster
    key: aws.kms.Key
    node_prerequisites: tuple[pulumi.Resource, ...]

    @property
    def endpoint(self) -> pulumi.Output[str]:
        """The address of the API server."""
        return self.cluster.endpoint  # type: ignore[no-any-return]

    @property
    def certificate_authority(self) -> pulumi.Output[str]:
        """The certificate that vouches for the API server, as base64 text."""
        return self.cluster.certificate_authority.data  # type: ignore[no-any-return]

    @property
    def node_security_group(self) -> pulumi.Output[str]:
        """The security group that EKS makes for the control plane and its nodes."""
        return self.cluster.vpc_config.cluster_security_group_id  # type: ignore[no-any-return]


def declare_cluster(plan: ClusterPlan, network: NetworkHandles, parent: pulumi.Resource) -> EksCluster:
    """Declare a planned cluster in its network."""
    key = declare_key(plan, parent)
    cluster = _declare_control_plane(plan, network, key, parent)
    _declare_administrators(plan, cluster, parent)
    addons = declare_node_addons(plan, cluster, parent)
    return EksCluster(cluster, key, node_prerequisites=(*network.egress, *addons))


def _declare_control_plane(
    plan: ClusterPlan, network: NetworkHandles, key: aws.kms.Key, parent: pulumi.Resource
) -> aws.eks.Cluster:
    options = pulumi.ResourceOptions(parent=parent)
    name = f"{plan.full_name}-control-plane"
    role, ready = declare_service_role(name, "eks.amazonaws.com", ["AmazonEKSClusterPolicy"], parent)
    use_key = aws.iam.RolePolicy(
        name,
        role=role.id,
        policy=key.arn.apply(
            lambda arn: policy_document(
                {
                    "Effect": "Allow",
                    "Action": ["kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", "kms:ListGrants"],
                    "Resource": arn,
                }
            )
        ),
        opts=options,
    )
    # EKS makes the log group if it is missing: without a retention, and without the key.
    logs = aws.cloudwatch.LogGroup(
        f"{plan.full_name}-logs",
        name=audit_log_group(plan.full_name),
        retention_in_days=plan.audit_log_days,
        kms_key_id=key.arn,
        opts=pulumi.ResourceOptions.merge(options, pulumi.ResourceOptions(protect=plan.deletion_protection)),
    )
    return aws.eks.Cluster(
        plan.full_name,
        name=plan.full_name,
        role_arn=role.arn,
        version=plan.kubernetes_version,
        vpc_config=aws.eks.ClusterVpcConfigArgs(
            subnet_ids=[network.private_subnets[zone] for zone in plan.control_plane_zones],
            # Nodes always take the private way; the public one exists for the named runners alone.
            endpoint_private_access=True,
            endpoint_public_access=plan.public_endpoint,
            public_access_cidrs=list(plan.runner_networks) or None,
        ),
        access_config=aws.eks.ClusterAccessConfigArgs(
            authentication_mode="API",
            # The role that runs this program goes on to declare what is inside the cluster.
            bootstrap_cluster_creator_admin_permissions=True,
        ),
        encryption_config=aws.eks.ClusterEncryptionConfigArgs(
            provider=aws.eks.ClusterEncryptionConfigProviderArgs(key_arn=key.arn), resources=["secrets"]
        ),
        enabled_cluster_log_types=list(LOG_TYPES),
        # Their unmanaged copies would stand in the way of the managed add-ons.
        bootstrap_self_managed_addons=False,
        # An outdated version is upgraded at the end of its standard support, not billed at six times the price.
        upgrade_policy=aws.eks.ClusterUpgradePolicyArgs(support_type="STANDARD"),
        deletion_protection=plan.deletion_protection,
        opts=pulumi.ResourceOptions.merge(
            options,
            pulumi.ResourceOptions(
                protect=plan.deletion_protection,
                depends_on=[*ready, use_key, logs],
                # Its name is taken until it is gone.
                delete_before_replace=True,
            ),
        ),
    )


def _declare_administrators(plan: ClusterPlan, cluster: aws.eks.Cluster, parent: pulumi.Resource) -> None:
    for role_arn in plan.administrators:
        name = f"{plan.full_name}-{administrator_name(role_arn)}"
        entry = aws.eks.AccessEntry(
            name,
            cluster_name=cluster.name,
            principal_arn=role_arn,
            opts=pulumi.ResourceOptions(parent=parent),
        )
        aws.eks.AccessPolicyAssociation(
            name,
            cluster_name=cluster.name,
            principal_arn=role_arn,
            policy_arn=ADMINISTRATOR_POLICY,
            access_scope=aws.eks.AccessPolicyAssociationAccessScopeArgs(type="cluster"),
            opts=pulumi.ResourceOptions(parent=parent, depends_on=[entry]),
        )


def administrator_name(role_arn: str) -> str:
    """Return a name for a role that no other role has: its account and path belong to it.

    >>> administrator_name("arn:aws:iam::123456789012:role/teams/platform")
    '123456789012-teams-platform'
    """
    account, role = role_arn.split(":", 5)[4:]
    return f"{account}-{role.removeprefix('role/').replace('/', '-')}"
