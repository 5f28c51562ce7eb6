"""AMD's GPU operator: device plugin, labels and metrics of Instinct accelerators, their partitions, and their driver.

It asks for cert-manager, and brings kernel module management. The chart's own DeviceConfig selects nodes that show a
physical accelerator, and a virtual machine shows a virtual function: so it is left out, and ours is declared.
Names of values were read in ROCm/gpu-operator at tag v1.5.1 (helm-charts-k8s), fields in its definitions.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from bedplate import catalog
from bedplate.clusters.existing_plan import ExistingPlan
from bedplate.node_pools.labels import ROLE_LABEL
from bedplate.node_pools.sharing import partition_name
from bedplate.node_pools.sharing_spec import PartitionSharing
from bedplate.services.drivers import driver_path
from bedplate.services.helm import HelmRelease, helm_release
from bedplate.services.node_features import RESOURCE_NAMES, feature_discovery_values, features_release
from bedplate.services.tolerations import agent_tolerations

if TYPE_CHECKING:
    from bedplate.plan import OwnedCluster

CERTIFICATES = "cert-manager"
OPERATOR = "gpu-operator-charts"
PARTITIONS = "bedplate-partitions"

PHYSICAL = "feature.node.kubernetes.io/amd-gpu"
VIRTUAL = "feature.node.kubernetes.io/amd-vgpu"
"""Labels of nodes by what they show: the accelerator itself, or a function of one (docs/usage.rst of the operator)."""


def cert_manager_release() -> HelmRelease:
    """Return cert-manager's Helm release. Names of values were read at tag v1.21.1."""
    on_general = {"nodeSelector": {"kubernetes.io/os": "linux", ROLE_LABEL: "general"}}
    return helm_release(
        CERTIFICATES,
        {
            # Kinds that outlive the chart: taking them away would take every certificate along.
            "crds": {"enabled": True, "keep": True},
            **on_general,
            "webhook": on_general,
            "cainjector": on_general,
            "startupapicheck": on_general,
        },
    )


def amd_operator_release(cluster: OwnedCluster) -> HelmRelease:
    """Return the AMD operator's Helm release for a cluster."""
    on_general = {"nodeSelector": {ROLE_LABEL: "general"}}
    features = features_release(cluster)
    brings = features == OPERATOR
    values: dict[str, Any] = {
        "crds": {"defaultCR": {"install": False}},
        "controllerManager": on_general,
        "kmm": {"enabled": True, "controller": on_general, "webhookServer": on_general},
        # Its workflows drain and restart nodes by themselves; here somebody decides that.
        "remediation": {"enabled": False},
        "node-feature-discovery": {"enabled": brings} | (feature_discovery_values(cluster) if brings else {}),
    }
    certificates = (CERTIFICATES,) if installs_certificates(cluster) else ()
    # The chart writes NodeFeatureRules whoever brings their kind (installdefaultNFDRule, gpu-nfd-default-rule.yaml).
    kinds = (features,) if features and not brings else ()
    return helm_release(OPERATOR, values, after=(*certificates, *kinds))


def installs_certificates(cluster: OwnedCluster) -> bool:
    """Tell whether cert-manager is installed: an existing cluster may have it."""
    return CERTIFICATES not in cluster.present_services


def amd_manifests(cluster: OwnedCluster) -> list[dict[str, Any]]:
    """Return what the operator acts on: its orders for the nodes, and the partitions that they may choose."""
    partitions = [way for way in cluster.shared_accelerators if isinstance(way, PartitionSharing)]
    config = device_config(cluster, partitioned=bool(partitions))
    return [*([_partitions(partitions)] if partitions else []), config]


def device_config(cluster: OwnedCluster, *, partitioned: bool) -> dict[str, Any]:
    """Return the operator's orders for the nodes with accelerators. Those of a cloud are virtual machines."""
    plan = cluster.plan
    selector = VIRTUAL if not isinstance(plan, ExistingPlan) or plan.virtual_machines else PHYSICAL
    tolerations = agent_tolerations(cluster, [RESOURCE_NAMES["amd"]])
    spec: dict[str, Any] = {
        "selector": {selector: "true"},
        "driver": _driver(cluster, tolerations),
        "devicePlugin": {
            "enableDevicePlugin": True,
            "devicePluginImage": _image("amd-device-plugin"),
            "devicePluginTolerations": tolerations,
            # It also writes the list of modules that must not load, for the operator's driver.
            "enableNodeLabeller": True,
            "nodeLabellerImage": _image("amd-node-labeller"),
            "nodeLabellerTolerations": tolerations,
        },
        "metricsExporter": {
            "enable": True,
            "serviceType": "ClusterIP",
            "image": _image("amd-device-metrics-exporter"),
            "tolerations": tolerations,
        },
        "testRunner": {"enable": False},
        "configManager": {"enable": False},
    }
    if partitioned:
        spec["configManager"] = {
            "enable": True,
            "image": _image("amd-device-config-manager"),
            "config": {"name": PARTITIONS},
            "configManagerTolerations": tolerations,
        }
    return {
        "apiVersion": "amd.com/v1alpha1",
        "kind": "DeviceConfig",
        "metadata": {"name": "bedplate", "namespace": catalog.chart(OPERATOR).namespace},
        "spec": spec,
    }


def _driver(cluster: OwnedCluster, tolerations: list[dict[str, str]]) -> dict[str, Any]:
    path = driver_path(cluster.plan.provider, "AMD", cluster.drivers)
    if path is None:
        raise LookupError(f"nobody brings AMD's driver on {cluster.plan.name}")
    if not path.operator_installs_driver:
        return {"enable": False, "blacklist": False}
    if cluster.amd_driver is None:
        raise LookupError(f"{cluster.plan.name} has no place for the driver images that AMD's operator builds")
    secret = cluster.amd_driver.pull_secret_name
    return {
        "enable": True,
        # The kernel's own amdgpu would be there first.
        "blacklist": True,
        "image": cluster.amd_driver.image,
        "version": cluster.amd_driver.version,
        **({"imageRegistrySecret": {"name": secret}} if secret else {}),
        "tolerations": tolerations,
        # A new driver restarts nodes: somebody decides when.
        "upgradePolicy": {"enable": False},
    }


def _partitions(ways: list[PartitionSharing]) -> dict[str, Any]:
    """Return the partitions that the label of a node may name. No count of accelerators: then all are divided alike."""
    profiles = {
        partition_name(way): {"profiles": [{"computePartition": way.compute, "memoryPartition": way.memory}]}
        for way in ways
    }
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": PARTITIONS, "namespace": catalog.chart(OPERATOR).namespace},
        "data": {"config.json": json.dumps({"gpu-config-profiles": dict(sorted(profiles.items()))}, indent=2)},
    }


def _image(name: str) -> str:
    image = catalog.image(name)
    return f"{image.repository}:{image.tag}"
