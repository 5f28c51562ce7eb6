"""NVIDIA's GPU operator: device plugin, labels and metrics of GPUs, on images that bring driver and toolkit.

Names of values were read in NVIDIA/gpu-operator at tag v26.3.3 (deployments/gpu-operator). Why the operator and not
the plain device plugin: docs/decisions/.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bedplate.node_pools.labels import ROLE_LABEL
from bedplate.services.helm import HelmRelease, helm_release
from bedplate.services.node_images import nvidia_image_contents
from bedplate.services.tolerations import node_tolerations

if TYPE_CHECKING:
    from bedplate.clusters.plan import ClusterPlan

RESOURCE_NAME = "nvidia.com/gpu"


def gpu_operator_release(cluster: ClusterPlan) -> HelmRelease:
    """Return the GPU operator's Helm release for a cluster."""
    image = nvidia_image_contents(cluster.provider)
    tolerations = node_tolerations([RESOURCE_NAME])
    on_general = {ROLE_LABEL: "general"}
    values: dict[str, Any] = {
        "driver": {"enabled": not image.driver},
        "toolkit": {"enabled": not image.container_toolkit},
        "devicePlugin": {"enabled": not image.device_plugin},
        "cdi": {"enabled": image.cdi},
        # The default tolerates nvidia.com/gpu alone, and our nodes carry their role's taint too.
        "daemonsets": {"tolerations": tolerations},
        "operator": {"nodeSelector": {"kubernetes.io/os": "linux", **on_general}},
        "node-feature-discovery": {
            # The operator puts its device plugin on nodes that feature discovery has labelled, so a worker that does
            # not tolerate a pool's taints leaves all its GPUs unknown.
            "worker": {"tolerations": tolerations},
            "master": {"nodeSelector": on_general},
            "gc": {"nodeSelector": on_general},
        },
        # Whole GPUs: pools count them, and the autoscaler's view of an empty group knows no slices.
        "mig": {"strategy": "none"},
        "migManager": {"enabled": False},
        "dcgmExporter": {"enabled": True, "serviceMonitor": {"enabled": False}},
    }
    # operator.upgradeCRD, on by default, needs Helm not to validate (values.yaml of the chart).
    return helm_release("gpu-operator", values, validate_openapi=False)
