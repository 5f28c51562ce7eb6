"""What must hold for node pools on AWS: one function per rule, each with a message for people."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from bedplate.clusters.aws_spec import AwsClusterSpec
from bedplate.errors import Problem
from bedplate.node_pools.reservation_preconditions import reserved_offers
from bedplate.node_pools.reservations import plan_reservation

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from bedplate.node_pools.preconditions import PoolInContext
    from bedplate.node_pools.reservation_preconditions import ReservedOffer

# EC2 user guide, "Amazon EC2 resource IDs": 17 hexadecimal digits, 8 in old ones.
IDENTIFIER = re.compile(r"cr-([0-9a-f]{17}|[0-9a-f]{8})")

# EC2 user guide, "Capacity Blocks for ML": 1 to 14 days, then weeks up to 182 days; at most 64 machines.
MOST_SINGLE_DAYS = 14
DAYS_OF_A_WEEK = 7
MOST_DAYS = 182
MOST_MACHINES = 64


def blocks(context: PoolInContext) -> Iterator[ReservedOffer]:
    """Yield the offers of a pool that are capacity blocks."""
    return (one for one in reserved_offers(context) if one.offer.capacity == "capacity-block")


def _facts_are_known(context: PoolInContext) -> Iterator[Problem]:
    """Nothing can be planned on a machine of which no source says where it is offered and what it has."""
    for index, machine in enumerate(context.machines()):
        if not machine.zones or machine.vcpus is None:
            yield Problem(
                f"the catalog does not know where {machine.name} is offered and what it has, so no pool can be planned "
                "on it",
                context.offer_field(index),
                hint=machine.note,
            )


def _identifier(context: PoolInContext) -> Iterator[Problem]:
    for _, reservation, _, field in reserved_offers(context):
        if not IDENTIFIER.fullmatch(reservation.name):
            yield Problem(
                f"{reservation.name!r} is no capacity reservation of AWS",
                (*field, "name"),
                hint="Its identifier begins with cr- and has 17 digits: `aws ec2 describe-capacity-reservations`.",
            )


def _zone_is_named(context: PoolInContext) -> Iterator[Problem]:
    for _, reservation, machine, field in reserved_offers(context):
        if reservation.zone is None:
            yield Problem(
                f"{reservation.name} stands in one zone, and its nodes start in no other: name it",
                (*field, "zone"),
                allowed=tuple(zone for zone in context.zones if zone in machine.zones.get(context.region, ())),
            )


def _no_words_of_other_clouds(context: PoolInContext) -> Iterator[Problem]:
    for _, reservation, _, field in reserved_offers(context):
        for name in ("compact", "maintenance_interval"):
            if getattr(reservation, name) is not None:
                yield Problem("reservations of AWS have no such setting", (*field, name), about_key=True)


def _block_has_a_term(context: PoolInContext) -> Iterator[Problem]:
    for _, reservation, _, field in blocks(context):
        if reservation.starts is None or reservation.ends is None:
            yield Problem(
                f"a capacity block begins and ends on a day; without both nobody knows for how long {reservation.name} "
                "is paid",
                (*field, "starts" if reservation.starts is None else "ends"),
            )


def _block_lasts_what_is_sold(context: PoolInContext) -> Iterator[Problem]:
    for offer, reservation, _, field in blocks(context):
        try:
            plan = plan_reservation(offer)
        except ValueError:  # no day of the calendar
            continue
        days = plan.days if plan else None
        if days is None or days <= 0:
            continue
        whole_weeks = days % DAYS_OF_A_WEEK == 0
        if days > MOST_DAYS or (days > MOST_SINGLE_DAYS and not whole_weeks):
            yield Problem(
                f"{reservation.name} would last {days} days; capacity blocks last 1 to {MOST_SINGLE_DAYS} days, or "
                f"whole weeks up to {MOST_DAYS} days",
                (*field, "ends"),
            )


def _block_has_a_price(context: PoolInContext) -> Iterator[Problem]:
    for _, reservation, _, field in blocks(context):
        if reservation.usd_per_node_hour is None:
            yield Problem(
                "a capacity block has no list price, so what it costs must be declared",
                (*field, "usd_per_node_hour"),
                hint="The upfront price, divided by its machines and hours: `aws ec2 "
                "describe-capacity-block-offerings`.",
            )


def _block_holds_what_is_sold(context: PoolInContext) -> Iterator[Problem]:
    for _, reservation, _, field in blocks(context):
        if reservation.nodes > MOST_MACHINES:
            yield Problem(
                f"a capacity block has at most {MOST_MACHINES} machines, and this one {reservation.nodes}",
                (*field, "nodes"),
                hint="Each block has an identifier of its own: make an offer of each.",
            )


def _by_karpenter(context: PoolInContext) -> bool:
    cluster = context.cluster
    return isinstance(cluster, AwsClusterSpec) and cluster.autoscaler == "karpenter" and context.pool.role != "general"


def _karpenter_foresees_no_huge_pages(context: PoolInContext) -> Iterator[Problem]:
    if _by_karpenter(context) and context.pool.huge_pages_2mi:
        yield Problem(
            "Karpenter knows nothing of huge pages (karpenter-provider-aws #3315): for a pod that asks for them it "
            "starts no node",
            ("node_pools", context.name, "huge_pages_2mi"),
            hint=f"Leave them out, or set clusters.{context.pool.cluster}.autoscaler: cluster-autoscaler.",
        )


def _karpenter_counts_whole_accelerators(context: PoolInContext) -> Iterator[Problem]:
    if _by_karpenter(context) and context.pool.sharing is not None:
        yield Problem(
            "Karpenter counts whole accelerators by the machine type: for pods that share one it would start a node "
            "each",
            ("node_pools", context.name, "sharing"),
            hint=f"Leave it out, or set clusters.{context.pool.cluster}.autoscaler: cluster-autoscaler.",
        )


RULES: tuple[Callable[[PoolInContext], Iterator[Problem]], ...] = (
    _facts_are_known,
    _identifier,
    _zone_is_named,
    _no_words_of_other_clouds,
    _block_has_a_term,
    _block_lasts_what_is_sold,
    _block_has_a_price,
    _block_holds_what_is_sold,
    _karpenter_foresees_no_huge_pages,
    _karpenter_counts_whole_accelerators,
)
