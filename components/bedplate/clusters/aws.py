"""A cluster on AWS: EKS with its key, its logs, who may administer it, and what its nodes need."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pulumi
import pulumi_aws as aws

from bedplate.clouds.aws import PARTITION, declare_service_role, policy_document
from bedplate.clusters.aws_addons import declare_dns, declare_node_addons
from bedplate.clusters.aws_encryption import audit_log_group, declare_key
from bedplate.clusters.handles import EksHandles
from bedplate.clusters.kubeconfig import eks_kubeconfig, kubernetes_provider
from bedplate.clusters.live import LiveCluster
from bedplate.networking.aws import declare_network

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bedplate.clusters.plan import EksPlan
    from bedplate.networking.handles import AwsNetwork

LOG_TYPES = ("api", "audit", "authenticator", "controllerManager", "scheduler")
"""All that EKS offers."""

ADMINISTRATOR_POLICY = f"arn:{PARTITION}:eks::aws:cluster-access-policy/AmazonEKSClusterAdminPolicy"


def declare_cluster(plan: EksPlan, cloud: pulumi.ProviderResource | None, parent: pulumi.Resource) -> LiveCluster:
    """Declare a planned cluster with its network."""
    network = declare_network(plan, parent)
    key = declare_key(plan, parent)
    cluster = _declare_control_plane(plan, network, key, parent)
    _declare_administrators(plan, cluster, parent)
    addons = declare_node_addons(plan, cluster, parent)
    export = {
        "endpoint": cluster.endpoint,
        "certificateAuthority": cluster.certificate_authority.data,
        "vpcId": network.vpc_id,
        "privateSubnets": dict(network.private_subnets),
        # The group that EKS makes for the control plane and its nodes.
        "nodeSecurityGroupIds": [cluster.vpc_config.cluster_security_group_id],
        "encryptionKeyArn": key.arn,
    }
    handles = _handles(plan, export, cloud, parent, node_prerequisites=(*network.egress, *addons))
    return LiveCluster(handles, export, start_dns=lambda after: declare_dns(plan, cluster, parent, after))


def refer_to_cluster(
    plan: EksPlan, outputs: pulumi.Output[Mapping[str, Any]], cloud: pulumi.ProviderResource | None
) -> EksHandles:
    """Return the handles of a cluster of a platform stack, which exported `outputs`."""
    known = {key: outputs[key] for key in ("endpoint", "certificateAuthority", "vpcId", "encryptionKeyArn")}
    subnets = {zone: outputs["privateSubnets"][zone] for zone in plan.zones}
    groups = [outputs["nodeSecurityGroupIds"][0]]
    return _handles(plan, {**known, "privateSubnets": subnets, "nodeSecurityGroupIds": groups}, cloud, None)


def _handles(
    plan: EksPlan,
    export: Mapping[str, Any],
    cloud: pulumi.ProviderResource | None,
    parent: pulumi.Resource | None,
    node_prerequisites: tuple[pulumi.Resource, ...] = (),
) -> EksHandles:
    kubeconfig = pulumi.Output.all(export["endpoint"], export["certificateAuthority"]).apply(
        lambda values: eks_kubeconfig(plan.full_name, plan.region, *values)
    )
    return EksHandles(
        name=plan.full_name,
        region=plan.region,
        kubernetes_version=plan.kubernetes_version,
        cloud=cloud,
        kubernetes=kubernetes_provider(plan, kubeconfig, parent=parent),
        node_prerequisites=node_prerequisites,
        vpc_id=export["vpcId"],
        private_subnets=export["privateSubnets"],
        node_security_group_ids=tuple(export["nodeSecurityGroupIds"]),
        encryption_key_arn=export["encryptionKeyArn"],
    )


def _declare_control_plane(
    plan: EksPlan, network: AwsNetwork, key: aws.kms.Key, parent: pulumi.Resource
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


def _declare_administrators(plan: EksPlan, cluster: aws.eks.Cluster, parent: pulumi.Resource) -> None:
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
