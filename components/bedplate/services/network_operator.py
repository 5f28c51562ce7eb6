"""NVIDIA's network operator: InfiniBand cards of a node become something that a pod can ask for.

It stands before the GPU operator, whose driver waits for the one of the cards. Since 24.10.0 its chart makes no
NicClusterPolicy, and without one the GPU driver's pods wait for ever (NVIDIA/cloud-native-stack #95), so the policy is
declared here. Names of values and fields were read in Mellanox/network-operator at tag v26.4.1, the resources of AKS
in Azure/aks-rdma-infiniband (configs/nicclusterpolicy).
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from bedplate import catalog
from bedplate.node_pools.labels import ROLE_LABEL
from bedplate.services.drivers import driver_path
from bedplate.services.helm import HelmRelease, helm_release
from bedplate.services.node_features import RESOURCE_NAMES, brings_features, feature_discovery_values
from bedplate.services.tolerations import agent_tolerations

if TYPE_CHECKING:
    from bedplate.catalog import ContainerImage
    from bedplate.plan import OwnedCluster

CARD_LABEL = "feature.node.kubernetes.io/pci-15b3.present"
"""Nodes with a card of NVIDIA's (vendor 15b3) that carries traffic of accelerators."""

SHARED_PLACES = 63
"""Pods of a node that may share its cards: `rdmaHcaMax` of both examples (network-operator, aks-rdma-infiniband)."""

VIRTUAL_FUNCTIONS = ("101c", "101e")
"""Device ids of the InfiniBand cards that Azure passes to its machines (aks-rdma-infiniband, network-operator-nfd)."""


def network_operator_release(cluster: OwnedCluster) -> HelmRelease:
    """Return the network operator's Helm release for a cluster."""
    brings = brings_features("network-operator", cluster)
    values: dict[str, Any] = {
        "operator": {"nodeSelector": {ROLE_LABEL: "general"}},
        # The chart's own rule labels every node with a card of this vendor, and on Azure all nodes have one for
        # ordinary traffic.
        "nfd": {
            "enabled": brings,
            "deployNodeFeatureRules": cluster.plan.provider != "azure",
        },
    }
    if brings:
        values["node-feature-discovery"] = feature_discovery_values(cluster)
    return helm_release("network-operator", values)


def network_operator_manifests(cluster: OwnedCluster) -> list[dict[str, Any]]:
    """Return what the operator acts on: its policy, and on Azure the rule that finds InfiniBand cards."""
    rules = [_infiniband_rule()] if cluster.plan.provider == "azure" else []
    return [*rules, nic_cluster_policy(cluster)]


def nic_cluster_policy(cluster: OwnedCluster) -> dict[str, Any]:
    """Return the one policy that a cluster may have."""
    resources = [name for plugin, name in RESOURCE_NAMES.items() if plugin in cluster.device_plugins]
    spec: dict[str, Any] = {
        "nodeAffinity": {
            "requiredDuringSchedulingIgnoredDuringExecution": {
                "nodeSelectorTerms": [{"matchExpressions": [{"key": CARD_LABEL, "operator": "In", "values": ["true"]}]}]
            }
        },
        "tolerations": agent_tolerations(cluster, resources),
    }
    if _brings_card_driver(cluster):
        spec["ofedDriver"] = _card_driver()
    if "rdma-sriov" in cluster.device_plugins:
        spec["sriovDevicePlugin"] = _image("sriov-device-plugin") | {"config": _text(_whole_cards())}
    if "rdma-shared" in cluster.device_plugins:
        spec["rdmaSharedDevicePlugin"] = _image("rdma-shared-device-plugin") | {"config": _text(_shared_cards())}
    return {
        "apiVersion": "mellanox.com/v1alpha1",
        "kind": "NicClusterPolicy",
        "metadata": {"name": "nic-cluster-policy"},  # the operator acts on no other name
        "spec": spec,
    }


def _brings_card_driver(cluster: OwnedCluster) -> bool:
    """Hosts that bring the accelerators' driver bring that of their cards too; elsewhere the operator installs it."""
    vendors = [vendor for plugin, vendor in (("nvidia", "NVIDIA"), ("amd", "AMD")) if plugin in cluster.device_plugins]
    paths = [driver_path(cluster.plan.provider, vendor, cluster.drivers) for vendor in vendors]
    return cluster.plan.provider == "azure" or any(path is not None and path.operator_installs_driver for path in paths)


def _card_driver() -> dict[str, Any]:
    return {
        **_image("doca-driver"),
        # Works round a race in which the kernel's own module is loaded first (Mellanox/doca-driver-build #52).
        "env": [{"name": "OFED_BLACKLIST_MODULES_FILE", "value": "/host/etc/modprobe.d/blacklist-ofed-modules.conf"}],
        # A new driver takes all pods off a node. An upgrade of the chart alone must not do that to training.
        "upgradePolicy": {"autoUpgrade": False},
        "startupProbe": {"initialDelaySeconds": 10, "periodSeconds": 20},
        "livenessProbe": {"initialDelaySeconds": 30, "periodSeconds": 30},
        "readinessProbe": {"initialDelaySeconds": 10, "periodSeconds": 30},
    }


def _whole_cards() -> dict[str, Any]:
    """Each card goes to one pod, as `rdma/ib`."""
    selectors = {"vendors": ["15b3"], "linkTypes": ["infiniband"], "isRdma": True}
    return {"resourceList": [{"resourcePrefix": "rdma", "resourceName": "ib", "selectors": selectors}]}


def _shared_cards() -> dict[str, Any]:
    """All cards go to every pod that asks for a place, as `rdma/shared_ib`."""
    selectors = {"vendors": ["15b3"], "linkTypes": ["infiniband"]}
    return {"configList": [{"resourceName": "shared_ib", "rdmaHcaMax": SHARED_PLACES, "selectors": selectors}]}


def _infiniband_rule() -> dict[str, Any]:
    matches = {"device": {"op": "In", "value": list(VIRTUAL_FUNCTIONS)}}
    return {
        "apiVersion": "nfd.k8s-sigs.io/v1alpha1",
        "kind": "NodeFeatureRule",
        "metadata": {"name": "bedplate-infiniband"},
        "spec": {
            "rules": [
                {
                    "name": "InfiniBand cards that a virtual machine was given",
                    "labels": {CARD_LABEL: "true"},
                    "matchFeatures": [{"feature": "pci.device", "matchExpressions": matches}],
                }
            ]
        },
    }


def _image(name: str) -> dict[str, Any]:
    image: ContainerImage = catalog.image(name)
    repository, _, short = image.repository.rpartition("/")
    return {"repository": repository, "image": short, "version": image.tag}


def _text(configuration: dict[str, Any]) -> str:
    return json.dumps(configuration, indent=2)
