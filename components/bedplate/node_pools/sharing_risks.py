"""What pods on one accelerator can do to each other: said before anything is created."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bedplate.risks import Risk

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bedplate.plan import StackPlan


def sharing_risks(plan: StackPlan) -> Iterator[Risk]:
    """Yield a risk per pool whose way of sharing leaves pods within reach of each other's memory or faults."""
    for pool in plan.node_pools:
        sharing = pool.groups[0].sharing
        if sharing is None or {sharing.isolation.memory, sharing.isolation.faults} == {"yes"}:
            continue
        yield Risk(
            f"node_pools.{pool.name}",
            f"pods share accelerators by {sharing.mode}; not kept apart: {sharing.isolation.shares}",
            "give it only to pods that may stop each other, or use mig where the GPU can be cut",
        )
