"""The control plane of a GKE cluster, and what holds for all its nodes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pulumi
import pulumi_gcp as gcp

from bedplate.networking.gcp import PODS, SERVICES
from bedplate.networking.gcp_plan import PODS_PER_NODE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bedplate.clusters.gcp_plan import GkePlan
    from bedplate.networking.handles import GcpNetworkHandles

CLOUD_PLATFORM_SCOPE = "https://www.googleapis.com/auth/cloud-platform"
"""What an access token may be used for at most: IAM roles say what it may do."""

LOGS = ("SYSTEM_COMPONENTS", "APISERVER", "CONTROLLER_MANAGER", "SCHEDULER")
"""Logs of the cluster's own parts. Those of workloads are left out: their price follows whatever teams print. Who
asked the API server for what is in Cloud Audit Logs, which cannot be turned off."""

METRICS = ("SYSTEM_COMPONENTS",)
"""What costs nothing (Google Cloud Observability, pricing)."""

WEEKEND_START, WEEKEND_END = "2026-01-03T02:00:00Z", "2026-01-03T08:00:00Z"
"""A Saturday: from then on GKE patches nodes on Saturdays and Sundays in these six hours. Together they are more than
the 48 hours in 32 days that it asks for ("Maintenance windows and exclusions")."""


def declare_control_plane(
    plan: GkePlan,
    network: GcpNetworkHandles,
    key: gcp.kms.CryptoKey,
    nodes: gcp.serviceaccount.Account,
    parent: pulumi.Resource,
    after: Sequence[pulumi.Resource],
) -> gcp.container.Cluster:
    """Declare the cluster without nodes; `nodes` is the account in which they will run."""
    return gcp.container.Cluster(
        plan.cloud_name,
        name=plan.cloud_name,
        project=plan.project,
        location=plan.region,
        node_locations=list(plan.zones),
        description=plan.full_name,
        min_master_version=plan.kubernetes_version,
        release_channel=gcp.container.ClusterReleaseChannelArgs(channel=plan.release_channel.upper()),
        maintenance_policy=_maintenance(),
        **_network_settings(network),
        **_access_settings(plan),
        # Neither can be changed later, and costs nothing where no pool asks for it. Dataplane V2 enforces network
        # policies; without it they are accepted and do nothing.
        datapath_provider="ADVANCED_DATAPATH",
        enable_multi_networking=True,
        database_encryption=gcp.container.ClusterDatabaseEncryptionArgs(state="ENCRYPTED", key_name=key.id),
        workload_identity_config=gcp.container.ClusterWorkloadIdentityConfigArgs(workload_pool=plan.workload_pool),
        enable_shielded_nodes=True,
        # The project's own policy for images; one that says nothing lets all of them in.
        binary_authorization=gcp.container.ClusterBinaryAuthorizationArgs(
            evaluation_mode="PROJECT_SINGLETON_POLICY_ENFORCE"
        ),
        security_posture_config=gcp.container.ClusterSecurityPostureConfigArgs(
            mode="BASIC", vulnerability_mode="VULNERABILITY_DISABLED"
        ),
        logging_config=gcp.container.ClusterLoggingConfigArgs(enable_components=list(LOGS)),
        monitoring_config=gcp.container.ClusterMonitoringConfigArgs(
            enable_components=list(METRICS),
            managed_prometheus=gcp.container.ClusterMonitoringConfigManagedPrometheusArgs(enabled=False),
        ),
        cost_management_config=gcp.container.ClusterCostManagementConfigArgs(enabled=True),
        addons_config=gcp.container.ClusterAddonsConfigArgs(
            dns_cache_config=gcp.container.ClusterAddonsConfigDnsCacheConfigArgs(enabled=True),
            gcs_fuse_csi_driver_config=gcp.container.ClusterAddonsConfigGcsFuseCsiDriverConfigArgs(enabled=True),
        ),
        # Every pool is a resource of its own. GKE makes no cluster without a first one, which it removes at once; it
        # runs for minutes, and as a node like ours, because rules of an organization may refuse any other.
        remove_default_node_pool=True,
        initial_node_count=1,
        node_config=_first_node(key, nodes),
        deletion_protection=plan.deletion_protection,
        opts=pulumi.ResourceOptions(
            parent=parent,
            protect=plan.deletion_protection,
            depends_on=[*after, *network.egress],
            # They were of the first pool, which is gone.
            ignore_changes=["nodeConfig", "initialNodeCount"],
            # Its name is taken until it is gone.
            delete_before_replace=True,
        ),
    )


def _network_settings(network: GcpNetworkHandles) -> dict[str, object]:
    return {
        "network": network.network,
        "subnetwork": network.subnetwork,
        "networking_mode": "VPC_NATIVE",
        "ip_allocation_policy": gcp.container.ClusterIpAllocationPolicyArgs(
            cluster_secondary_range_name=PODS, services_secondary_range_name=SERVICES
        ),
        "default_max_pods_per_node": PODS_PER_NODE,
        # Internal load balancers reach more than 250 nodes only so.
        "enable_l4_ilb_subsetting": True,
    }


def _access_settings(plan: GkePlan) -> dict[str, object]:
    """Nodes have no public address. The control plane has one for the named runners, or none at all."""
    allowed = plan.runner_networks or (plan.network.cidr,)
    return {
        "private_cluster_config": gcp.container.ClusterPrivateClusterConfigArgs(
            enable_private_nodes=True, enable_private_endpoint=not plan.public_endpoint
        ),
        "master_authorized_networks_config": gcp.container.ClusterMasterAuthorizedNetworksConfigArgs(
            cidr_blocks=[
                gcp.container.ClusterMasterAuthorizedNetworksConfigCidrBlockArgs(cidr_block=cidr) for cidr in allowed
            ],
            # Without it every machine of Google Cloud with a public address would be let through.
            gcp_public_cidrs_access_enabled=False,
        ),
        # A second way in, past the networks that are named.
        "control_plane_endpoints_config": gcp.container.ClusterControlPlaneEndpointsConfigArgs(
            dns_endpoint_config=gcp.container.ClusterControlPlaneEndpointsConfigDnsEndpointConfigArgs(
                allow_external_traffic=False
            )
        ),
        "master_auth": gcp.container.ClusterMasterAuthArgs(
            client_certificate_config=gcp.container.ClusterMasterAuthClientCertificateConfigArgs(
                issue_client_certificate=False
            )
        ),
        "anonymous_authentication_config": gcp.container.ClusterAnonymousAuthenticationConfigArgs(mode="LIMITED"),
        "rbac_binding_config": gcp.container.ClusterRbacBindingConfigArgs(
            enable_insecure_binding_system_authenticated=False, enable_insecure_binding_system_unauthenticated=False
        ),
        "enable_legacy_abac": False,
    }


def _maintenance() -> gcp.container.ClusterMaintenancePolicyArgs:
    """Patches come on weekends; a minor version comes when the stack file says so, or when its support ends."""
    return gcp.container.ClusterMaintenancePolicyArgs(
        recurring_window=gcp.container.ClusterMaintenancePolicyRecurringWindowArgs(
            start_time=WEEKEND_START, end_time=WEEKEND_END, recurrence="FREQ=WEEKLY;BYDAY=SA,SU"
        ),
        maintenance_exclusions=[
            gcp.container.ClusterMaintenancePolicyMaintenanceExclusionArgs(
                exclusion_name="minor-versions-by-the-stack-file",
                start_time=WEEKEND_START,
                exclusion_options=gcp.container.ClusterMaintenancePolicyMaintenanceExclusionExclusionOptionsArgs(
                    scope="NO_MINOR_UPGRADES", end_time_behavior="UNTIL_END_OF_SUPPORT"
                ),
            )
        ],
    )


def _first_node(key: gcp.kms.CryptoKey, nodes: gcp.serviceaccount.Account) -> gcp.container.ClusterNodeConfigArgs:
    return gcp.container.ClusterNodeConfigArgs(
        service_account=nodes.email,
        oauth_scopes=[CLOUD_PLATFORM_SCOPE],
        boot_disk_kms_key=key.id,
        shielded_instance_config=gcp.container.ClusterNodeConfigShieldedInstanceConfigArgs(
            enable_secure_boot=True, enable_integrity_monitoring=True
        ),
    )
