"""The whole plan of a stack: what follows from its file and the catalog, without a cloud, a network or a clock."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from bedplate.clusters.existing_spec import ExistingClusterSpec
from bedplate.clusters.plan import ClusterPlan, plan_cluster
from bedplate.clusters.spec import ClusterReference, ClusterSpec
from bedplate.cost.estimate import cluster_cost, pool_cost, serving_cost
from bedplate.cost.range import CostRange
from bedplate.cost.usage import not_counted, usage_cost
from bedplate.cost.weights import weights_cost
from bedplate.errors import InputError
from bedplate.node_pools.plan import NodePoolPlan, plan_node_pool
from bedplate.preconditions import stack_problems
from bedplate.services.device_plugins import installed_device_plugins
from bedplate.services.exposure import cluster_serving
from bedplate.services.shared_accelerators import cluster_shared_accelerators
from bedplate.serving.plan import EndpointPlan, plan_endpoint

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bedplate.clusters.existing_spec import PresentService
    from bedplate.clusters.spec import AmdDriverSpec, DevicePluginName, DriverMode
    from bedplate.node_pools.sharing_spec import Sharing
    from bedplate.services.gateway import Exposure
    from bedplate.stack import StackSpec


@dataclass(frozen=True, slots=True)
class OwnedCluster:
    """A cluster that this stack creates, with what runs on it.

    `serving` is None where it takes no endpoints; `scale_to_zero` tells whether something holds requests for workers
    that are yet to start. `drivers` is who was declared to install drivers of accelerators (`services.drivers`), and
    `shared_accelerators` are the ways of sharing them that are prepared for pools of this and other stacks.
    `present_services` run on an existing cluster already.
    """

    plan: ClusterPlan
    device_plugins: tuple[DevicePluginName, ...]
    serving: Exposure | None = None
    scale_to_zero: bool = False
    drivers: DriverMode | None = None
    amd_driver: AmdDriverSpec | None = None
    shared_accelerators: tuple[Sharing, ...] = ()
    present_services: tuple[PresentService, ...] = ()


@dataclass(frozen=True, slots=True)
class ReferencedCluster:
    """A cluster of a platform stack; its handles come from that stack's outputs."""

    plan: ClusterPlan
    stack: str


@dataclass(frozen=True, slots=True)
class StackPlan:
    """Every decision about a stack."""

    team: str
    environment: str
    tags: Mapping[str, str]
    clusters: Mapping[str, OwnedCluster]
    references: Mapping[str, ReferencedCluster]
    node_pools: tuple[NodePoolPlan, ...]
    endpoints: tuple[EndpointPlan, ...]
    cost: CostRange

    def cluster_plan(self, cluster: str) -> ClusterPlan:
        """Return the plan of a cluster by its name in the stack file, whoever owns it."""
        owned = self.clusters.get(cluster)
        return (owned or self.references[cluster]).plan

    def protects(self, cluster: str) -> bool:
        """Tell whether a cluster, by its name in the stack file, and what belongs to it is kept from being deleted."""
        return self.cluster_plan(cluster).deletion_protection

    def pool_of(self, endpoint: EndpointPlan) -> NodePoolPlan:
        """Return the pool that an endpoint runs on."""
        return next(pool for pool in self.node_pools if pool.full_name == endpoint.pool)


def plan_stack(stack: StackSpec, references: Mapping[str, StackSpec] | None = None) -> StackPlan:
    """Decide everything about a stack; raises InputError with every precondition that does not hold."""
    known = references or {}
    problems = stack_problems(stack, known)
    if problems:
        raise InputError(problems)
    owned = {
        name: OwnedCluster(
            plan_cluster(stack, name, cluster),
            installed_device_plugins(stack, name),
            cluster_serving(stack, name),
            cluster.scale_to_zero,
            cluster.drivers,
            cluster.amd_driver,
            cluster_shared_accelerators(stack, name),
            cluster.present_services if isinstance(cluster, ExistingClusterSpec) else (),
        )
        for name, cluster in stack.clusters.items()
        if isinstance(cluster, ClusterSpec)
    }
    referenced = {
        name: _plan_reference(cluster, known[cluster.stack])
        for name, cluster in stack.clusters.items()
        if isinstance(cluster, ClusterReference)
    }
    plans = {name: cluster.plan for name, cluster in owned.items()}
    plans |= {name: cluster.plan for name, cluster in referenced.items()}
    pools = tuple(plan_node_pool(stack, name, pool, plans[pool.cluster]) for name, pool in stack.node_pools.items())
    by_name = {pool.name: pool for pool in pools}
    endpoints = tuple(
        plan_endpoint(stack, name, endpoint, by_name[endpoint.pools[0]]) for name, endpoint in stack.endpoints.items()
    )
    lines = [line for cluster in owned.values() for line in cluster_cost(cluster.plan)]
    lines += [line for cluster in owned.values() for line in serving_cost(cluster.plan, cluster.serving)]
    lines += [line for pool in pools for line in pool_cost(pool)]
    lines += [line for cluster in plans.values() for line in weights_cost(cluster, endpoints)]
    lines += [line for name, cluster in plans.items() for line in usage_cost(cluster, stack.usage.get(name))]
    return StackPlan(
        team=stack.team,
        environment=stack.environment,
        tags=stack_tags(stack),
        clusters=owned,
        references=referenced,
        node_pools=pools,
        endpoints=endpoints,
        cost=CostRange(tuple(lines), _not_counted(stack, plans)),
    )


def _not_counted(stack: StackSpec, clusters: Mapping[str, ClusterPlan]) -> tuple[str, ...]:
    others = [name for name, cluster in clusters.items() if cluster.provider == "existing"]
    return not_counted({name: stack.usage.get(name) for name in clusters if name not in others}, others)


def _plan_reference(reference: ClusterReference, owner: StackSpec) -> ReferencedCluster:
    cluster = owner.clusters[reference.name]
    if not isinstance(cluster, ClusterSpec):  # refused by the preconditions
        raise TypeError(f"{reference.stack} refers to {reference.name} itself")
    return ReferencedCluster(plan_cluster(owner, reference.name, cluster), reference.stack)


def stack_tags(stack: StackSpec) -> dict[str, str]:
    """Return the tags of every resource of a stack; they also tell which resources are ours."""
    tags = {"bedplate:team": stack.team, "bedplate:environment": stack.environment, "managed-by": "bedplate"}
    return tags | ({"cost-center": stack.cost_center} if stack.cost_center else {})
