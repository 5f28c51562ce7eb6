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
}


def service_namespaces(services: ServicesPlan) -> list[dict[str, Any]]:
    """Return the namespaces that a cluster's services need and the cluster does not bring."""
    return [_namespace(name) for name in services.namespaces if name != SYSTEM_NAMESPACE]


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
