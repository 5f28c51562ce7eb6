"""In which zones the nodes of an offer may start, and the one zone that offers share where a fabric joins them."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from bedplate.catalog import MachineType
    from bedplate.node_pools.spec import NodePoolSpec, OfferSpec


def offer_zones(
    pool: NodePoolSpec, offer: OfferSpec, machine: MachineType, region: str, cluster_zones: tuple[str, ...]
) -> tuple[str, ...]:
    """Return the zones in which nodes of an offer can start: those of the pool, else of the cluster, with the machine.

    What was bought ahead stands where it was bought. Empty where no source says which zones have the machine.
    """
    if offer.reservation and offer.reservation.zone:
        return (offer.reservation.zone,)
    offered = machine.zones.get(region, ())
    return tuple(zone for zone in pool.zones or cluster_zones if zone in offered)


def shared_zones(zones_of_offers: Iterable[tuple[str, ...]]) -> tuple[str, ...]:
    """Return the zones in which nodes of every offer can start, in order; offers of unknown zones have no say.

    >>> shared_zones([("use1-az1", "use1-az4"), ("use1-az4",), ()])
    ('use1-az4',)
    """
    known = [zones for zones in zones_of_offers if zones]
    return tuple(zone for zone in known[0] if all(zone in zones for zones in known)) if known else ()
