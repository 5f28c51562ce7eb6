"""Which device plugins a cluster needs, so that the scheduler knows accelerators and network cards."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from bedplate import catalog
from bedplate.clusters.spec import ClusterSpec
from bedplate.node_pools.fabric import decide_fabric

if TYPE_CHECKING:
    from collections.abc import Iterable

    from bedplate.node_pools.spec import NodePoolSpec
    from bedplate.stack import StackSpec

DevicePlugin = Literal["nvidia", "efa"]


def pool_device_plugins(provider: str, pool: NodePoolSpec) -> frozenset[DevicePlugin]:
    """Return what a pool's nodes need. Machines that the catalog does not know need nothing."""
    machines = [
        machine for offer in pool.all_offers() if (machine := catalog.machine(provider, offer.machine)) is not None
    ]
    plugins: set[DevicePlugin] = set()
    if any(machine.vendor == "NVIDIA" for machine in machines):
        plugins.add("nvidia")
    if machines and decide_fabric(pool.fabric, machines) == "required":
        plugins.add("efa")
    return frozenset(plugins)


def cluster_device_plugins(stack: StackSpec, name: str) -> tuple[DevicePlugin, ...]:
    """Return what a cluster of this stack installs: what is declared, and what the stack's own pools need."""
    cluster = stack.clusters[name]
    if not isinstance(cluster, ClusterSpec):
        return ()
    own: Iterable[NodePoolSpec] = (pool for pool in stack.node_pools.values() if pool.cluster == name)
    return tuple(
        sorted({*cluster.device_plugins, *(p for pool in own for p in pool_device_plugins(cluster.provider, pool))})
    )
