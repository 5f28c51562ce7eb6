"""What must hold for capacity that was bought ahead: one function per rule, each with a message for people.

No cloud is asked, so a reservation is what the stack file says of it. A difference from the real one shows when the
cloud refuses the first node; contradictions within the file show here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from bedplate.catalog.believable import believable_usd_per_hour
from bedplate.clusters.azure_spec import AzureClusterSpec
from bedplate.clusters.gcp_spec import GcpClusterSpec
from bedplate.errors import Problem, dotted, listing
from bedplate.node_pools.gcp_plan import reservation_path
from bedplate.node_pools.reservations import declared_day, may_not_have_begun

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from bedplate.catalog import MachineType
    from bedplate.errors import FieldPath
    from bedplate.node_pools.preconditions import PoolInContext
    from bedplate.node_pools.spec import OfferSpec, ReservationSpec


class ReservedOffer(NamedTuple):
    """An offer that was bought ahead, its machine, and where it is written."""

    offer: OfferSpec
    reservation: ReservationSpec
    machine: MachineType
    field: FieldPath


def reserved_offers(context: PoolInContext) -> Iterator[ReservedOffer]:
    """Yield the offers of a pool that were bought ahead."""
    for index, (offer, machine) in enumerate(zip(context.pool.all_offers(), context.machines(), strict=True)):
        if offer.reservation is not None:
            yield ReservedOffer(offer, offer.reservation, machine, context.at_offer(index, "reservation"))


def _machine_agrees(context: PoolInContext) -> Iterator[Problem]:
    for offer, reservation, _, field in reserved_offers(context):
        if reservation.machine != offer.machine:
            yield Problem(
                f"{reservation.name} is for {reservation.machine}, and the offer is for {offer.machine}: no node of "
                "it would start",
                (*field, "machine"),
                allowed=(offer.machine,),
            )


def _zone_is_the_clusters(context: PoolInContext) -> Iterator[Problem]:
    for _, reservation, _, field in reserved_offers(context):
        if reservation.zone and reservation.zone not in context.zones:
            yield Problem(
                f"{reservation.name} stands in {reservation.zone}, and the cluster in {listing(context.zones)}",
                (*field, "zone"),
                hint=f"Add the zone to the cluster's: clusters.{context.pool.cluster}.zones.",
            )


def _zone_offers_the_machine(context: PoolInContext) -> Iterator[Problem]:
    for _, reservation, machine, field in reserved_offers(context):
        offered = machine.zones.get(context.region, ())
        if offered and reservation.zone in context.zones and reservation.zone not in offered:
            yield Problem(
                f"{machine.name} is not offered in {reservation.zone}, so no reservation of it stands there",
                (*field, "zone"),
                allowed=offered,
            )


def _zone_is_the_pools(context: PoolInContext) -> Iterator[Problem]:
    for _, reservation, _, field in reserved_offers(context):
        if context.pool.zones and reservation.zone and reservation.zone not in context.pool.zones:
            yield Problem(
                f"{reservation.name} stands in {reservation.zone}, and the pool in {listing(context.pool.zones)}",
                (*field, "zone"),
                hint=f"Name that zone in node_pools.{context.name}.zones, or leave zones out.",
            )


def _nodes_fit(context: PoolInContext) -> Iterator[Problem]:
    for offer, reservation, _, field in reserved_offers(context):
        most = offer.max or context.pool.nodes.max
        if most > reservation.nodes:
            yield Problem(
                f"{reservation.name} holds {reservation.nodes} machines, and {most} may run from it: the others would "
                "wait forever",
                (*field, "nodes"),
                hint=f"Give the offer a max of {reservation.nodes}; a further offer can bring more nodes.",
            )


def _term_is_a_term(context: PoolInContext) -> Iterator[Problem]:
    for _, reservation, _, field in reserved_offers(context):
        no_days = [name for name in ("starts", "ends") if not _is_a_day(getattr(reservation, name))]
        for name in no_days:
            yield Problem(f"{getattr(reservation, name)} is no day of the calendar", (*field, name))
        if no_days or not reservation.starts or not reservation.ends:
            continue
        if reservation.ends <= reservation.starts:  # both are written year first, so they compare as text
            yield Problem(f"it ends on {reservation.ends}, and starts on {reservation.starts}", (*field, "ends"))


def _is_a_day(text: str | None) -> bool:
    try:
        declared_day(text)
    except ValueError:
        return False
    return True


def _price_is_believable(context: PoolInContext) -> Iterator[Problem]:
    """A cap holds against what a file declares; a cent an hour would let anything pass it."""
    for _, reservation, machine, field in reserved_offers(context):
        declared = reservation.usd_per_node_hour
        low, high = believable_usd_per_hour(machine)
        if declared is not None and not low <= declared <= high:
            yield Problem(
                f"${declared:,.2f} an hour is no price of a {machine.name}: it costs between ${low:,.2f} and "
                f"${high:,.2f}",
                (*field, "usd_per_node_hour"),
                hint="Write what one machine costs for one hour, not the whole reservation or its whole term.",
            )


def _floor_waits_for_no_first_day(context: PoolInContext) -> Iterator[Problem]:
    """A floor is kept in every hour: before a term begins, its pods would wait for nodes in vain.

    An end that lies ahead is a risk (`bedplate.risks`): until then the floor stands.
    """
    offers = context.pool.all_offers()
    if not context.pool.nodes.min or not all(may_not_have_begun(offer) for offer in offers):
        return
    terms = listing([_term(offer) for offer in offers])
    yield Problem(
        f"min {context.pool.nodes.min} nodes always run, and the pool has nothing that is sure to have begun: {terms}",
        ("node_pools", context.name, "nodes", "min"),
        hint="Set min: 0: what is reserved is paid anyway, and starts when a pod asks for it. Or add an offer that "
        "is there from the start; a reservation that has begun needs no `starts`.",
    )


def _term(offer: OfferSpec) -> str:
    reservation = offer.reservation
    assert reservation is not None  # noqa: S101 - only what was bought ahead has a term
    days = [f"{verb} on {day}" for verb, day in (("begins", reservation.starts), ("ends", reservation.ends)) if day]
    return f"{reservation.name} {' and '.join(days) or 'begins and ends'}"


RULES: tuple[Callable[[PoolInContext], Iterator[Problem]], ...] = (
    _machine_agrees,
    _zone_is_the_clusters,
    _zone_offers_the_machine,
    _zone_is_the_pools,
    _nodes_fit,
    _term_is_a_term,
    _price_is_believable,
    _floor_waits_for_no_first_day,
)


def reserved_once(pools: Iterable[PoolInContext]) -> Iterator[Problem]:
    """Yield reservations that two offers name: their machines would be paid twice, and each would take the other's.

    One that is a part of the other, as a block is of a reservation on Google Cloud, counts as the same.
    """
    owners: list[tuple[tuple[str, ...], str]] = []
    for context in pools:
        for _, reservation, _, field in reserved_offers(context):
            identity = _identity(context, reservation)
            owner = next((owner for taken, owner in owners if _overlap(taken, identity)), None)
            owners.append((identity, dotted(field)))
            if owner is not None:
                yield Problem(
                    f"{reservation.name} is that of {owner} already; its machines are counted and taken once",
                    (*field, "name"),
                    hint="Split the reservation and name a part in each, or make one pool of the two.",
                )


def _identity(context: PoolInContext, reservation: ReservationSpec) -> tuple[str, ...]:
    """Return what a cloud knows a reservation by, the whole before its parts.

    A name alone is one of the cluster's project and of a zone on Google Cloud; Azure does not tell capitals from small
    letters in identifiers ("Naming rules and restrictions for Azure resources").
    """
    match context.cluster:
        case GcpClusterSpec(project=project):
            return ("gcp", reservation.zone or "", *reservation_path(reservation.name, project).split("/"))
        case AzureClusterSpec():
            return ("azure", reservation.name.lower())
    return (context.cluster.provider, reservation.name)


def _overlap(one: tuple[str, ...], other: tuple[str, ...]) -> bool:
    return all(mine == theirs for mine, theirs in zip(one, other, strict=False))
