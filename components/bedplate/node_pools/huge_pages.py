"""How much of a node's memory may be huge pages: what is set aside for them serves no other pod, and not the system."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bedplate.clusters.existing_spec import ExistingClusterSpec
from bedplate.errors import Problem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bedplate.catalog import MachineType
    from bedplate.node_pools.preconditions import PoolInContext

MIB_PER_PAGE = 2
SMALL_GIB = 30
SMALL_PERCENT, PERCENT = 60, 80
"""The share of memory that may be huge pages, on machines with less than `SMALL_GIB` and on all others. It is GKE's
limit (Google, custom resource ComputeClass, hugepageConfig; read 2026-11). Elsewhere nobody names one, and a kernel
sets aside what it finds without a word; so it holds for all nodes that are started here."""


def percent_for_huge_pages(memory_gib: float) -> int:
    """Return how much of a node's memory may be huge pages, in percent."""
    return SMALL_PERCENT if memory_gib < SMALL_GIB else PERCENT


def huge_pages_fit(context: PoolInContext) -> Iterator[Problem]:
    """Yield the first machine of a pool that has too little memory for the pool's huge pages.

    The hosts of an existing cluster have set them aside already: only their memory limits that.
    """
    found = _more_than_there_is if isinstance(context.cluster, ExistingClusterSpec) else _more_than_may_be_set_aside
    for machine in context.machines():
        if machine.memory_gib is None:
            continue
        problem = found(context, machine, machine.memory_gib)
        if problem:
            yield problem
            return


def _more_than_there_is(context: PoolInContext, _: MachineType, memory_gib: float) -> Problem | None:
    pages, most = context.pool.huge_pages_2mi, _pages(memory_gib, 100)
    if pages <= most:
        return None
    return Problem(
        f"{_size(pages)}, more than the {memory_gib:g} GiB of a node",
        ("node_pools", context.name, "huge_pages_2mi"),
        hint=f"Write how many the nodes set aside already: at most {most}.",
    )


def _more_than_may_be_set_aside(context: PoolInContext, machine: MachineType, memory_gib: float) -> Problem | None:
    percent = percent_for_huge_pages(memory_gib)
    pages, most = context.pool.huge_pages_2mi, _pages(memory_gib, percent)
    if pages <= most:
        return None
    return Problem(
        f"{_size(pages)}, and of the {memory_gib:g} GiB of {machine.name} {percent} % may be set aside",
        ("node_pools", context.name, "huge_pages_2mi"),
        hint=f"Write at most {most}.",
    )


def _pages(memory_gib: float, percent: int) -> int:
    """Return how many huge pages this share of a node's memory holds."""
    return int(memory_gib * 1024 * percent / 100 / MIB_PER_PAGE)


def _size(pages: int) -> str:
    return f"{pages} huge pages are {pages * MIB_PER_PAGE / 1024:,.1f} GiB"
