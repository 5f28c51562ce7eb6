"""What must hold for a cluster before anything is planned: one function per rule, each with a message for people."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bedplate import catalog
from bedplate.clusters import azure_preconditions
from bedplate.clusters.azure_spec import AzureClusterSpec
from bedplate.clusters.spec import CloudClusterSpec
from bedplate.errors import Problem, nearest
from bedplate.node_pools.compute_class import class_name
from bedplate.node_pools.taints import Taint, node_taints
from bedplate.stack_file.starter import general_machine

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bedplate.node_pools.spec import NodePoolSpec
    from bedplate.stack import StackSpec


def cluster_problems(stack: StackSpec) -> Iterator[Problem]:
    """Yield everything that is wrong with the clusters that this stack creates."""
    for name, cluster in stack.clusters.items():
        if not isinstance(cluster, CloudClusterSpec):
            continue
        known = list(_region_exists(name, cluster))
        yield from known
        yield from _version_supported(name, cluster)
        if not known:
            yield from _zones_exist(name, cluster)
            if isinstance(cluster, AzureClusterSpec):
                yield from azure_preconditions.cluster_problems(stack, name, cluster)
        yield from _has_a_general_pool(stack, name, cluster)


def _region_exists(name: str, cluster: CloudClusterSpec) -> Iterator[Problem]:
    regions = catalog.regions(cluster.provider)
    if cluster.region not in regions:
        yield Problem(
            f"{cluster.region!r} is no region of {cluster.provider}",
            ("clusters", name, "region"),
            allowed=regions,
            nearest=nearest(cluster.region, regions),
        )


def _version_supported(name: str, cluster: CloudClusterSpec) -> Iterator[Problem]:
    # Against the date of the facts, not today's: a plan gives the same answer whenever it is made.
    versions = tuple(
        version.version
        for version in catalog.kubernetes_versions(cluster.provider)
        if version.end_of_standard_support > version.as_of
    )
    if cluster.kubernetes_version is not None and cluster.kubernetes_version not in versions:
        yield Problem(
            f"Kubernetes {cluster.kubernetes_version} is not in standard support",
            ("clusters", name, "kubernetes_version"),
            allowed=versions,
        )


def _zones_exist(name: str, cluster: CloudClusterSpec) -> Iterator[Problem]:
    zones = catalog.control_plane_zones(cluster.provider, cluster.region)
    for index, zone in enumerate(cluster.zones):
        if zone not in zones:
            yield Problem(
                f"{zone!r} is no zone of {cluster.region} that takes a control plane",
                ("clusters", name, "zones", index),
                allowed=zones,
                nearest=nearest(zone, zones),
                hint="Zones are named by identifier (use1-az1), because letters (us-east-1a) differ per account.",
            )


def _has_a_general_pool(stack: StackSpec, name: str, cluster: CloudClusterSpec) -> Iterator[Problem]:
    """The autoscaler, DNS and operators need a node that is always there and takes every pod: without one, nothing
    ever scales from zero, and charts wait for their operators in vain."""
    pools = {
        pool_name: pool
        for pool_name, pool in stack.node_pools.items()
        if pool.cluster == name and pool.role == "general" and pool.nodes.min >= 1
    }
    kept_off = {
        pool_name: _taints_of_every_offer(cluster.provider, f"{stack.team}-{stack.environment}-{pool_name}", pool)
        for pool_name, pool in pools.items()
    }
    if any(not taints for taints in kept_off.values()):
        return
    machine = general_machine(cluster.provider, cluster.region)
    example = f"{{cluster: {name}, role: general, machine: {machine}, nodes: {{min: 2, max: 6}}}}"
    if not pools:
        yield Problem(
            "the cluster has no general pool with nodes.min of 1 or more; its autoscaler and DNS would have no node",
            ("clusters", name),
            hint=f"Add one, for example: {example}",
        )
    for pool_name, taints in kept_off.items():
        yield Problem(
            f"nodes of this general pool carry {' and '.join(map(str, taints))}, which operators do not tolerate, and "
            "no other general pool always has a node for them",
            ("node_pools", pool_name, "offers"),
            hint=f"Add a general pool with one offer, on-demand for example: {example}",
        )


def _taints_of_every_offer(provider: str, full_name: str, pool: NodePoolSpec) -> tuple[Taint, ...]:
    """Return what keeps a pod without tolerations off a general pool: nothing where one offer's nodes take it."""
    offers = pool.all_offers()
    compute_class = class_name(provider, full_name, len(offers))
    taints = [node_taints(provider, one.capacity, "general", compute_class=compute_class).carried for one in offers]
    return tuple(dict.fromkeys(taint for found in taints for taint in found)) if all(taints) else ()
