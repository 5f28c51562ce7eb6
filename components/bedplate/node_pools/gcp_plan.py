"""What Google Cloud asks of node pools beyond our own plan: pure functions of it, and of the project's name."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bedplate.node_pools.plan import NodeGroupPlan, NodePoolPlan

WAITS_FOR_MACHINES = ("flex-start", "queued")
"""Ways to buy in which a node starts when Google Cloud has one to give, and goes after a limited time."""


def fixed_nodes(pool: NodePoolPlan, group: NodeGroupPlan) -> int | None:
    """Return the number of nodes that a group always has, None where the autoscaler decides.

    A slice of TPUs that never goes is one piece of fixed size. What waits for machines is the autoscaler's in any case
    (cluster-toolkit, gke-node-pool: flex-start takes no static count).
    """
    is_slice = bool(group.placement.topology) and group.machine.vendor == "Google" and group.max_nodes > 1
    always = pool.min_nodes == group.max_nodes and group.capacity not in WAITS_FOR_MACHINES
    return group.max_nodes if is_slice and always else None


def initial_nodes_per_zone(pool: NodePoolPlan, group: NodeGroupPlan) -> int:
    """Return with how many nodes in each zone a group starts; from then on the autoscaler owns the number.

    GKE counts per zone here, and passing the maximum at the start would be passing the cap. A general pool starts with
    a node at least, on which DNS runs, where its maximum has room for one in every zone.
    """
    if group.capacity in WAITS_FOR_MACHINES:
        return 0
    zones = len(group.zones)
    each = group.initial_nodes // zones
    wants_one = pool.role == "general" and group.initial_nodes and zones <= group.max_nodes
    return max(each, 1) if wants_one else each


def reservation_path(name: str, project: str) -> str:
    """Return a reservation as GKE names it: with its project, which is the cluster's own unless the name says another.

    >>> reservation_path("h100", "acme-ai")
    'projects/acme-ai/reservations/h100'
    >>> reservation_path("h100/reservationBlocks/block-1", "acme-ai")
    'projects/acme-ai/reservations/h100/reservationBlocks/block-1'
    """
    return name if name.startswith("projects/") else f"projects/{project}/reservations/{name}"
