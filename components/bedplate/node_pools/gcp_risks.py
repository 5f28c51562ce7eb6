"""What a pool on GKE risks although nothing about it is wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bedplate.node_pools.gcp_plan import WAITS_FOR_MACHINES
from bedplate.risks import Risk

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bedplate.node_pools.plan import NodePoolPlan
    from bedplate.plan import StackPlan

LONGEST_RUN_HOURS = 168
"""GKE documentation, "About GPU and TPU consumption with flex-start": nodes go after seven days at the latest."""


def gcp_risks(plan: StackPlan) -> Iterator[Risk]:
    """Yield the risks of pools on GKE."""
    for pool in plan.node_pools:
        if pool.provider == "gcp":
            yield from _limited_time(pool)
            yield from _further_networks(pool)


def _limited_time(pool: NodePoolPlan) -> Iterator[Risk]:
    for group in pool.groups:
        if group.capacity in WAITS_FOR_MACHINES:
            hours = group.max_run_hours or LONGEST_RUN_HOURS
            yield Risk(
                f"node_pools.{pool.name}",
                f"{group.machine.name} by {group.capacity} comes when Google Cloud has one, and goes after {hours} "
                "hours whatever runs on it",
                "save checkpoints, or use a reservation",
            )


def _further_networks(pool: NodePoolPlan) -> Iterator[Risk]:
    fabric = pool.groups[0].fabric.gcp
    if fabric and fabric.networks:
        yield Risk(
            f"node_pools.{pool.name}",
            f"its fabric takes {len(fabric.networks)} VPC networks of the project's quota NETWORKS",
            "look at the quota before the first `pulumi up`",
        )
