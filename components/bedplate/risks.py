"""What a plan risks although nothing about it is wrong: said before anything is created."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from bedplate import catalog
from bedplate.errors import listing

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from bedplate.node_pools.plan import NodePoolPlan
    from bedplate.plan import StackPlan


SPOT_NOTICE_SECONDS = {"aws": 120, "gcp": 30, "azure": 30}
"""What a cloud leaves a spot machine: EC2 user guide, "Spot Instance interruption notices"; Compute Engine, "Spot VMs";
"Use Azure Spot Virtual Machines"."""

BLOCK_NOTICE_MINUTES = 30
"""EC2 user guide, "Capacity Blocks for ML": termination begins 30 minutes before the end, at 11:30 UTC."""


RUNNING_AT_THE_END = {
    "aws": "and those that run run on at the on-demand price",
    "gcp": "and those that run are taken if it was made in calendar mode; others run on at the on-demand price",
}
"""What the end of a reservation does to its machines: EC2 user guide, "On-Demand Capacity Reservations"; Compute
Engine, `FutureReservation.ReservationMode`. On Azure none ends by itself."""


@dataclass(frozen=True, slots=True)
class Risk:
    """Something that may go wrong, where it is declared, and what to do about it."""

    subject: str
    text: str
    remedy: str


def risks(plan: StackPlan) -> list[Risk]:
    """Return every risk of a plan, pool by pool, then those of clusters."""
    from bedplate.node_pools.aws_risks import aws_risks
    from bedplate.node_pools.azure_risks import azure_risks
    from bedplate.node_pools.existing_risks import existing_risks
    from bedplate.node_pools.gcp_risks import gcp_risks
    from bedplate.node_pools.quota_risks import quota_risks
    from bedplate.node_pools.sharing_risks import sharing_risks

    started = [pool for pool in plan.node_pools if pool.provider != "existing"]
    pools = [risk for pool in started for rule in POOL_RULES for risk in rule(pool)]
    return [
        *pools,
        *existing_risks(plan),
        *aws_risks(plan),
        *azure_risks(plan),
        *gcp_risks(plan),
        *sharing_risks(plan),
        *_drains_longer_than_spot(plan),
        *_workers_left_apart(plan),
        *quota_risks(plan),
        *_one_nat_gateway(plan),
    ]


def _offers_add_up(pool: NodePoolPlan) -> Iterator[Risk]:
    if pool.reachable_nodes > pool.max_nodes:
        yield Risk(
            f"node_pools.{pool.name}",
            f"its offers scale separately: {pool.reachable_nodes} nodes can run at once, above max {pool.max_nodes}; "
            "the cost counts all of them",
            "give the offers a max of their own that add up to what you mean",
        )


def _spot_without_fallback(pool: NodePoolPlan) -> Iterator[Risk]:
    if all(group.capacity == "spot" for group in pool.groups):
        yield Risk(
            f"node_pools.{pool.name}",
            "all its capacity is spot: the cloud may take every node at once with "
            f"{SPOT_NOTICE_SECONDS[pool.provider]} seconds' notice, and there may be none to have",
            "add an on-demand offer, or make sure that what runs here can wait",
        )


def _spot_price_moves(pool: NodePoolPlan) -> Iterator[Risk]:
    for group in pool.groups:
        on_demand = catalog.price(pool.provider, pool.region, group.machine.name, "on-demand")
        if group.capacity != "spot" or group.price is None or on_demand is None:
            continue
        if group.price.usd_per_hour < on_demand.usd_per_hour:
            yield Risk(
                f"node_pools.{pool.name}",
                f"spot {group.machine.name} is counted at ${group.price.usd_per_hour:.2f} an hour and may rise to the "
                f"on-demand price of ${on_demand.usd_per_hour:.2f}",
                "keep that distance to the cap, or set the offer's max lower",
            )


def _one_zone(pool: NodePoolPlan) -> Iterator[Risk]:
    zones = {zone for group in pool.groups for zone in group.zones}
    if len(zones) != 1 or pool.max_nodes <= 1:
        return
    subject = f"node_pools.{pool.name}"
    here = f"all its nodes stand in {', '.join(zones)}, because"
    bound = [bool(group.reservation and group.reservation.zone) for group in pool.groups]
    elsewhere = "declare a second pool in another zone"
    if all(bound):
        yield Risk(
            subject,
            f"{here} its machines are reserved there: when that zone fails, the pool has none",
            elsewhere if pool.fabric != "none" else "add an offer in another zone, or declare a second pool in one",
        )
        return
    why = "a fabric does not cross zones" if pool.fabric != "none" else "its machines are offered in no other"
    yield Risk(
        subject,
        f"{here} {why}: when that zone has no capacity, the pool has none",
        elsewhere if any(bound) else "name another zone to move it, or declare a second pool in one",
    )


def _reservation_decides_the_zone(pool: NodePoolPlan) -> Iterator[Risk]:
    """A group of EKS that changes its subnets is made anew, and GKE deletes the nodes of a zone that a pool leaves.

    Karpenter replaces outdated nodes one by one, and none in training (`node_pools.karpenter.budgets`).
    """
    alone = pool.zone_without_reservations
    deciding = [group for group in pool.groups if group.reservation and group.reservation.zone]
    if not deciding or not alone or deciding[0].zones == (alone,):
        return
    here = ", ".join(deciding[0].zones)
    names = listing([group.reservation.name for group in deciding if group.reservation])
    follows = "deletes the running nodes of the others"
    if pool.provisioner == "karpenter":
        follows = "makes the others start nodes in another zone, apart from those that run"
    yield Risk(
        f"node_pools.{pool.name}",
        f"the zone of all offers is that of {names}, {here} in place of {alone}: adding or removing what was bought "
        f"ahead {follows}",
        f"write `zones: [{here}]`, and the others stay there when it goes; or give it a pool of its own",
    )


def _scarce_on_demand(pool: NodePoolPlan) -> Iterator[Risk]:
    for group in pool.groups:
        if group.capacity == "on-demand" and "capacity-block" in group.machine.capacity_sources:
            yield Risk(
                f"node_pools.{pool.name}",
                f"{group.machine.name} is sold in capacity blocks because on-demand capacity is rarely to be had",
                "treat the offer as a fallback, and expect to wait",
            )


def _ends_by_itself(pool: NodePoolPlan) -> Iterator[Risk]:
    for group in pool.groups:
        if group.capacity == "capacity-block" and group.reservation:
            yield Risk(
                f"node_pools.{pool.name}",
                f"{group.reservation.name} ends on {group.reservation.ends}: EC2 begins to take its machines "
                f"{BLOCK_NOTICE_MINUTES} minutes before",
                "write checkpoints before that, and say in the stack file what comes after",
            )
        elif group.reservation and group.reservation.ends:
            yield Risk(
                f"node_pools.{pool.name}",
                f"{group.reservation.name} ends on {group.reservation.ends}: from then on no further node of it "
                f"starts, {RUNNING_AT_THE_END[pool.provider]}",
                "add an offer that stays, or prolong the reservation and its `ends` in time",
            )


POOL_RULES: tuple[Callable[[NodePoolPlan], Iterator[Risk]], ...] = (
    _offers_add_up,
    _spot_without_fallback,
    _spot_price_moves,
    _one_zone,
    _reservation_decides_the_zone,
    _scarce_on_demand,
    _ends_by_itself,
)


def _drains_longer_than_spot(plan: StackPlan) -> Iterator[Risk]:
    """A worker that stops by order takes its time; one whose machine is taken has what the cloud leaves it."""
    for endpoint in plan.endpoints:
        stopping = endpoint.timings.pre_stop_seconds + endpoint.timings.shutdown_seconds
        pool = plan.pool_of(endpoint)
        notice = SPOT_NOTICE_SECONDS.get(pool.provider, 0)
        if any(group.capacity == "spot" for group in pool.groups) and stopping > notice:
            yield Risk(
                f"endpoints.{endpoint.name}",
                f"its workers take up to {stopping} s to stop, and a spot machine is taken {notice} s after its "
                "notice: requests that last longer are lost with it",
                f"keep pre_stop_seconds and drain_seconds together within {notice}, or use a pool without spot offers",
            )


def _workers_left_apart(plan: StackPlan) -> Iterator[Risk]:
    """Workers are spread over nodes and never moved, so those that scaling down leaves may each keep a node."""
    from bedplate.serving.packing import nodes_in_any_order

    for pool in plan.node_pools:
        here = [endpoint for endpoint in plan.endpoints if endpoint.pool == pool.full_name]
        least = sum(endpoint.min_workers for endpoint in here)
        if least == sum(endpoint.max_workers for endpoint in here):
            continue
        most = [(endpoint.max_workers, endpoint.accelerators) for endpoint in here]
        nodes = min(least, nodes_in_any_order(most, here[0].accelerators_per_node))
        if nodes > pool.min_nodes:
            yield Risk(
                f"node_pools.{pool.name}",
                f"workers stay where they are: once the others have gone, the {least} that always run may stand on "
                f"{nodes} nodes, and the cost at rest counts the floor of {pool.min_nodes}",
                f"set nodes.min to {nodes} if that is to be in the cost at rest, or give each worker a whole node",
            )


def _one_nat_gateway(plan: StackPlan) -> Iterator[Risk]:
    for cluster in plan.clusters.values():
        if cluster.plan.nat_gateways == 1 and plan.environment == "prod" and cluster.plan.provider == "aws":
            yield Risk(
                f"clusters.{cluster.plan.name}",
                "one NAT gateway serves all zones: when its zone fails, no node reaches the internet",
                "set network.nat: per-zone",
            )
