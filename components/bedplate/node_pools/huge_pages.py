"""How much of a node's memory may be huge pages: what is set aside for them serves no other pod, and not the system."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bedplate.errors import Problem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bedplate.node_pools.preconditions import PoolInContext

MIB_PER_PAGE = 2
SMALL_GIB = 30
SMALL_PERCENT, PERCENT = 60, 80
"""The share of memory that may be huge pages, on machines with less than `SMALL_GIB` and on all others. It is GKE's
limit (Google, custom resource ComputeClass, hugepageConfig; read 2026-11). Elsewhere nobody names one, and a kernel
sets aside what it finds without a word; so it holds for all."""


def percent_for_huge_pages(memory_gib: float) -> int:
    """Return how much of a node's memory may be huge pages, in percent."""
    return SMALL_PERCENT if memory_gib < SMALL_GIB else PERCENT


def huge_pages_fit(context: PoolInContext) -> Iterator[Problem]:
    """Yield the first machine of a pool that has too little memory for the pool's huge pages."""
    pages = context.pool.huge_pages_2mi
    for machine in context.machines():
        if machine.memory_gib is None:
            continue
        percent = percent_for_huge_pages(machine.memory_gib)
        most = int(machine.memory_gib * 1024 * percent / 100 / MIB_PER_PAGE)
        if pages > most:
            yield Problem(
                f"{pages} huge pages are {pages * MIB_PER_PAGE / 1024:,.1f} GiB, and of the {machine.memory_gib:g} GiB "
                f"of {machine.name} {percent} % may be set aside",
                ("node_pools", context.name, "huge_pages_2mi"),
                hint=f"Write at most {most}.",
            )
            return
