"""Namespaces of the platform's own agents, with the reason why their pods may do more than others."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bedplate.node_pools.labels import DOMAIN
from bedplate.services.plan import SYSTEM_NAMESPACE

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bedplate.services.plan import ServicesPlan

REASON_ANNOTATION = f"{DOMAIN}/privileged-because"

# The whole list of exemptions from restricted pods that Bedplate makes.
PRIVILEGED: Mapping[str, str] = {
    "gpu-operator": "device plugin, feature discovery and DCGM open the node's GPUs and mount the kubelet's sockets",
    "kube-amd-gpu": "device plugin, node labeller and exporter open the node's accelerators, and the driver is loaded",
    "nvidia-dra-driver-gpu": "the plugin opens the node's GPUs and mounts the kubelet's sockets",
    "nvidia-network-operator": "device plugins open the node's network cards, and their driver is loaded",
}

# GKE admits system-node-critical and system-cluster-critical outside kube-system only where a quota names them.
CRITICAL = ("gpu-operator", "nvidia-dra-driver-gpu")
CRITICAL_PODS = 10_000
"""More than the nodes of any cluster here: the quota is there to admit, not to bound."""


def service_namespaces(services: ServicesPlan) -> list[dict[str, Any]]:
    """Return the namespaces that a cluster's services need and the cluster does not bring."""
    return [_namespace(name) for name in services.namespaces if name != SYSTEM_NAMESPACE]


def service_quotas(services: ServicesPlan) -> list[dict[str, Any]]:
    """Return the quotas without which a cluster admits no pods of the highest priorities in these namespaces."""
    return [_quota(name) for name in services.namespaces if name in CRITICAL] if services.quotas else []


def _quota(namespace: str) -> dict[str, Any]:
    classes = {
        "scopeName": "PriorityClass",
        "operator": "In",
        "values": ["system-node-critical", "system-cluster-critical"],
    }
    return {
        "apiVersion": "v1",
        "kind": "ResourceQuota",
        "metadata": {"name": "critical-pods", "namespace": namespace},
        "spec": {"hard": {"pods": str(CRITICAL_PODS)}, "scopeSelector": {"matchExpressions": [classes]}},
    }


def _namespace(name: str) -> dict[str, Any]:
    level = "privileged" if name in PRIVILEGED else "restricted"
    metadata: dict[str, Any] = {
        "name": name,
        "labels": {
            "app.kubernetes.io/managed-by": "bedplate",
            **{f"pod-security.kubernetes.io/{mode}": level for mode in ("enforce", "audit", "warn")},
        },
    }
    if name in PRIVILEGED:
        metadata["annotations"] = {REASON_ANNOTATION: PRIVILEGED[name]}
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": metadata}
