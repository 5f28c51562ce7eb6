"""NVIDIA's driver for dynamic resource allocation: NVLink domains that reach over several nodes (ComputeDomain).

Its other half, which hands out GPUs, stays off: beside the device plugin a GPU would be handed out twice (NVIDIA/aicr).
Names of values were read in kubernetes-sigs/dra-driver-nvidia-gpu at tag v25.12.0. The host's own nvidia-imex.service
must not run on these nodes (issue 524 there).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bedplate.node_pools.labels import ACCELERATOR_LABEL, ROLE_LABEL
from bedplate.services.helm import HelmRelease, helm_release
from bedplate.services.nvidia import RESOURCE_NAME, nvidia_path
from bedplate.services.tolerations import agent_tolerations

if TYPE_CHECKING:
    from bedplate.plan import OwnedCluster

DOMAIN_ACCELERATORS = ("gb200", "gb300")
"""Where NVLink leaves the node. On other nodes the plugin fails at its start (issue 1264 of the driver)."""


def dra_driver_release(cluster: OwnedCluster) -> HelmRelease:
    """Return the DRA driver's Helm release for a cluster."""
    return helm_release(
        "nvidia-dra-driver-gpu",
        {
            "nvidiaDriverRoot": nvidia_path(cluster).driver_root,
            "resources": {"gpus": {"enabled": False}, "computeDomains": {"enabled": True}},
            # The default asks for a node of the control plane, which a managed cluster does not show.
            "controller": {"affinity": _nodes_with(ROLE_LABEL, ("general",))},
            "kubeletPlugin": {
                "affinity": _nodes_with(ACCELERATOR_LABEL, DOMAIN_ACCELERATORS),
                "tolerations": agent_tolerations(cluster, [RESOURCE_NAME]),
            },
        },
    )


def _nodes_with(label: str, values: tuple[str, ...]) -> dict[str, Any]:
    terms = [{"matchExpressions": [{"key": label, "operator": "In", "values": list(values)}]}]
    return {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": terms}}}
