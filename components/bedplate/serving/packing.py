"""How many nodes hold some workers: at the least, and whatever the order in which they come and go."""

from __future__ import annotations

import itertools
import math
import operator
from collections import Counter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

MOST_MIXES = 2_000
"""How many mixes of small workers are tried, in about a tenth of a second; where there are more, a bound stands in."""


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
    others can fill so far. Each of them that takes so much fills a node by itself; of the smaller ones, several
    fill one together. Workers of one size need no more nodes than packed. Where smaller ones are too many to try
    (MOST_MIXES), this may be some nodes more than needed, never fewer.

    >>> nodes_in_any_order([(3, 4)], 8), nodes_in_any_order([(2, 8), (8, 1)], 8)
    (2, 10)
    """
    counts: Counter[int] = Counter()
    for count, size in workers:
        counts[size] += count
    return max((1 + _nodes_filled(counts, size, accelerators_per_node) for size in +counts), default=0)


def _nodes_filled(counts: Counter[int], wanted: int, accelerators_per_node: int) -> int:
    """Return on how many nodes all workers but one of a size can leave no room for that one, at the most."""
    full = accelerators_per_node - wanted + 1
    others = counts - Counter([wanted])
    small = {size: count for size, count in others.items() if size < full}
    alone = others.total() - sum(small.values())
    ways = _ways_to_fill(small, full, accelerators_per_node)
    if not ways:
        return alone
    if math.prod(count + 1 for count in small.values()) <= MOST_MIXES:
        return alone + _most_filled(tuple(small.values()), list(ways))
    return alone + sum(size * count for size, count in small.items()) // min(ways.values())


def _ways_to_fill(counts: dict[int, int], low: int, high: int) -> dict[tuple[int, ...], int]:
    """Return the sums between two bounds of so many of each size, by how many of each they take."""
    sums: dict[tuple[int, ...], int] = {(): 0}
    for size, count in counts.items():
        sums = {
            (*taken, more): total + more * size
            for taken, total in sums.items()
            for more in range(min(count, (high - total) // size) + 1)
        }
    return {taken: total for taken, total in sums.items() if total >= low}


def _most_filled(counts: tuple[int, ...], ways: list[tuple[int, ...]]) -> int:
    """Return how many nodes so many workers of each size fill at the most: one in each way, and more with the rest."""
    most: dict[tuple[int, ...], int] = {}
    for mix in itertools.product(*(range(count + 1) for count in counts)):  # what is left of a mix comes before it
        rests = (tuple(map(operator.sub, mix, way)) for way in ways)
        most[mix] = max((1 + most[rest] for rest in rests if rest in most), default=0)
    return most[counts]
