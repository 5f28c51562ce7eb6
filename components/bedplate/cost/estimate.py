"""Cost lines from plans: counted once, where the thing is declared."""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import Decimal
from typing import TYPE_CHECKING

from bedplate.clusters.azure_plan import AksPlan
from bedplate.clusters.existing_plan import ExistingPlan
from bedplate.clusters.gcp_plan import GkePlan
from bedplate.clusters.plan import EksPlan
from bedplate.cost.azure import aks_cost
from bedplate.cost.fixed import fixed_line
from bedplate.cost.gcp import gke_cost
from bedplate.cost.range import HOURS_PER_MONTH, Confidence, CostLine, machine_item
from bedplate.cost.root_disks import root_disk
from bedplate.errors import UsageError
from bedplate.node_pools.prices import DECLARED_VERSION

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from bedplate.catalog import Price
    from bedplate.clusters.plan import ClusterPlan
    from bedplate.node_pools.plan import NodeGroupPlan, NodePoolPlan
    from bedplate.node_pools.reservations import ReservationPlan
    from bedplate.services.gateway import Exposure


UNDECLARED_USE = "no expected use declared: counted at max"


@dataclass(frozen=True, slots=True)
class GroupUse:
    """How many nodes of a group always run, and the node-hours a month that are expected of it."""

    floor: int
    expected_hours: Decimal
    note: str


def pool_cost(pool: NodePoolPlan) -> tuple[CostLine, ...]:
    """Return the lines of a pool: machines and their root volumes, per offer.

    The floor and the expected nodes are counted on the offers in their order, each up to its maximum. The maximum adds
    up over the offers, because they scale separately. A spot offer counts with its spot price; where spot fails, the
    pool's on-demand offer, if it has one, is counted beside it. What was bought ahead counts with all its machines in
    each of the three figures: they are paid whether they run or not, so floor and expected nodes on them add nothing.
    """
    uses = zip(pool.groups, _uses(pool), strict=True)
    return tuple(line for group, use in uses for line in _group_lines(pool, group, use))


def _group_lines(pool: NodePoolPlan, group: NodeGroupPlan, use: GroupUse) -> Iterator[CostLine]:
    owner = f"node_pools.{pool.name}"
    hours = group.reservation.hours_per_month if group.reservation else HOURS_PER_MONTH
    running = CostLine(
        owner=owner,
        kind="machine",
        item=machine_item(group.machine.name, group.capacity, group.reservation.name if group.reservation else ""),
        unit="node",
        usd_per_hour=group.price.usd_per_hour if group.price else None,
        baseline_units=use.floor,
        expected_unit_hours=use.expected_hours,
        max_units=group.max_nodes,
        source=group.price.source if group.price else "",
        as_of=group.price.as_of if group.price else None,
        confidence=_confidence(group.price, spot=group.capacity == "spot"),
        note=use.note,
        hours=hours,
    )
    yield reserved_line(running, group.reservation) if group.reservation else running
    disk = root_disk(pool.provider, pool.region, group)
    if disk is None:
        return
    yield CostLine(
        owner=owner,
        kind="service",
        item=f"root volume of {group.root_disk_gib} GiB",
        unit="node",
        usd_per_hour=disk.usd_per_hour,
        baseline_units=use.floor,
        expected_unit_hours=min(use.expected_hours, group.max_nodes * hours),
        max_units=group.max_nodes,
        source=disk.price.source if disk.price else "",
        as_of=disk.price.as_of if disk.price else None,
        confidence="dated" if disk.price else "unknown",
        service=disk.service,
        hours=hours,
    )


def reserved_line(running: CostLine, reservation: ReservationPlan) -> CostLine:
    """Return the line of machines that were bought ahead, from the one of those that run.

    All of them are paid from the first hour to the last, so the three figures differ in nothing.
    """
    until = f" until {reservation.ends}" if reservation.ends else ""
    return replace(
        running,
        baseline_units=reservation.nodes,
        expected_unit_hours=reservation.nodes * reservation.hours_per_month,
        max_units=max(reservation.nodes, running.max_units),
        note=f"reserved: {reservation.nodes} are paid{until}, whether they run or not",
        reserved=True,
    )


