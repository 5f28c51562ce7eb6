"""Node feature discovery: several operators bring it, and a cluster has it once.

Whichever operator is installed first brings it, and the others are told that it is there. Its workers run on every
node with accelerators: a node that it has not labelled gets no device plugin.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bedplate.node_pools.labels import ROLE_LABEL
from bedplate.services.tolerations import agent_tolerations

if TYPE_CHECKING:
    from bedplate.plan import OwnedCluster

RESOURCE_NAMES = {"nvidia": "nvidia.com/gpu", "amd": "amd.com/gpu"}

# In the order in which they are installed.
_OPERATORS = (
    ("network-operator", frozenset({"rdma-sriov", "rdma-shared"})),
    ("gpu-operator", frozenset({"nvidia"})),
    ("gpu-operator-charts", frozenset({"amd"})),
)


def features_release(cluster: OwnedCluster) -> str:
    """Return the release that brings node feature discovery to a cluster, or "" where it is there or nobody asks."""
    if "node-feature-discovery" in cluster.present_services:
        return ""
    installed = set(cluster.device_plugins)
    return next((name for name, plugins in _OPERATORS if plugins & installed), "")


def brings_features(release: str, cluster: OwnedCluster) -> bool:
    """Tell whether a release is the one that brings node feature discovery to a cluster."""
    return release == features_release(cluster)


def feature_discovery_values(cluster: OwnedCluster) -> dict[str, Any]:
    """Return the values of the subchart, which has the same names in all three."""
    on_general = {ROLE_LABEL: "general"}
    resources = [name for plugin, name in RESOURCE_NAMES.items() if plugin in cluster.device_plugins]
    return {
        "worker": {"tolerations": agent_tolerations(cluster, resources)},
        "master": {"nodeSelector": on_general},
        "gc": {"nodeSelector": on_general},
    }
