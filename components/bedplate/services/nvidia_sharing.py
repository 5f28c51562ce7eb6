"""What NVIDIA's operator must be told so that nodes can share their GPUs: configurations that a node's label names.

A pool picks its configuration by labels (`node_pools.sharing.operator_labels`). Names and formats were read in
NVIDIA/k8s-device-plugin (README, "Shared Access to GPUs") and NVIDIA/mig-parted (deployments/systemd).
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from bedplate.node_pools.sharing import PLUGIN_CONFIG_LABEL, mig_config_name, operator_labels
from bedplate.node_pools.sharing_spec import MigSharing, MpsSharing, PartitionSharing, TimeSlicing

if TYPE_CHECKING:
    from collections.abc import Iterable

    from bedplate.node_pools.sharing_spec import Sharing

WHOLE = "whole"
NOT_CUT = "all-disabled"
PLUGIN_CONFIG = "bedplate-device-plugin"
MIG_CONFIG = "bedplate-mig"


def sharing_values(shared: Iterable[Sharing], *, in_a_cloud: bool) -> dict[str, Any]:
    """Return the operator's values for these ways of sharing; without any, GPUs are handed out whole."""
    ways = [way for way in shared if not isinstance(way, PartitionSharing)]
    if not ways:
        return {"mig": {"strategy": "none"}, "migManager": {"enabled": False}}
    cut = [way for way in ways if isinstance(way, MigSharing)]
    return {
        # A strategy here becomes an environment variable of the device plugin, which outranks what a node's own
        # configuration says (README of the device plugin, CONFIG_FILE).
        "mig": {"strategy": ""},
        "migManager": _mig_manager(cut, in_a_cloud=in_a_cloud) if cut else {"enabled": False},
        "devicePlugin": {
            "config": {"create": True, "name": PLUGIN_CONFIG, "default": WHOLE, "data": plugin_configurations(ways)}
        },
    }


def plugin_configurations(ways: Iterable[Sharing]) -> dict[str, str]:
    """Return the device plugin's configurations by name: whole GPUs, and one per way of sharing."""
    found = {WHOLE: _plugin_configuration()}
    for way in ways:
        found[operator_labels(way)[PLUGIN_CONFIG_LABEL]] = _configuration_of(way)
    return {name: _text(found[name]) for name in sorted(found)}


def mig_configurations(ways: Iterable[MigSharing]) -> str:
    """Return the MIG manager's file: how GPUs are cut, by the name that a node's label gives."""
    configurations: dict[str, Any] = {NOT_CUT: [{"devices": "all", "mig-enabled": False}]}
    for way in ways:
        configurations[mig_config_name(way)] = [
            {"devices": "all", "mig-enabled": True, "mig-devices": dict(sorted(way.profiles.items()))}
        ]
    return _text({"version": "v1", "mig-configs": dict(sorted(configurations.items()))})


def _mig_manager(ways: Iterable[MigSharing], *, in_a_cloud: bool) -> dict[str, Any]:
    manager: dict[str, Any] = {
        "enabled": True,
        "config": {
            "create": True,
            "name": MIG_CONFIG,
            "default": NOT_CUT,
            "data": {"config.yaml": mig_configurations(ways)},
        },
    }
    if in_a_cloud:
        # A virtual machine cannot reset its GPU, so the first cut takes effect by a restart (NVIDIA GPU operator,
        # "GPU Operator with MIG"). Nodes of own hardware are not restarted by us.
        manager["env"] = [{"name": "WITH_REBOOT", "value": "true"}]
    return manager


def _configuration_of(way: Sharing) -> dict[str, Any]:
    match way:
        case MigSharing():
            return _plugin_configuration(strategy=way.strategy or "mixed")
        case TimeSlicing():
            # A pod that asks for two shares gets no more time than with one, so the plugin refuses it.
            resources = [{"name": "nvidia.com/gpu", "replicas": way.replicas}]
            return _plugin_configuration(timeSlicing={"failRequestsGreaterThanOne": True, "resources": resources})
        case MpsSharing():
            return _plugin_configuration(mps={"resources": [{"name": "nvidia.com/gpu", "replicas": way.replicas}]})
        case PartitionSharing():
            raise ValueError("partitions are AMD's, and not for NVIDIA's device plugin")


def _plugin_configuration(*, strategy: str = "none", **sharing: Any) -> dict[str, Any]:
    configuration: dict[str, Any] = {"version": "v1", "flags": {"migStrategy": strategy}}
    return configuration | ({"sharing": sharing} if sharing else {})


def _text(configuration: Any) -> str:
    """Return a configuration as JSON, which is YAML as well."""
    return json.dumps(configuration, indent=2)
