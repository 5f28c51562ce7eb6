"""A cluster on Google Cloud: GKE with its key, the identity of its nodes, and who may administer it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pulumi

from bedplate.clouds.gcp import declare_service_account
from bedplate.clouds.gcp_names import ACCOUNT_LENGTH, fitting_name
from bedplate.clusters.gcp_control_plane import declare_control_plane
from bedplate.clusters.gcp_encryption import declare_key
from bedplate.clusters.handles import GkeHandles
from bedplate.clusters.kubeconfig import gke_kubeconfig, kubernetes_provider
from bedplate.clusters.live import LiveCluster
from bedplate.networking.gcp import declare_network
from bedplate.services.manifests import apply_manifests

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bedplate.clusters.gcp_plan import GkePlan

NODE_ROLES = ("roles/container.defaultNodeServiceAccount", "roles/artifactregistry.reader")
"""What a node itself may do: write its logs and metrics, and pull images (GKE documentation, "Harden your cluster's
security", "Use least privilege IAM service accounts"). What pods may do is the business of workload identity."""


def declare_cluster(plan: GkePlan, cloud: pulumi.ProviderResource | None, parent: pulumi.Resource) -> LiveCluster:
    """Declare a planned cluster with its network."""
    network = declare_network(plan, parent)
    key, key_ready = declare_key(plan, parent)
    nodes, nodes_ready = declare_service_account(
        f"{plan.cloud_name}-nodes",
        fitting_name(f"{plan.full_name}-nodes", ACCOUNT_LENGTH),
        f"Nodes of the cluster {plan.full_name}",
        plan.project,
        NODE_ROLES,
        parent,
    )
    cluster = declare_control_plane(plan, network, key, nodes, parent, [*key_ready, *nodes_ready])
    export = {
        "endpoint": cluster.endpoint,
        "certificateAuthority": cluster.master_auth.cluster_ca_certificate,
        "network": network.network,
        "subnetwork": network.subnetwork,
        "nodeServiceAccount": nodes.email,
        "encryptionKey": key.id,
    }
    prerequisites = (cluster, *network.egress, *nodes_ready, *key_ready)
    handles = _handles(plan, export, cloud, parent, node_prerequisites=prerequisites)
    if plan.administrators:
        apply_manifests([administrators_binding(plan)], handles.kubernetes, parent, depends_on=[cluster])
    return LiveCluster(handles, export)


def refer_to_cluster(
    plan: GkePlan, outputs: pulumi.Output[Mapping[str, Any]], cloud: pulumi.ProviderResource | None
) -> GkeHandles:
    """Return the handles of a cluster of a platform stack, which exported `outputs`."""
    names = ("endpoint", "certificateAuthority", "network", "subnetwork", "nodeServiceAccount", "encryptionKey")
    return _handles(plan, {name: outputs[name] for name in names}, cloud, None)


def _handles(
    plan: GkePlan,
    export: Mapping[str, Any],
    cloud: pulumi.ProviderResource | None,
    parent: pulumi.Resource | None,
    node_prerequisites: tuple[pulumi.Resource, ...] = (),
) -> GkeHandles:
    kubeconfig = pulumi.Output.all(export["endpoint"], export["certificateAuthority"]).apply(
        lambda values: gke_kubeconfig(plan.cloud_name, *values)
    )
    return GkeHandles(
        name=plan.cloud_name,
        region=plan.region,
        kubernetes_version=plan.kubernetes_version,
        cloud=cloud,
        kubernetes=kubernetes_provider(plan, kubeconfig, parent=parent),
        node_prerequisites=node_prerequisites,
        project=plan.project,
        network_plan=plan.network,
        network=export["network"],
        subnetwork=export["subnetwork"],
        node_service_account=export["nodeServiceAccount"],
        encryption_key=export["encryptionKey"],
    )


def administrators_binding(plan: GkePlan) -> dict[str, Any]:
    """Return who administers the cluster: by name, so that IAM need not let them into every cluster of the project."""
    return {
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": "ClusterRoleBinding",
        "metadata": {"name": "bedplate-administrators"},
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "cluster-admin"},
        "subjects": [
            {"apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": address}
            for address in plan.administrators
        ],
    }
