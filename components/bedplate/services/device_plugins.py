"""Which device plugins a cluster needs, so that the scheduler knows accelerators and network cards."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bedplate.clusters.existing_spec import ExistingClusterSpec
from bedplate.clusters.spec import ClusterSpec, DevicePluginName
from bedplate.fabrics.choice import Refused, choose
from bedplate.fabrics.plan import plan_fabric
from bedplate.fabrics.preconditions import cluster_questions
from bedplate.node_pools.machines import offer_machine
from bedplate.services.drivers import driver_path

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from bedplate.catalog import MachineType
    from bedplate.fabrics.model import FabricPlan
    from bedplate.node_pools.spec import NodePoolSpec
    from bedplate.stack import StackSpec

# Google's TPUs need none: GKE brings theirs.
_OF_VENDOR: dict[str, DevicePluginName] = {"NVIDIA": "nvidia", "AMD": "amd", "AWS": "neuron"}


def pool_device_plugins(cluster: ClusterSpec, pool: NodePoolSpec) -> frozenset[DevicePluginName]:
    """Return what a pool's nodes need on a cluster. Machines that the catalog does not know need nothing."""
    machines = [
        machine for offer in pool.all_offers() if (machine := offer_machine(cluster.provider, pool, offer)) is not None
    ]
    plugins: set[DevicePluginName] = {
        _OF_VENDOR[vendor]
        for vendor in {machine.vendor for machine in machines}
        if vendor in _OF_VENDOR and not _cloud_has_plugin(cluster, vendor)
    }
    for fabric in _fabrics(cluster, pool, machines):
        if fabric.device_plugin:
            plugins.add(fabric.device_plugin)
        if fabric.nvlink and fabric.in_use:  # pods of a pool without a fabric claim nothing
            plugins.add("nvidia-dra")
    return frozenset(plugins)


def installed_device_plugins(stack: StackSpec, name: str) -> tuple[DevicePluginName, ...]:
    """Return what a cluster of this stack installs: what it needs, less what runs on an existing cluster already."""
    cluster = stack.clusters[name]
    present = cluster.present_device_plugins if isinstance(cluster, ExistingClusterSpec) else ()
    return tuple(plugin for plugin in cluster_device_plugins(stack, name) if plugin not in present)


def cluster_device_plugins(stack: StackSpec, name: str) -> tuple[DevicePluginName, ...]:
    """Return what a cluster of this stack installs: what is declared, and what the stack's own pools need."""
    cluster = stack.clusters[name]
    if not isinstance(cluster, ClusterSpec):
        return ()
    own: Iterable[NodePoolSpec] = (pool for pool in stack.node_pools.values() if pool.cluster == name)
    return tuple(sorted({*cluster.device_plugins, *(p for pool in own for p in pool_device_plugins(cluster, pool))}))


def _cloud_has_plugin(cluster: ClusterSpec, vendor: str) -> bool:
    path = driver_path(cluster.provider, vendor, cluster.drivers)
    return path is not None and path.device_plugin == "cloud"


def _fabrics(cluster: ClusterSpec, pool: NodePoolSpec, machines: list[MachineType]) -> Iterator[FabricPlan]:
    """Yield the fabrics of the offers that can have one; the preconditions refuse the others."""
    for question in cluster_questions(cluster, pool, machines):
        if not isinstance(choose(question), Refused):
            yield plan_fabric(question)
