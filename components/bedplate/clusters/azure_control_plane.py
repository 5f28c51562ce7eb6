"""The control plane of an AKS cluster, and what holds for all its nodes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pulumi
import pulumi_azure_native as azure

from bedplate.clusters.azure_plan import SYSTEM_POOL

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from bedplate.clusters.azure_encryption import ClusterKey
    from bedplate.clusters.azure_plan import AksPlan
    from bedplate.networking.handles import AzureNetworkHandles

PODS_PER_NODE = 110
"""What Kubernetes is tested with ("Considerations for large clusters"); AKS would allow 250 with its overlay."""

WEEKEND = ("Saturday", "Sunday")
WINDOW_START, WINDOW_HOURS = "02:00", 6
"""In UTC; AKS asks for four hours or more (AKS, "Use planned maintenance")."""


def declare_control_plane(
    plan: AksPlan,
    group: pulumi.Input[str],
    network: AzureNetworkHandles,
    key: ClusterKey,
    identity: azure.managedidentity.UserAssignedIdentity,
    tags: Mapping[str, str],
    parent: pulumi.Resource,
    after: Sequence[pulumi.Resource],
) -> azure.containerservice.ManagedCluster:
    """Declare the cluster with its system nodes; `identity` is its own, which must have its rights before."""
    cluster = azure.containerservice.ManagedCluster(
        plan.full_name,
        resource_name_=plan.full_name,
        resource_group_name=group,
        location=plan.region,
        node_resource_group=plan.node_resource_group,
        dns_prefix=plan.full_name,
        kubernetes_version=plan.kubernetes_version,
        # The tier with a promised availability of the API server.
        sku=azure.containerservice.ManagedClusterSKUArgs(name="Base", tier="Standard"),
        identity=azure.containerservice.ManagedClusterIdentityArgs(
            type="UserAssigned", user_assigned_identities=[identity.id]
        ),
        agent_pool_profiles=[_system_pool(plan, network, tags)],
        disk_encryption_set_id=key.disk_encryption_set,
        **_access(plan, network),
        **_network(plan),
        **_upkeep(plan),
        security_profile=azure.containerservice.ManagedClusterSecurityProfileArgs(
            azure_key_vault_kms=azure.containerservice.AzureKeyVaultKmsArgs(
                enabled=True, key_id=key.version, key_vault_network_access="Public"
            ),
            workload_identity=azure.containerservice.ManagedClusterSecurityProfileWorkloadIdentityArgs(enabled=True),
        ),
        # Nobody changes nodes behind the cluster's back.
        node_resource_group_profile=azure.containerservice.ManagedClusterNodeResourceGroupProfileArgs(
            restriction_level="ReadOnly"
        ),
        tags=dict(tags),
        opts=pulumi.ResourceOptions(
            parent=parent,
            protect=plan.deletion_protection,
            depends_on=[*after, *key.ready, *network.egress],
            # AKS lists all pools here, those too that are resources of their own: what it says must not look like a
            # change of the one that was made with the cluster (docs/decisions/0011-aks-clusters.md).
            ignore_changes=["agentPoolProfiles"],
            # Its name is taken until it is gone.
            delete_before_replace=True,
        ),
    )
    if plan.patches == "weekend":
        _declare_windows(plan, group, cluster, parent)
    return cluster


def _system_pool(
    plan: AksPlan, network: AzureNetworkHandles, tags: Mapping[str, str]
) -> azure.containerservice.ManagedClusterAgentPoolProfileArgs:
    """Return the pool that AKS demands with a cluster, which takes AKS's own parts alone."""
    system = plan.system
    return azure.containerservice.ManagedClusterAgentPoolProfileArgs(
        name=SYSTEM_POOL,
        mode="System",
        type="VirtualMachineScaleSets",
        vm_size=system.machine.name,
        count=system.nodes,
        availability_zones=list(system.zones) or None,
        os_type="Linux",
        os_sku="Ubuntu",
        os_disk_type=system.os_disk.kind,
        os_disk_size_gb=system.os_disk.gib,
        vnet_subnet_id=network.nodes_subnet_id,
        orchestrator_version=plan.kubernetes_version,
        max_pods=PODS_PER_NODE,
        node_taints=["CriticalAddonsOnly=true:NoSchedule"],
        enable_encryption_at_host=plan.host_encryption,
        enable_node_public_ip=False,
        tags=dict(tags),
    )


