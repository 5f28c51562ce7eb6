"""What must hold for the fabric of a pool: one function per rule, each with a message for people.

Rules about one machine type stand in `fabrics.choice`; these are about a pool, its offers and its cluster.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bedplate.clusters.azure_spec import AzureClusterSpec
from bedplate.clusters.existing_spec import ExistingClusterSpec
from bedplate.clusters.plan import kubernetes_version
from bedplate.clusters.spec import CloudClusterSpec
from bedplate.errors import Problem, nearest
from bedplate.fabrics.acceptance import AcceptanceQuestion, acceptance_problems
from bedplate.fabrics.choice import Refused, choose, fabric_questions
from bedplate.fabrics.environment import environment, fails_closed
from bedplate.fabrics.plan import plan_fabric
from bedplate.fabrics.versions import at_least
from bedplate.node_pools.azure_images import has_its_ubuntu
from bedplate.node_pools.zones import offer_zones, shared_zones

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from bedplate.catalog import MachineType
    from bedplate.clusters.spec import ClusterSpec
    from bedplate.fabrics.choice import FabricQuestion
    from bedplate.fabrics.kinds import FabricChoice, FabricKind
    from bedplate.fabrics.model import FabricPlan
    from bedplate.fabrics.spec import OwnFabricSpec
    from bedplate.node_pools.preconditions import PoolInContext
    from bedplate.node_pools.spec import NodePoolSpec, OfferSpec


def own_fabric(cluster: ClusterSpec) -> OwnFabricSpec | None:
    """Return what the owner of an existing cluster says about its fabric; None in the clouds."""
    return cluster.fabric if isinstance(cluster, ExistingClusterSpec) else None


def wanted_fabric(context: PoolInContext) -> FabricChoice:
    """Return the fabric that a pool asks for, in so many words or by what its machines are."""
    return pool_questions(context)[0].declared


def cluster_questions(
    cluster: ClusterSpec, pool: NodePoolSpec, machines: Iterable[MachineType]
) -> list[FabricQuestion]:
    """Return what decides the fabric of each of these machines of a pool, in their order."""
    return fabric_questions(pool, machines, cluster.provider, fabric_version(cluster), own_fabric(cluster))


def pool_questions(context: PoolInContext) -> list[FabricQuestion]:
    """Return what decides the fabric of each of a pool's offers, in their order."""
    return cluster_questions(context.cluster, context.pool, context.machines())


def fabric_version(cluster: ClusterSpec) -> str:
    """Return a cluster's minor version: of an existing one what its owner says."""
    if isinstance(cluster, CloudClusterSpec):
        return kubernetes_version(cluster)
    assert isinstance(cluster, ExistingClusterSpec)  # noqa: S101 - a cluster is created, or it exists already
    return cluster.kubernetes_version


def _field(context: PoolInContext) -> tuple[str | int, ...]:
    """Where the fabric is written; where it is not, the pool's machines are what asked for it."""
    return ("node_pools", context.name, "fabric") if context.pool.fabric else context.offer_field(0)


def pool_fabrics(context: PoolInContext) -> list[FabricPlan]:
    """Return the fabrics of the offers that can have one; the others are refused by a rule of their own."""
    return [plan_fabric(question) for question, _ in _answered(context)]


def _answered(context: PoolInContext) -> Iterator[tuple[FabricQuestion, FabricKind]]:
    """Yield the kind of fabric of each offer that can have one."""
    for question in pool_questions(context):
        kind = choose(question)
        if not isinstance(kind, Refused):
            yield question, kind


def _fabric_possible(context: PoolInContext) -> Iterator[Problem]:
    for question in pool_questions(context):
        found = choose(question)
        if isinstance(found, Refused):
            yield Problem(
                found.message,
                _field(context),
                allowed=found.allowed,
                nearest=nearest(question.declared, found.allowed) if found.allowed else "",
                hint=found.hint,
            )


def _fabric_in_one_zone(context: PoolInContext) -> Iterator[Problem]:
    if len(context.pool.zones) > 1 and any(fabric.single_zone for fabric in pool_fabrics(context)):
        yield Problem(
            f"a pool with a fabric stands in one zone, and {len(context.pool.zones)} are named",
            ("node_pools", context.name, "zones"),
            hint="Name one zone, or set fabric: none.",
        )


def _offers_in_one_zone(context: PoolInContext) -> Iterator[Problem]:
    """Offers whose nodes start in different zones could never reach each other."""
    offers, machines = context.pool.all_offers(), context.machines()
    if any(_is_misplaced(context, offer, machine) for offer, machine in zip(offers, machines, strict=True)):
        return  # which is refused at the reservation, and says nothing about the others
    zones = [
        offer_zones(context.pool, offer, machine, context.region, context.zones)
        for offer, machine in zip(offers, machines, strict=True)
    ]
    if not any(zones) or shared_zones(zones) or not any(fabric.single_zone for fabric in pool_fabrics(context)):
        return
    places = ", ".join(
        f"{offer.reservation.name if offer.reservation else offer.machine} in {' or '.join(names)}"
        for offer, names in zip(offers, zones, strict=True)
        if names
    )
    yield Problem(
        f"the pool's offers share no zone ({places}), and a fabric does not cross zones",
        ("node_pools", context.name, "offers"),
        hint="Make a pool of each zone.",
    )


def _is_misplaced(context: PoolInContext, offer: OfferSpec, machine: MachineType) -> bool:
    """Tell whether an offer is reserved where the pool cannot stand (`node_pools.reservation_preconditions`)."""
    zone = offer.reservation.zone if offer.reservation else None
    offered = machine.zones.get(context.region, ())
    return bool(zone) and (zone not in (context.pool.zones or context.zones) or bool(offered and zone not in offered))


