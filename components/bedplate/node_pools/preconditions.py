"""What must hold for node pools before anything is planned: one function per rule, each with a message for people."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from bedplate import catalog
from bedplate.clusters.existing_spec import ExistingClusterSpec
from bedplate.clusters.ownership import cluster_owner
from bedplate.clusters.plan import cluster_region, cluster_zones
from bedplate.clusters.spec import CloudClusterSpec
from bedplate.errors import Problem, listing, nearest
from bedplate.fabrics.preconditions import FABRIC_RULES, one_infiniband_feature, pool_questions
from bedplate.fabrics.tpu import TPU_RULES
from bedplate.node_pools import (
    aws_addresses,
    aws_preconditions,
    azure_preconditions,
    existing_preconditions,
    gcp_preconditions,
    reservation_preconditions,
)
from bedplate.node_pools.huge_pages import huge_pages_fit
from bedplate.node_pools.machines import known_machine
from bedplate.node_pools.reservations import ways_to_buy
from bedplate.node_pools.same_kind import same_kind_of_machine
from bedplate.node_pools.sharing_preconditions import SharedMachine, sharing_problems
from bedplate.services import accelerator_preconditions
from bedplate.services.device_plugins import cluster_device_plugins, pool_device_plugins
from bedplate.services.shared_accelerators import cluster_shared_accelerators

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from bedplate.catalog import MachineType
    from bedplate.clusters.spec import ClusterSpec
    from bedplate.errors import FieldPath
    from bedplate.node_pools.sharing_spec import Sharing
    from bedplate.node_pools.spec import NodePoolSpec
    from bedplate.stack import StackSpec


WITHOUT_ZONES = ("azure",)
"""Clouds of whose machine types the catalog knows the regions, and not the zones."""


@dataclass(frozen=True, slots=True)
class PoolInContext:
    """A pool and the cluster that it stands on, whichever stack owns that."""

    name: str
    pool: NodePoolSpec
    cluster: ClusterSpec
    zones: tuple[str, ...]
    device_plugins: tuple[str, ...]
    shared_accelerators: tuple[Sharing, ...] = ()

    @property
    def region(self) -> str:
        """The region of the cluster, empty outside the clouds."""
        return cluster_region(self.cluster)

    def machines(self) -> list[MachineType]:
        """Return the machine types of its offers, in order of preference."""
        return [known_machine(self.cluster.provider, self.pool, offer) for offer in self.pool.all_offers()]

    def offer_field(self, index: int) -> FieldPath:
        """Return where the machine of an offer is written."""
        return self.at_offer(index, "machine" if self.pool.hardware is None else "hardware")

    def at_offer(self, index: int, key: str) -> FieldPath:
        """Return where a key of an offer is written: at the offer, or at the pool that is short for one."""
        at = ("node_pools", self.name)
        return (*at, "offers", index, key) if self.pool.offers else (*at, key)

    def at_maximum(self, index: int) -> FieldPath:
        """Return where it is written how many nodes of an offer may run: at the offer, else at the pool."""
        own = self.pool.all_offers()[index].max
        return self.at_offer(index, "max") if own else ("node_pools", self.name, "nodes", "max")


def pool_problems(stack: StackSpec, references: Mapping[str, StackSpec]) -> Iterator[Problem]:
    """Yield everything that is wrong with the stack's pools. `references` holds the platform stacks by name."""
    for name, pool in stack.node_pools.items():
        owner = _owner(stack, pool, references)
        if pool.cluster not in stack.clusters:
            yield Problem(
                f"{pool.cluster!r} is not under clusters",
                ("node_pools", name, "cluster"),
                allowed=tuple(stack.clusters),
                nearest=nearest(pool.cluster, stack.clusters),
            )
        elif owner is not None:
            yield from _problems_in_context(name, pool, *owner)
    yield from reservation_preconditions.reserved_once(_contexts(stack, references))
    yield from one_infiniband_feature(_contexts(stack, references))
    yield from gcp_preconditions.one_pool_with_networks(_contexts(stack, references))
    yield from aws_addresses.subnets_have_addresses(_contexts(stack, references))


