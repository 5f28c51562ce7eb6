"""What a pool brings into its team's namespace for its fabric, so that any manifest can use it.

A ConfigMap `fabric-<pool>` holds the environment (`envFrom`), a ResourceClaimTemplate of the same name claims the cards
of a node where cards are claimed, and a ComputeDomain makes the template `nvlink-<pool>` where NVLink reaches further.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bedplate.fabrics.pods import claim_template_name, nvlink_template_name
from bedplate.node_pools.labels import DOMAIN

if TYPE_CHECKING:
    from bedplate.fabrics.model import FabricPlan
    from bedplate.node_pools.plan import NodePoolPlan

FABRIC_LABEL = f"{DOMAIN}/fabric"


def fabric_manifests(pool: NodePoolPlan, namespace: str) -> list[dict[str, Any]]:
    """Return what a pool's fabric needs in a namespace, or nothing for a pool without one."""
    fabric = pool.groups[0].fabric
    if not fabric.in_use:
        return []
    manifests = [_environment(pool, namespace)] if pool.pods.environment else []
    if fabric.claimed_devices:
        manifests.append(_claim_template(pool, namespace, fabric))
    if fabric.nvlink:
        manifests.append(_compute_domain(pool, namespace))
    return manifests


def _metadata(pool: NodePoolPlan, namespace: str, name: str) -> dict[str, Any]:
    return {"name": name, "namespace": namespace, "labels": {FABRIC_LABEL: pool.fabric}}


def _environment(pool: NodePoolPlan, namespace: str) -> dict[str, Any]:
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {
            **_metadata(pool, namespace, environment_name(pool.name)),
            "annotations": {f"{DOMAIN}/fails-closed": pool.pods.closed_by},
        },
        "data": {variable.name: variable.value for variable in pool.pods.environment},
    }


def environment_name(pool_name: str) -> str:
    """Return the name of the ConfigMap with the environment of a pool's fabric."""
    return f"fabric-{pool_name}"


def _claim_template(pool: NodePoolPlan, namespace: str, fabric: FabricPlan) -> dict[str, Any]:
    cards = {"deviceClassName": fabric.device_class, "allocationMode": "ExactCount", "count": fabric.claimed_devices}
    return {
        "apiVersion": "resource.k8s.io/v1",
        "kind": "ResourceClaimTemplate",
        "metadata": _metadata(pool, namespace, claim_template_name(pool.name)),
        "spec": {"spec": {"devices": {"requests": [{"name": "cards", "exactly": cards}]}}},
    }


def _compute_domain(pool: NodePoolPlan, namespace: str) -> dict[str, Any]:
    """0 nodes lets pods start as they come; any other number is deprecated (dra-driver-nvidia-gpu, ComputeDomain)."""
    return {
        "apiVersion": "resource.nvidia.com/v1beta1",
        "kind": "ComputeDomain",
        "metadata": _metadata(pool, namespace, nvlink_template_name(pool.name)),
        "spec": {"numNodes": 0, "channel": {"resourceClaimTemplate": {"name": nvlink_template_name(pool.name)}}},
    }