def node_prices(pool: NodePoolPlan) -> list[tuple[str, Decimal]]:
    """Return what an hour of a node costs, machine and root volume, by offer.

    Raises `UsageError` where no price is known.
    """
    lines = [tuple(_group_lines(pool, group, use)) for group, use in zip(pool.groups, _uses(pool), strict=True)]
    unpriced = [line.item for group in lines for line in group if line.usd_per_hour is None]
    if unpriced:
        raise UsageError(f"no price is known for {', '.join(unpriced)}")
    return [(group[0].item, sum((line.usd_per_hour or Decimal(0) for line in group), Decimal(0))) for group in lines]


def _uses(pool: NodePoolPlan) -> list[GroupUse]:
    """Return the use of each group: expected nodes in busy hours, the floor in the others; undeclared is the max."""
    floor = _spread(pool.min_nodes, pool.groups)
    if pool.expected_nodes is None or pool.expected_hours is None:
        most = _spread(pool.max_nodes, pool.groups)
        return [
            GroupUse(always, up * HOURS_PER_MONTH, UNDECLARED_USE if up > always else "")
            for always, up in zip(floor, most, strict=True)
        ]
    busy = Decimal(pool.expected_hours)
    expected = _spread(pool.expected_nodes, pool.groups)
    return [
        GroupUse(always, up * busy + always * (HOURS_PER_MONTH - busy), "")
        for always, up in zip(floor, expected, strict=True)
    ]


def _spread(nodes: int, groups: Sequence[NodeGroupPlan]) -> list[int]:
    """Return how many nodes stand on each group when they are filled in order of preference."""
    spread = []
    for group in groups:
        spread.append(min(nodes, group.max_nodes))
        nodes -= spread[-1]
    return spread


def _confidence(price: Price | None, *, spot: bool) -> Confidence:
    if price is None:
        return "unknown"
    if price.version == DECLARED_VERSION:
        return "declared"
    if spot:  # a snapshot of a market
        return "assumed"
    return "dated" if price.as_of else "undated"


def cluster_cost(cluster: ClusterPlan) -> tuple[CostLine, ...]:
    """Return the lines of a cluster that run whether anything uses it or not."""
    match cluster:
        case EksPlan():
            return _eks_cost(cluster)
        case AksPlan():
            return aks_cost(cluster)
        case GkePlan():
            return gke_cost(cluster)
        case ExistingPlan():  # run and paid by somebody else: the plan says so
            return ()
    raise ValueError(f"no prices for a cluster of the provider {cluster.provider!r}")


def _eks_cost(cluster: EksPlan) -> tuple[CostLine, ...]:
    gateways = cluster.nat_gateways
    return (
        fixed_line(cluster, "EKS control plane", "cluster", "eks-control-plane", 1),
        fixed_line(cluster, "NAT gateway", "gateway", "nat-gateway", gateways),
        fixed_line(cluster, "public IPv4 address of a NAT gateway", "address", "public-ipv4", gateways),
        fixed_line(cluster, "encryption key", "key", "kms-key", 1),
    )


def serving_cost(cluster: ClusterPlan, exposure: Exposure | None) -> tuple[CostLine, ...]:
    """Return the lines of the gateway's load balancer, which the cluster's own controller creates: no resource of a
    stack shows it. One for the internet has an address in each zone; what it carries comes on top."""
    if exposure is None:
        return ()
    balancer = fixed_line(cluster, "network load balancer of the gateway", "balancer", "network-load-balancer", 1)
    if exposure == "internal":
        return (balancer,)
    zones = len(cluster.zones)
    return (balancer, fixed_line(cluster, "public IPv4 address of the gateway", "address", "public-ipv4", zones))