def _owner(
    stack: StackSpec, pool: NodePoolSpec, references: Mapping[str, StackSpec]
) -> tuple[StackSpec, str, ClusterSpec] | None:
    """Return who owns the pool's cluster, unless it stands in no region: the cluster's own rules say so."""
    found = cluster_owner(stack, pool.cluster, references)
    return found if found and stands_somewhere(found[2]) else None


def stands_somewhere(cluster: ClusterSpec) -> bool:
    """Tell whether a cluster is in a region that its cloud has; outside the clouds there are none."""
    return not isinstance(cluster, CloudClusterSpec) or cluster.region in catalog.regions(cluster.provider)


def _contexts(stack: StackSpec, references: Mapping[str, StackSpec]) -> Iterator[PoolInContext]:
    """Yield the pools whose cluster and machines are known; the others are refused by rules of their own."""
    for name, pool in stack.node_pools.items():
        owner = _owner(stack, pool, references)
        if owner is None:
            continue
        context = _context(name, pool, *owner)
        if not any(_unknown_machines(context)):
            yield context


def _context(name: str, pool: NodePoolSpec, owner: StackSpec, cluster_name: str, cluster: ClusterSpec) -> PoolInContext:
    return PoolInContext(
        name,
        pool,
        cluster,
        zones=cluster_zones(cluster),
        device_plugins=cluster_device_plugins(owner, cluster_name),
        shared_accelerators=cluster_shared_accelerators(owner, cluster_name),
    )


def _problems_in_context(
    name: str, pool: NodePoolSpec, owner: StackSpec, cluster_name: str, cluster: ClusterSpec
) -> Iterator[Problem]:
    context = _context(name, pool, owner, cluster_name, cluster)
    unknown = _unknown_machines(context)
    yield from unknown
    if unknown:  # the other rules are about machines
        return
    exist = cluster.provider == "existing"
    for rule in (*(existing_preconditions.RULES if exist else CLOUD_RULES), *RULES):
        yield from rule(context)
    yield from _capacity_problems(context)


def _capacity_problems(context: PoolInContext) -> Iterator[Problem]:
    """Yield what is wrong with how nodes are bought."""
    rules = {
        "aws": aws_preconditions.RULES,
        "azure": azure_preconditions.RULES,
        "gcp": gcp_preconditions.RULES,
    }
    of_cloud = rules.get(context.cluster.provider, ())
    for rule in (*reservation_preconditions.RULES, *of_cloud):
        yield from rule(context)


def _unknown_machines(context: PoolInContext) -> list[Problem]:
    """Return why it is not known what the nodes of a pool are."""
    return list(existing_preconditions.kind_of_nodes_problems(context)) or list(_machines_exist(context))


def _machines_exist(context: PoolInContext) -> Iterator[Problem]:
    if context.pool.hardware is not None:
        return
    known = catalog.machines(context.cluster.provider)
    for index, offer in enumerate(context.pool.all_offers()):
        if offer.machine not in known:
            yield _unknown_machine(offer.machine, context, index)


def _unknown_machine(name: str, context: PoolInContext, index: int) -> Problem:
    field, provider = context.offer_field(index), context.cluster.provider
    if elsewhere := catalog.clouds_of(name):
        hint = f"`bedplate catalog list --cloud {provider}` shows those of the cluster's cloud."
        return Problem(
            f"{name!r} is a machine type of {elsewhere[0]}, and the cluster is of {provider}", field, hint=hint
        )
    return Problem(
        f"{name!r} is no machine type of {provider} that the catalog knows",
        field,
        nearest=nearest(name, catalog.machines(provider)),
        hint="`bedplate catalog list` shows them all.",
    )


def _offered_in_region(context: PoolInContext) -> Iterator[Problem]:
    for index, machine in enumerate(context.machines()):
        offered = machine.zones.get(context.region)
        if offered is None or (not offered and context.cluster.provider not in WITHOUT_ZONES):
            yield Problem(
                f"{machine.name} is not offered in {context.region}",
                context.offer_field(index),
                allowed=tuple(sorted(machine.zones)),
            )


