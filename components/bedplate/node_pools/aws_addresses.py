"""Addresses of an EKS cluster's subnets: for how many nodes there are some, and whether the pools may run more.

Pools of other stacks come on top, and are not seen here.
"""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING

from bedplate.clusters.aws_spec import AwsClusterSpec
from bedplate.clusters.plan import CONTROL_PLANE_ZONES
from bedplate.errors import Problem, listing
from bedplate.fabrics.preconditions import pool_fabrics
from bedplate.networking.plan import (
    CONTROL_PLANE_ADDRESSES,
    PREFIX_ADDRESSES,
    RESERVED_IN_SUBNET,
    WARM_PREFIXES,
    plan_network,
)
from bedplate.networking.spec import LARGEST_PREFIX
from bedplate.node_pools.zones import offer_zones, shared_zones

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from bedplate.networking.plan import NetworkPlan
    from bedplate.node_pools.preconditions import PoolInContext

NODE_ADDRESSES = 1 + PREFIX_ADDRESSES * (1 + WARM_PREFIXES)
"""What a node with one to sixteen pods takes: an address of its own, a prefix for its pods and the one that is kept
ready. It has one interface with an address: those of EFA alone have none (`fabrics.cards`). A node with more pods takes
more, so fewer may fit than is said here."""


@dataclass(frozen=True, slots=True)
class Standing:
    """The nodes of one offer: how many may run at once, and in which zones they may start."""

    pool: str
    offer: int
    nodes: int
    zones: frozenset[str]


@dataclass(frozen=True, slots=True)
class Shortage:
    """Zones that have addresses for `room` nodes, and the nodes that may run at once and can stand nowhere else."""

    zones: tuple[str, ...]
    room: int
    standings: tuple[Standing, ...]

    @property
    def nodes(self) -> int:
        """How many nodes may run at once."""
        return sum(one.nodes for one in self.standings)


def zone_rooms(network: NetworkPlan) -> Mapping[str, int]:
    """Return for how many nodes each zone's private subnet has addresses, in the order of the zones."""
    rooms = {}
    for index, zone in enumerate(network.zones):
        taken = RESERVED_IN_SUBNET + (CONTROL_PLANE_ADDRESSES if index < CONTROL_PLANE_ZONES else 0)
        rooms[zone.zone] = (ipaddress.IPv4Network(zone.private_cidr).num_addresses - taken) // NODE_ADDRESSES
    return rooms


def shortage(standings: Sequence[Standing], rooms: Mapping[str, int]) -> Shortage | None:
    """Return the fewest zones that have too few addresses however the nodes are spread; None where all find room.

    Nodes find room if and only if, for every set of zones, those that can stand in no other fit there (Hall's theorem).
    """
    for size in range(1, len(rooms) + 1):
        for zones in combinations(rooms, size):
            bound = tuple(one for one in standings if one.zones and one.zones <= set(zones))
            found = Shortage(zones, sum(rooms[zone] for zone in zones), bound)
            if found.nodes > found.room:
                return found
    return None


def crowding(standings: Sequence[Standing], rooms: Mapping[str, int]) -> Shortage | None:
    """Return the zone that lacks most addresses if every node that may start there does; None where all find room."""
    crowds = [
        Shortage((zone,), room, tuple(one for one in standings if zone in one.zones)) for zone, room in rooms.items()
    ]
    worst = max(crowds, key=lambda crowd: crowd.nodes - crowd.room)
    return worst if worst.nodes > worst.room else None


def subnets_have_addresses(pools: Iterable[PoolInContext]) -> Iterator[Problem]:
    """Yield for each cluster on EKS the pool that takes most of the addresses of which there are too few."""
    by_cluster: dict[str, list[PoolInContext]] = {}
    for context in pools:
        if isinstance(context.cluster, AwsClusterSpec):
            by_cluster.setdefault(context.pool.cluster, []).append(context)
    for contexts in by_cluster.values():
        yield from _too_few_addresses(contexts)


def _too_few_addresses(contexts: Sequence[PoolInContext]) -> Iterator[Problem]:
    cluster = contexts[0].cluster
    assert isinstance(cluster, AwsClusterSpec)  # noqa: S101 - chosen by the caller
    standings = [standing for context in contexts for standing in _standings(context)]
    found = shortage(standings, zone_rooms(plan_network(cluster.network, contexts[0].zones)))
    if found is None:
        return
    largest = max(found.standings, key=lambda one: one.nodes)
    context = next(one for one in contexts if one.name == largest.pool)
    exceeding = _exceeding(found, contexts)
    yield Problem(
        f"{found.nodes} nodes {_of_pools(found)}can run at once in {listing(found.zones)}{_adding_up(exceeding)}, and "
        f"the subnets there have addresses for {found.room}: a node takes {NODE_ADDRESSES}, its own and "
        f"{1 + WARM_PREFIXES} blocks of {PREFIX_ADDRESSES} for pods",
        context.at_maximum(largest.offer),
        hint=_remedy(context, cluster, found, list(exceeding)),
    )


def _standings(context: PoolInContext) -> list[Standing]:
    offers = context.pool.all_offers()
    zones = [
        offer_zones(context.pool, offer, machine, context.region, context.zones)
        for offer, machine in zip(offers, context.machines(), strict=True)
    ]
    if _keeps_to_one_zone(context):
        zones = [shared_zones(zones)[:1]] * len(offers)
    return [
        Standing(context.name, index, offer.max or context.pool.nodes.max, frozenset(zones[index]))
        for index, offer in enumerate(offers)
    ]


def _keeps_to_one_zone(context: PoolInContext) -> bool:
    return any(fabric.single_zone for fabric in pool_fabrics(context))


def _exceeding(found: Shortage, contexts: Sequence[PoolInContext]) -> Mapping[str, list[int]]:
    """Return the maxima of the offers of pools where they add up to more than the pool's own: few people mean that."""
    maxima = {context.name: [one.nodes for one in found.standings if one.pool == context.name] for context in contexts}
    return {
        context.name: maxima[context.name] for context in contexts if sum(maxima[context.name]) > context.pool.nodes.max
    }


def _adding_up(exceeding: Mapping[str, list[int]]) -> str:
    parts = [
        f"{name}: {len(maxima)} offers of up to "
        + (f"{maxima[0]} each" if len(set(maxima)) == 1 else " and ".join(str(most) for most in maxima))
        for name, maxima in exceeding.items()
    ]
    return f" ({'; '.join(parts)})" if parts else ""


def _of_pools(found: Shortage) -> str:
    names = sorted({one.pool for one in found.standings})
    return f"of {listing(names)} " if len(names) > 1 else ""


def _remedy(context: PoolInContext, cluster: AwsClusterSpec, found: Shortage, exceeding: Sequence[str]) -> str:
    """Return what may be done, the least first: a network that is made anew takes the cluster with it."""
    network = f"clusters.{context.pool.cluster}.network.cidr"
    widest = ipaddress.IPv4Network(cluster.network.cidr).prefixlen <= LARGEST_PREFIX
    ways = [
        f"give the offers of {listing(exceeding)} a max of their own that add up to what you mean" if exceeding else "",
        "set a lower max",
        (
            f"make a second pool of the rest outside {listing(found.zones)}"
            if _keeps_to_one_zone(context)
            else "let nodes start in further zones"
        ),
        "" if widest else f"give {network} a larger range, which makes the network anew",
    ]
    text = "; or ".join(way for way in ways if way)
    return f"{text[0].upper()}{text[1:]}." + (f" {network} is as large as a network can be." if widest else "")