def _access(plan: AksPlan, network: AzureNetworkHandles) -> dict[str, Any]:
    """Return who reaches the API server, and who may do what there."""
    profile = azure.containerservice.ManagedClusterAPIServerAccessProfileArgs(
        enable_private_cluster=True,
        private_dns_zone="system",
        enable_private_cluster_public_fqdn=False,
        # A way around the private network for whoever may manage the resource.
        disable_run_command=True,
    )
    if plan.public_endpoint:
        profile = azure.containerservice.ManagedClusterAPIServerAccessProfileArgs(
            enable_private_cluster=False,
            # Nodes reach the API server by its public address too, through NAT.
            authorized_ip_ranges=[*plan.runner_networks, network.nat_address.apply(lambda address: f"{address}/32")],
            disable_run_command=True,
        )
    return {
        "api_server_access_profile": profile,
        "enable_rbac": True,
        "disable_local_accounts": True,
        "aad_profile": azure.containerservice.ManagedClusterAADProfileArgs(
            managed=True, enable_azure_rbac=False, admin_group_object_ids=list(plan.administrators)
        ),
        "oidc_issuer_profile": azure.containerservice.ManagedClusterOIDCIssuerProfileArgs(enabled=True),
    }


def _network(plan: AksPlan) -> dict[str, Any]:
    return {
        "network_profile": azure.containerservice.ContainerServiceNetworkProfileArgs(
            network_plugin="azure",
            network_plugin_mode="overlay",
            network_dataplane="cilium",
            network_policy="cilium",
            pod_cidr=plan.network.pods_cidr,
            service_cidr=plan.network.services_cidr,
            dns_service_ip=plan.network.dns_address,
            outbound_type="userAssignedNATGateway",
            load_balancer_sku="standard",
        )
    }


def _upkeep(plan: AksPlan) -> dict[str, Any]:
    """Return what AKS does by itself: which nodes it adds and gives back, and which versions it takes.

    The offers of a pool are tried in the order of their numbers (services.aks_autoscaler). Values are text, because the
    API has them so.
    """
    automatic = plan.patches == "weekend"
    return {
        "auto_scaler_profile": azure.containerservice.ManagedClusterPropertiesAutoScalerProfileArgs(
            expander="priority",
            balance_similar_node_groups="false",
            # Pods of accelerators mount shared memory, which counts as local storage: no such node would go back.
            skip_nodes_with_local_storage="false",
            scale_down_unneeded_time="10m",
            scale_down_delay_after_add="10m",
            max_node_provision_time="15m",
        ),
        "auto_upgrade_profile": azure.containerservice.ManagedClusterAutoUpgradeProfileArgs(
            upgrade_channel="patch" if automatic else "none",
            node_os_upgrade_channel="NodeImage" if automatic else "None",
        ),
        "node_provisioning_profile": azure.containerservice.ManagedClusterNodeProvisioningProfileArgs(mode="Manual"),
    }


def _declare_windows(
    plan: AksPlan, group: pulumi.Input[str], cluster: azure.containerservice.ManagedCluster, parent: pulumi.Resource
) -> None:
    """Declare when AKS may take patches: Kubernetes versions on the first day of the weekend, images on the second."""
    windows = zip(("aksManagedAutoUpgradeSchedule", "aksManagedNodeOSUpgradeSchedule"), WEEKEND, strict=True)
    for name, day in windows:
        azure.containerservice.MaintenanceConfiguration(
            f"{plan.full_name}-{day.lower()}",
            config_name=name,
            resource_name_=cluster.name,
            resource_group_name=group,
            maintenance_window=azure.containerservice.MaintenanceWindowArgs(
                schedule=azure.containerservice.ScheduleArgs(
                    weekly=azure.containerservice.WeeklyScheduleArgs(day_of_week=day, interval_weeks=1)
                ),
                start_time=WINDOW_START,
                duration_hours=WINDOW_HOURS,
                utc_offset="+00:00",
            ),
            opts=pulumi.ResourceOptions(parent=parent),
        )