def _offered_in_cluster_zones(context: PoolInContext) -> Iterator[Problem]:
    for index, machine in enumerate(context.machines()):
        offered = machine.zones.get(context.region, ())
        if offered and not set(offered) & set(context.zones):
            yield Problem(
                f"{machine.name} is offered in {listing(offered)}, and the cluster stands in {listing(context.zones)}",
                context.offer_field(index),
                hint=f"Add one of them to the cluster's zones: clusters.{context.pool.cluster}.zones.",
            )


def _pool_zones_belong_to_cluster(context: PoolInContext) -> Iterator[Problem]:
    for index, zone in enumerate(context.pool.zones):
        field = ("node_pools", context.name, "zones", index)
        if zone not in context.zones:
            yield Problem(
                f"{zone!r} is not among the cluster's zones",
                field,
                allowed=context.zones,
                nearest=nearest(zone, context.zones),
            )
            continue
        for machine in context.machines():
            offered = machine.zones.get(context.region, ())
            if offered and zone not in offered:
                yield Problem(f"{machine.name} is not offered in {zone}", field, allowed=offered)


def _capacity_offered(context: PoolInContext) -> Iterator[Problem]:
    for index, (offer, machine) in enumerate(zip(context.pool.all_offers(), context.machines(), strict=True)):
        ways = ways_to_buy(machine)
        if offer.capacity not in ways:
            yield Problem(
                f"{machine.name} is not sold as {offer.capacity}",
                context.at_offer(index, "capacity"),
                allowed=tuple(sorted(ways)),
            )


def _accelerators_have_a_role(context: PoolInContext) -> Iterator[Problem]:
    for machine in context.machines():
        if context.pool.role == "general" and machine.accelerator:
            yield Problem(
                f"{machine.name} has {machine.accelerator_count} × {machine.accelerator}, and a general pool takes "
                "any pod",
                ("node_pools", context.name, "role"),
                allowed=("inference", "training"),
            )
            return


def _device_plugins_installed(context: PoolInContext) -> Iterator[Problem]:
    """Can fail only where another stack owns the cluster: one's own cluster installs what its pools need."""
    for plugin in sorted(pool_device_plugins(context.cluster, context.pool)):
        if plugin not in context.device_plugins:
            yield Problem(
                f"the cluster's stack has no {plugin} device plugin, so no pod could ask for this pool's devices",
                ("node_pools", context.name, "cluster"),
                hint=f"Add {plugin} to device_plugins of that cluster in its own stack file.",
            )


def _accelerators_can_be_shared(context: PoolInContext) -> Iterator[Problem]:
    cluster, sharing = context.cluster, context.pool.sharing
    if sharing is None:
        return
    for question in pool_questions(context):
        shared = SharedMachine(
            provider=cluster.provider,
            machine=question.machine,
            sharing=sharing,
            field=("node_pools", context.name, "sharing"),
            fabric=question.declared != "none",
            nvlink=question.nvlink is not None,
            virtual=not isinstance(cluster, ExistingClusterSpec) or cluster.virtual_machines,
        )
        problems = list(sharing_problems(shared))
        yield from problems
        if problems:  # the other offers would say the same
            return


CLOUD_RULES: tuple[Callable[[PoolInContext], Iterator[Problem]], ...] = (
    _offered_in_region,
    _offered_in_cluster_zones,
    _pool_zones_belong_to_cluster,
    _capacity_offered,
)
"""Rules about machines that a cloud starts."""

RULES: tuple[Callable[[PoolInContext], Iterator[Problem]], ...] = (
    *FABRIC_RULES,
    *TPU_RULES,
    same_kind_of_machine,
    _accelerators_have_a_role,
    _device_plugins_installed,
    _accelerators_can_be_shared,
    huge_pages_fit,
    *accelerator_preconditions.RULES,
)
