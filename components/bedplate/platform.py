"""Declares a whole plan: read it as a table of contents."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pulumi

from bedplate.clouds.providers import CloudProviders
from bedplate.clusters.component import Cluster
from bedplate.clusters.reference import PlatformStacks
from bedplate.cost.component import DeclaredUsage
from bedplate.node_pools.component import NodePool
from bedplate.separation.component import ClusterSeparation, TeamNamespaces
from bedplate.services.component import ClusterServices
from bedplate.serving.component import Endpoint, ModelWeights

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bedplate.clusters.handles import ClusterHandles
    from bedplate.plan import StackPlan


def declare(plan: StackPlan) -> None:
    """Declare everything that a plan decided, in the order in which one thing needs the other."""
    providers = CloudProviders(plan.tags)
    clusters = _declare_clusters(plan, providers)
    handles = {name: cluster.handles for name, cluster in clusters.items()} | _refer_to_clusters(plan, providers)
    namespaces = _declare_separation(plan, handles)
    base = _declare_base_pools(plan, handles, namespaces)
    services = _declare_services(plan, clusters, base)
    _declare_other_pools(plan, handles, namespaces, services)
    _declare_endpoints(plan, handles, namespaces, services)
    _declare_usage(plan)
    pulumi.export("clusters", {name: cluster.export for name, cluster in clusters.items()})


def _declare_clusters(plan: StackPlan, providers: CloudProviders) -> dict[str, Cluster]:
    return {name: Cluster(owned.plan, plan, providers.of(owned.plan)) for name, owned in plan.clusters.items()}


def _refer_to_clusters(plan: StackPlan, providers: CloudProviders) -> dict[str, ClusterHandles]:
    platforms = PlatformStacks()
    return {
        name: platforms.cluster(reference, providers.of(reference.plan)) for name, reference in plan.references.items()
    }


def _declare_separation(plan: StackPlan, handles: Mapping[str, ClusterHandles]) -> dict[str, TeamNamespaces]:
    """Declare the rules of the clusters that this stack owns, then its own namespaces, which obey them."""
    rules = {name: ClusterSeparation(owned, handles[name]) for name, owned in plan.clusters.items()}
    return {
        name: TeamNamespaces(plan, name, cluster, after=[rules[name]] if name in rules else [])
        for name, cluster in handles.items()
    }


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
        services[name] = ClusterServices(plan.clusters[name], plan, cluster.handles, after=[*base[name], *dns])
    return services


def _declare_other_pools(
    plan: StackPlan,
    handles: Mapping[str, ClusterHandles],
    namespaces: Mapping[str, TeamNamespaces],
    services: Mapping[str, ClusterServices],
) -> None:
    """Declare the pools for accelerators: their first node already finds its device plugins."""
    for pool in plan.node_pools:
        if pool.role != "general":
            after = [services[pool.cluster]] if pool.cluster in services else []
            NodePool(pool, plan, handles[pool.cluster], [namespaces[pool.cluster], *after])


def _declare_endpoints(
    plan: StackPlan,
    handles: Mapping[str, ClusterHandles],
    namespaces: Mapping[str, TeamNamespaces],
    services: Mapping[str, ClusterServices],
) -> None:
    """Declare the weights of each cluster, then its endpoints, which need not wait for nodes: they make them start."""
    with_weights = dict.fromkeys(endpoint.cluster for endpoint in plan.endpoints if endpoint.weights)
    weights = {name: ModelWeights(plan, name, handles[name], [namespaces[name]]) for name in with_weights}
    for endpoint in plan.endpoints:
        name = endpoint.cluster
        after = [namespaces[name], *([services[name]] if name in services else [])]
        Endpoint(endpoint, plan, handles[name], weights.get(name) if endpoint.weights else None, after)


def _declare_usage(plan: StackPlan) -> None:
    """Declare what the stack expects to move and to log on each cluster: it creates nothing, and costs."""
    for name in (*plan.clusters, *plan.references):
        lines = [line for line in plan.cost.lines if line.owner == f"usage.{name}"]
        if lines:
            DeclaredUsage(plan.cluster_plan(name), plan, lines)
