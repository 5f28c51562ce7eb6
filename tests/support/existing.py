"""A stack on a cluster that exists already, for tests: changed one field at a time, as in `tests.support.stacks`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.support.stacks import changed, spec

if TYPE_CHECKING:
    from bedplate.stack import StackSpec

HALL: dict[str, Any] = {
    "provider": "existing",
    "context": "admin@hall",
    "kubernetes_version": "1.34",
    "drivers": "host",
}
BASE: dict[str, Any] = {
    "cluster": "hall",
    "role": "general",
    "hosts": ["cpu-01", "cpu-02"],
    "hardware": {"vcpus": 64, "memory_gib": 256, "usd_per_node_hour": 2.5},
}
TRAIN: dict[str, Any] = {
    "cluster": "hall",
    "role": "training",
    "hosts": ["gpu-01", "gpu-02"],
    "hardware": {
        "accelerator": "H100",
        "accelerators": 8,
        "vcpus": 224,
        "memory_gib": 2048,
        "nvme": {"drives": 8, "size_gb": 3840},
        "usd_per_node_hour": 31,
    },
}
STACK: dict[str, Any] = {
    "team": "vision",
    "environment": "dev",
    "clusters": {"hall": HALL},
    "node_pools": {"base": BASE, "train": TRAIN},
}

INFINIBAND: dict[str, Any] = {
    "kind": "infiniband-shared",
    "network_cards": "nvidia-infiniband",
    "resource": "rdma/shared_ib",
    "per_node": 63,
}
"""Cards that pods share."""

RAILS: dict[str, Any] = {
    "kind": "sriov-vf",
    "network_cards": "nvidia-ethernet",
    "resource": "nvidia.com/rails",
    "per_node": 8,
    "network": "default/rails",
}
RAIL_OBJECTS: dict[str, Any] = {
    "interfaces": ["rail0", "rail1"],
    "virtual_functions": 4,
    "addresses": "10.224.0.0/16",
    "mtu": 4220,
}
"""Virtual functions of Ethernet cards, and the objects that make them."""


def existing(changes: dict[str, Any] | None = None) -> StackSpec:
    """Return the stack above with values changed by dotted path, for example {"node_pools.train.hosts": ["gpu-01"]}."""
    return spec(changed(STACK, changes or {}))
