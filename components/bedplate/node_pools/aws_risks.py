"""What pools on EKS risk although nothing about them is wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bedplate.clusters.plan import EksPlan
from bedplate.node_pools.aws_addresses import NODE_ADDRESSES, Standing, crowding, zone_rooms
from bedplate.node_pools.labels import AUTOSCALER_ACCELERATOR_LABEL, accelerator_resources
from bedplate.risks import Risk

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bedplate.node_pools.plan import NodePoolPlan
    from bedplate.plan import StackPlan


ABOVE_MAX = "up to a tenth of max, at least one node, runs above it, which the cost leaves out"
"""How far an Auto Scaling group may pass its maximum while it rebalances."""


def aws_risks(plan: StackPlan) -> Iterator[Risk]:
    """Yield the risks of pools on EKS."""
    for pool in plan.node_pools:
        if pool.provider == "aws" and pool.provisioner == "node-groups":
            yield from _not_waited_for(pool)
            yield from _spot_machines_exchanged(pool)
            yield from _zones_balanced(pool)
    for name in (*plan.clusters, *plan.references):
        cluster = plan.cluster_plan(name)
        if isinstance(cluster, EksPlan):
            yield from _all_in_one_zone(plan, name, cluster)


def _not_waited_for(pool: NodePoolPlan) -> Iterator[Risk]:
    """The autoscaler waits for nvidia.com/gpu on nodes with its label, and for no other resource (`labels`)."""
    first = pool.groups[0]
    if first.machine.accelerator and AUTOSCALER_ACCELERATOR_LABEL not in first.labels:
        names = ", ".join(sorted(accelerator_resources(first.machine, first.sharing)))
        yield Risk(
            f"node_pools.{pool.name}",
            f"Cluster Autoscaler does not wait until a new node offers {names}: while its device plugin starts, it may "
            "start a further node for the same pods, which goes when it has been empty for ten minutes",
            "set max to what that may cost, and let pods ask for processors or memory: a node on which none does "
            "counts as unused",
        )


def _spot_machines_exchanged(pool: NodePoolPlan) -> Iterator[Risk]:
    """EKS turns Capacity Rebalancing on for all its spot groups (EKS user guide, "Managed node group capacity types").

    The margin: EC2 Auto Scaling user guide, "Capacity Rebalancing", considerations.
    """
    if any(group.capacity == "spot" for group in pool.groups):
        yield Risk(
            f"node_pools.{pool.name}",
            "EC2 Auto Scaling starts the successor of a spot machine that may soon be taken before that one goes: for "
            f"minutes {ABOVE_MAX}",
            "keep that distance to the cap, or set autoscaler: karpenter for the cluster, which waits for the notice",
        )


def _zones_balanced(pool: NodePoolPlan) -> Iterator[Risk]:
    """`AZRebalance`, of which a general pool is meant to have the good.

    EC2 Auto Scaling user guide, "Rebalancing activities"; EKS user guide, "Managed node group concepts".
    """
    moved = [group for group in pool.groups if group.machine.accelerator and len(group.zones) > 1]
    if any(group.max_nodes > 1 for group in moved):
        yield Risk(
            f"node_pools.{pool.name}",
            "EC2 Auto Scaling balances its nodes over zones: it takes one that works for one elsewhere, and its pods "
            f"have 15 minutes, whatever their disruption budgets say; meanwhile {ABOVE_MAX}",
            "name one zone under `zones`, or set autoscaler: karpenter for the cluster, which balances none",
        )


def _all_in_one_zone(plan: StackPlan, name: str, cluster: EksPlan) -> Iterator[Risk]:
    """A precondition sees to it that nodes find room where they spread; a shortage of machines may keep them together.

    With a fabric they always stand in one zone, and are refused where that has no room.
    """
    standings = [
        Standing(pool.name, index, group.max_nodes, frozenset(group.zones))
        for pool in plan.node_pools
        if pool.cluster == name
        for index, group in enumerate(pool.groups)
    ]
    found = crowding(standings, zone_rooms(cluster.network))
    if found:
        yield Risk(
            f"clusters.{name}",
            f"where machines are to be had in {found.zones[0]} alone, {found.nodes} nodes may start there, and its "
            f"subnet has addresses for {found.room} ({NODE_ADDRESSES} for a node)",
            "expect fewer nodes then, or give network.cidr a larger range, which makes the network anew",
        )
