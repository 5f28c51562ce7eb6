"""How many nodes hold some workers: at the least, and whatever the order in which they come and go."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable


def nodes_for(workers: Iterable[tuple[int, int]], accelerators_per_node: int) -> int:
    """Return how many equal nodes hold workers, given as (how many, accelerators of each); the large ones go first.

    >>> nodes_for([(3, 8)], 8), nodes_for([(3, 4), (2, 2)], 8), nodes_for([(3, 3)], 8)
    (3, 2, 2)
    """
    free: list[int] = []
    for size in sorted((size for count, size in workers for _ in range(count)), reverse=True):
        for index, left in enumerate(free):
            if left >= size:
                free[index] -= size
                break
        else:
            free.append(accelerators_per_node - size)
    return len(free)


def nodes_in_any_order(workers: Iterable[tuple[int, int]], accelerators_per_node: int) -> int:
    """Return how many equal nodes hold workers wherever the scheduler places them: it spreads them, and never packs.

    A worker finds no room where every node has fewer accelerators free than it wants. So this is one node more than the
    others can fill so far. Each of them that takes so much fills a node by itself; the smaller ones need, on each node,
    the least that some of them together can take. Workers of one size need no more nodes than packed.

    >>> nodes_in_any_order([(3, 4)], 8), nodes_in_any_order([(2, 8), (8, 1)], 8)
    (2, 10)
    """
    sizes = [size for count, size in workers for _ in range(count)]
    return max((1 + _nodes_filled(sizes, size, accelerators_per_node) for size in set(sizes)), default=0)


def _nodes_filled(sizes: list[int], wanted: int, accelerators_per_node: int) -> int:
    """Return on how many nodes all workers but one of a size can leave no room for that one, at the most."""
    full = accelerators_per_node - wanted + 1
    others = sizes.copy()
    others.remove(wanted)
    alone = [size for size in others if size >= full]
    small = [size for size in others if size < full]
    least = _least_sum(set(small), full, accelerators_per_node)
    return len(alone) + (sum(small) // least if least else 0)


def _least_sum(sizes: set[int], low: int, high: int) -> int:
    """Return the least sum of sizes between two bounds, any of them as often as it takes; 0 when there is none."""
    sums = {0}
    for total in range(1, high + 1):
        if any(total - size in sums for size in sizes):
            sums.add(total)
            if total >= low:
                return total
    return 0
