"""How programs reach an API server: a configuration that holds no credential, so that it need not be kept secret."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pulumi
    import pulumi_kubernetes

    from bedplate.clusters.plan import ClusterPlan


def eks_kubeconfig(name: str, region: str, endpoint: str, certificate_authority: str) -> str:
    """Return a kubeconfig that gets a short-lived token from the AWS command line, as whoever runs the program.

    `certificate_authority` is the base64 text that EKS returns.
    """
    get_token = ["--region", region, "eks", "get-token", "--cluster-name", name, "--output", "json"]
    return _kubeconfig(name, endpoint, certificate_authority, {"command": "aws", "args": get_token})


def gke_kubeconfig(name: str, address: str, certificate_authority: str) -> str:
    """Return a kubeconfig that gets a short-lived token from Google's plugin, as whoever runs the program.

    `address` is the host that GKE returns, and `certificate_authority` its base64 text.
    """
    plugin = {
        "command": "gke-gcloud-auth-plugin",
        "provideClusterInfo": True,
        "installHint": "gcloud components install gke-gcloud-auth-plugin",
    }
    return _kubeconfig(name, f"https://{address}", certificate_authority, plugin)


AKS_SERVER_APPLICATION = "6dae42f8-4368-4678-94ff-3960e28e3630"
"""The application for which Entra issues tokens that every AKS cluster takes (AKS, "Use kubelogin")."""


def aks_kubeconfig(name: str, server: str, certificate_authority: str) -> str:
    """Return a kubeconfig that gets a short-lived token from kubelogin, as whoever is signed in to the Azure command
    line. A runner without one sets `AAD_LOGIN_METHOD`, which kubelogin heeds before this.

    `certificate_authority` is the base64 text that AKS returns.
    """
    get_token = ["get-token", "--login", "azurecli", "--server-id", AKS_SERVER_APPLICATION]
    return _kubeconfig(name, server, certificate_authority, {"command": "kubelogin", "args": get_token})


def _kubeconfig(name: str, server: str, certificate_authority: str, get_token: Mapping[str, Any]) -> str:
    """JSON is YAML, and its text does not depend on a writer."""
    program = {
        "apiVersion": "client.authentication.k8s.io/v1beta1",
        "interactiveMode": "Never",
        **get_token,
    }
    return json.dumps(
        {
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [
                {"name": name, "cluster": {"server": server, "certificate-authority-data": certificate_authority}}
            ],
            "users": [{"name": name, "user": {"exec": program}}],
            "contexts": [{"name": name, "context": {"cluster": name, "user": name}}],
            "current-context": name,
        },
        sort_keys=True,
    )


def kubernetes_provider(
    plan: ClusterPlan, kubeconfig: pulumi.Input[str], parent: pulumi.Resource | None = None
) -> pulumi_kubernetes.Provider:
    """Declare the provider for a cluster's API server."""
    import pulumi
    import pulumi_kubernetes

    return pulumi_kubernetes.Provider(
        plan.full_name,
        kubeconfig=kubeconfig,
        # What is inside the cluster is replaced when the cluster is another one, not when its certificate is.
        cluster_identifier="/".join(filter(None, [plan.provider, plan.region, plan.full_name])),
        opts=pulumi.ResourceOptions(parent=parent),
    )