def _offers_have_the_same_cards(context: PoolInContext) -> Iterator[Problem]:
    """A pod asks for a number of cards, the same wherever it lands."""
    cards = {
        (fabric.kind, *sorted(fabric.resources.items()), fabric.claimed_devices) for fabric in pool_fabrics(context)
    }
    if len(cards) > 1:
        described = sorted(
            f"{machine.name}: {machine.fabric_interfaces} × {machine.fabric}" for machine in context.machines()
        )
        yield Problem(
            f"the offers differ in their network cards ({', '.join(described)}), and a pod asks for the same number "
            "of them wherever it lands",
            ("node_pools", context.name, "offers"),
            hint="Make a pool of each.",
        )


def _one_scale_set_on_azure(context: PoolInContext) -> Iterator[Problem]:
    """Azure connects the machines of one scale set by InfiniBand, and every offer becomes a scale set of its own."""
    offers = context.pool.all_offers()
    if (
        context.cluster.provider == "azure"
        and len(offers) > 1
        and any(fabric.in_use for fabric in pool_fabrics(context))
    ):
        yield Problem(
            f"InfiniBand connects the machines of one scale set, and each of the {len(offers)} offers becomes one",
            ("node_pools", context.name, "offers"),
            hint="Keep one offer, make a pool of each, or set fabric: none.",
        )


def _nvlink_needs_a_version(context: PoolInContext) -> Iterator[Problem]:
    """On Azure a cluster that is too old for NVLink has no Ubuntu for these machines either, which is refused with or
    without a fabric (`node_pools.azure_preconditions`)."""
    cluster = f"clusters.{context.pool.cluster}"
    for index, question in enumerate(pool_questions(context)):
        fact, version = question.nvlink, question.kubernetes_version
        if fact is None or question.declared == "none" or at_least(version, fact.kubernetes):
            continue
        if context.cluster.provider == "azure" and not has_its_ubuntu(question.machine, version):
            continue
        yield Problem(
            f"NVLink of {question.machine.name} reaches over {fact.nodes} nodes, which pods join by claims from "
            f"Kubernetes {fact.kubernetes} on, and the cluster runs {version}",
            context.offer_field(index),
            hint=f"Upgrade the cluster and correct kubernetes_version of {cluster}, or set fabric: none."
            if isinstance(context.cluster, ExistingClusterSpec)
            else f"Set kubernetes_version of {cluster} to {fact.kubernetes} or newer, or set fabric: none.",
        )


def _tpu_needs_no_other_fabric(context: PoolInContext) -> Iterator[Problem]:
    """Asking for none would be a lie: the chips of a slice are wired to each other whatever a pool says."""
    for index, machine in enumerate(context.machines()):
        if machine.fabric == "ici" and context.pool.fabric == "none":
            yield Problem(
                f"the chips of {machine.name} are wired to each other, which cannot be left out",
                ("node_pools", context.name, "fabric"),
                allowed=("required", "ici"),
                hint="Leave fabric out." if index == 0 else "",
            )


def _fails_closed(context: PoolInContext) -> Iterator[Problem]:
    """A fabric that workloads can silently miss is none."""
    for question, kind in _answered(context):
        machine, own = question.machine, question.own
        if fails_closed(kind, environment(kind, machine, own)):
            continue
        with_cards = f" with {own.network_cards} cards" if own else ""
        yield Problem(
            f"no source says how a workload on {machine.accelerator or machine.name} over {kind}{with_cards} is kept "
            "from falling back to TCP",
            _field(context),
            hint="Set fabric: none, and have your workloads check which network they use.",
        )


def _can_be_tested(context: PoolInContext) -> Iterator[Problem]:
    test = context.pool.acceptance_test
    if test is None:
        return
    for question, kind in _answered(context):
        asked = AcceptanceQuestion(test, kind, question.machine, question.own, context.pool.nodes.max)
        yield from acceptance_problems(asked, ("node_pools", context.name, "acceptance_test"))


FABRIC_RULES: tuple[Callable[[PoolInContext], Iterator[Problem]], ...] = (
    _fabric_possible,
    _fabric_in_one_zone,
    _offers_in_one_zone,
    _offers_have_the_same_cards,
    _one_scale_set_on_azure,
    _nvlink_needs_a_version,
    _tpu_needs_no_other_fabric,
    _fails_closed,
    _can_be_tested,
)


def one_infiniband_feature(pools: Iterable[PoolInContext]) -> Iterator[Problem]:
    """Yield pools that would need one feature of an Azure subscription both on and off.

    The feature holds for the whole subscription and decides while a pool is being made, so pools of both kinds can
    only stand in different subscriptions.
    """
    wanted: dict[str, dict[str, str]] = {}
    for context in pools:
        if not isinstance(context.cluster, AzureClusterSpec):
            continue
        states = wanted.setdefault(context.cluster.subscription, {})
        for fabric in pool_fabrics(context):
            if fabric.azure:
                states.setdefault(fabric.azure.infiniband_feature, context.name)
    for states in wanted.values():
        if len(states) > 1:
            on, off = states["Registered"], states["Unregistered"]
            yield Problem(
                f"{off} needs the subscription's feature AKSInfinibandSupport unregistered, and {on} needs it "
                "registered",
                ("node_pools", off),
                hint="Put them on clusters in different subscriptions.",
            )
