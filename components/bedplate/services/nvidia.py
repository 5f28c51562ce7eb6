"""NVIDIA's GPU operator: driver and container toolkit where nobody else brings them, device plugin, labels, metrics.

Names of values were read in NVIDIA/gpu-operator at tag v26.3.3 (deployments/gpu-operator). Why the operator and not
the plain device plugin: docs/decisions/. What it must leave to others follows from `services.drivers`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bedplate.node_pools.labels import ROLE_LABEL
from bedplate.services.drivers import driver_path
from bedplate.services.helm import HelmRelease, helm_release
from bedplate.services.node_features import brings_features, feature_discovery_values
from bedplate.services.nvidia_sharing import sharing_values
from bedplate.services.tolerations import agent_tolerations

if TYPE_CHECKING:
    from bedplate.plan import OwnedCluster
    from bedplate.services.drivers import DriverPath

RESOURCE_NAME = "nvidia.com/gpu"

RDMA_PLUGINS = frozenset({"rdma-sriov", "rdma-shared"})
"""The network operator's device plugins: with them, cards write into GPU memory, and the driver must let them."""


def gpu_operator_release(cluster: OwnedCluster) -> HelmRelease:
    """Return the GPU operator's Helm release for a cluster. Its driver must be decided by the preconditions."""
    path = nvidia_path(cluster)
    tolerations = agent_tolerations(cluster, [RESOURCE_NAME])
    values: dict[str, Any] = {
        "driver": _driver(path, cluster),
        "toolkit": _toolkit(path),
        "devicePlugin": {"enabled": path.device_plugin == "operator"},
        "cdi": {"enabled": bool(path.cdi)},
        # The default tolerates nvidia.com/gpu alone, and our nodes carry further taints.
        "daemonsets": {"tolerations": tolerations},
        "operator": {"nodeSelector": {"kubernetes.io/os": "linux", ROLE_LABEL: "general"}},
        "dcgmExporter": {"enabled": True, "serviceMonitor": {"enabled": False}},
    }
    if path.runtime_class:
        values["operator"]["runtimeClass"] = path.runtime_class
    if path.driver == "cloud" and path.driver_root != "/":
        values["hostPaths"] = {"driverInstallDir": path.driver_root}
    if brings_features("gpu-operator", cluster):
        values["node-feature-discovery"] = feature_discovery_values(cluster)
    else:
        values["nfd"] = {"enabled": False}
    for part, more in _sharing(cluster, path).items():
        values[part] = values.get(part, {}) | more
    # operator.upgradeCRD, on by default, needs Helm not to validate (values.yaml of the chart).
    after = ("network-operator",) if RDMA_PLUGINS & set(cluster.device_plugins) else ()
    return helm_release("gpu-operator", values, validate_openapi=False, after=after)


def nvidia_path(cluster: OwnedCluster) -> DriverPath:
    """Return who brings NVIDIA's driver on a cluster; raises LookupError where a precondition should have refused."""
    path = driver_path(cluster.plan.provider, "NVIDIA", cluster.drivers)
    if path is None:
        raise LookupError(f"nobody brings NVIDIA's driver on {cluster.plan.name}")
    return path


def _driver(path: DriverPath, cluster: OwnedCluster) -> dict[str, Any]:
    if not path.operator_installs_driver:
        return {"enabled": False}
    if RDMA_PLUGINS & set(cluster.device_plugins):
        return {"enabled": True, "rdma": {"enabled": True}}
    return {"enabled": True}


def _toolkit(path: DriverPath) -> dict[str, Any]:
    """Google Cloud's nodes have read-only roots: what is installed must go where the driver is (nvidia-gke-guide)."""
    if path.provider == "gcp":
        return {"enabled": True, "installDir": path.driver_root}
    return {"enabled": path.container_toolkit == "operator"}


def _sharing(cluster: OwnedCluster, path: DriverPath) -> dict[str, Any]:
    """Where the cloud's own device plugin hands out GPUs, it also shares them."""
    shared = cluster.shared_accelerators if path.device_plugin == "operator" else ()
    return sharing_values(shared, in_a_cloud=cluster.plan.provider != "existing")
