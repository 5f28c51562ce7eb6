"""Declares a whole plan: read it as a table of contents."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pulumi

from bedplate.clouds.providers import CloudProviders
from bedplate.clusters.component import Cluster
from bedplate.clusters.reference import PlatformStacks
from bedplate.node_pools.component import NodePool
from bedplate.separation.component import ClusterSeparation, TeamNamespaces
from bedplate.services.component import ClusterServices

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bedplate.clusters.handles import ClusterHandles
    from bedplate.plan import StackPlan


def declare(plan: StackPlan) -> None:
    """Declare everything that a plan decided, in the order in which one thing needs the other."""
    providers = CloudProviders(plan.tags)
    clusters = _declare_clusters(plan, providers)
    handles = {name: cluster.handles for name, cluster in clusters.items()} | _refer_to_clusters(plan, providers)
    namespaces = _declare_namespaces(plan, clusters, handles)
    base = _declare_base_pools(plan, handles, namespaces)
    services = _declare_services(plan, clusters, base)
    _declare_other_pools(plan, handles, services, namespaces)
    pulumi.export("clusters", {name: cluster.export for name, cluster in clusters.items()})


def _declare_clusters(plan: StackPlan, providers: CloudProviders) -> dict[str, Cluster]:
    return {
        name: Cluster(owned.plan, plan, providers.of(owned.plan.provider, owned.plan.region))
        for name, owned in plan.clusters.items()
    }


def _refer_to_clusters(plan: StackPlan, providers: CloudProviders) -> dict[str, ClusterHandles]:
    platforms = PlatformStacks()
    return {
        name: platforms.cluster(reference, providers.of(reference.plan.provider, reference.plan.region))
        for name, reference in plan.references.items()
    }


def _declare_namespaces(
    plan: StackPlan, clusters: Mapping[str, Cluster], handles: Mapping[str, ClusterHandles]
) -> dict[str, TeamNamespaces]:
    """Declare who may run where, before there is a node: rules on this stack's clusters, its namespaces on all."""
    rules = {name: [ClusterSeparation(plan.clusters[name], cluster.handles)] for name, cluster in clusters.items()}
    return {name: TeamNamespaces(plan, name, cluster, rules.get(name, ())) for name, cluster in handles.items()}


def _declare_base_pools(
    plan: StackPlan, handles: Mapping[str, ClusterHandles], namespaces: Mapping[str, TeamNamespaces]
) -> dict[str, list[NodePool]]:
    """Declare the general pools, by cluster: DNS, the autoscaler and all other services run on them."""
    pools: dict[str, list[NodePool]] = {name: [] for name in handles}
    for pool in plan.node_pools:
        if pool.role == "general":
            pools[pool.cluster].append(NodePool(pool, plan, handles[pool.cluster], [namespaces[pool.cluster]]))
    return pools


def _declare_services(
    plan: StackPlan, clusters: Mapping[str, Cluster], base: Mapping[str, list[NodePool]]
) -> dict[str, ClusterServices]:
    """Declare what runs on every cluster of this stack, once there are nodes for it and names resolve."""
    services = {}
    for name, cluster in clusters.items():
        dns = cluster.start_dns(after=base[name])
        services[name] = ClusterServices(plan.clusters[name], cluster.handles, after=[*base[name], dns])
    return services


def _declare_other_pools(
    plan: StackPlan,
    handles: Mapping[str, ClusterHandles],
    services: Mapping[str, ClusterServices],
    namespaces: Mapping[str, TeamNamespaces],
) -> None:
    """Declare the pools for accelerators: their first node already finds its device plugins."""
    for pool in plan.node_pools:
        if pool.role != "general":
            own = [services[pool.cluster]] if pool.cluster in services else []
            NodePool(pool, plan, handles[pool.cluster], [namespaces[pool.cluster], *own])
