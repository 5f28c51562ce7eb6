"""How many nodes hold some workers."""

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
