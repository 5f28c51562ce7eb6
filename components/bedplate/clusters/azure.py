"""A cluster on Azure: AKS with its network, key, logs and identity, in a resource group of its own."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any

import pulumi
import pulumi_azure_native as azure
import yaml

from bedplate.clouds.azure import grant, tags_of
from bedplate.clusters.azure_control_plane import declare_control_plane
from bedplate.clusters.azure_encryption import declare_key
from bedplate.clusters.azure_logs import declare_logs
from bedplate.clusters.handles import AksHandles
from bedplate.clusters.kubeconfig import aks_kubeconfig, kubernetes_provider
from bedplate.clusters.live import LiveCluster
from bedplate.networking.azure import declare_network

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bedplate.clusters.azure_plan import AksPlan

EXPORTED = ("server", "certificateAuthority", "nodesSubnetId", "controlPlanePrincipalId")


def declare_cluster(plan: AksPlan, cloud: pulumi.ProviderResource | None, parent: pulumi.Resource) -> LiveCluster:
    """Declare a planned cluster with its network."""
    tags = tags_of(cloud)
    options = pulumi.ResourceOptions(parent=parent)
    group = azure.resources.ResourceGroup(
        plan.resource_group,
        resource_group_name=plan.resource_group,
        location=plan.region,
        tags=tags,
        opts=pulumi.ResourceOptions.merge(options, pulumi.ResourceOptions(protect=plan.deletion_protection)),
    )
    network = declare_network(plan, group.name, tags, parent)
    name = f"{plan.full_name}-control-plane"
    identity = azure.managedidentity.UserAssignedIdentity(
        name, resource_name_=name, resource_group_name=group.name, location=plan.region, tags=tags, opts=options
    )
    joins = grant(
        f"{plan.full_name}-network", plan.subscription, "Network Contributor", network.network_id,
        identity.principal_id, parent,
    )  # fmt: skip
    key = declare_key(plan, group.name, identity, tags, parent)
    cluster = declare_control_plane(plan, group.name, network, key, identity, tags, parent, [joins])
    declare_logs(plan, group.name, cluster, tags, parent)
    access = _server_access(plan, cluster, parent)
    export = {
        "server": access["server"],
        "certificateAuthority": access["certificateAuthority"],
        "nodesSubnetId": network.nodes_subnet_id,
        "controlPlanePrincipalId": identity.principal_id,
    }
    return LiveCluster(_handles(plan, export, cloud, parent, node_prerequisites=(cluster,)), export)


def refer_to_cluster(
    plan: AksPlan, outputs: pulumi.Output[Mapping[str, Any]], cloud: pulumi.ProviderResource | None
) -> AksHandles:
    """Return the handles of a cluster of a platform stack, which exported `outputs`."""
    return _handles(plan, {name: outputs[name] for name in EXPORTED}, cloud, None)


def _server_access(
    plan: AksPlan, cluster: azure.containerservice.ManagedCluster, parent: pulumi.Resource
) -> pulumi.Output[dict[str, str]]:
    """Read where the API server is and who vouches for it: AKS says so only in a configuration for its users.

    That one holds no credential, because the cluster has no local accounts.
    """
    listed = azure.containerservice.list_managed_cluster_user_credentials_output(
        resource_group_name=plan.resource_group,
        # Its own identifier, so that nothing is asked before there is a cluster.
        resource_name=cluster.id.apply(lambda identity: identity.rpartition("/")[2]),
        opts=pulumi.InvokeOutputOptions(parent=parent),
    )
    return pulumi.Output.unsecret(listed.kubeconfigs.apply(lambda configs: server_access(configs[0].value)))


def server_access(kubeconfig: str) -> dict[str, str]:
    """Return address and certificate authority from the base64 text of a configuration as AKS hands it out."""
    (known,) = yaml.safe_load(base64.b64decode(kubeconfig))["clusters"]
    cluster = known["cluster"]
    return {"server": cluster["server"], "certificateAuthority": cluster["certificate-authority-data"]}


def _handles(
    plan: AksPlan,
    export: Mapping[str, Any],
    cloud: pulumi.ProviderResource | None,
    parent: pulumi.Resource | None,
    node_prerequisites: tuple[pulumi.Resource, ...] = (),
) -> AksHandles:
    kubeconfig = pulumi.Output.all(export["server"], export["certificateAuthority"]).apply(
        lambda values: aks_kubeconfig(plan.full_name, *values)
    )
    return AksHandles(
        name=plan.full_name,
        region=plan.region,
        kubernetes_version=plan.kubernetes_version,
        cloud=cloud,
        kubernetes=kubernetes_provider(plan, kubeconfig, parent=parent),
        node_prerequisites=node_prerequisites,
        subscription=plan.subscription,
        resource_group=plan.resource_group,
        nodes_subnet_id=export["nodesSubnetId"],
        control_plane_principal_id=export["controlPlanePrincipalId"],
        host_encryption=plan.host_encryption,
        drivers=plan.drivers,
    )
