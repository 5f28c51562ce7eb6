"""How many nodes hold workers: packed as tightly as possible, and in whatever order the scheduler places them."""

from __future__ import annotations

import functools
import itertools
from collections.abc import Iterator

import pytest

from bedplate.serving.packing import nodes_for, nodes_in_any_order

Workers = list[tuple[int, int]]


@pytest.mark.parametrize(
    ("workers", "per_node", "nodes"),
    [
        ([(5, 8)], 8, 5),
        ([(5, 4)], 8, 3),
        ([(5, 3)], 8, 3),  # two on a node, and two of its accelerators idle
        ([(1, 1)], 8, 1),
        ([(2, 4), (3, 4)], 8, 3),
        ([(2, 8), (8, 1)], 8, 10),  # eight nodes with one small worker each, and two for the large ones
        ([(1, 8), (2, 1)], 8, 3),
        ([(2, 4), (3, 2)], 8, 2),
        ([(2, 4), (4, 2)], 8, 3),  # 4 + 2 on one node and 2 + 2 + 2 on the other: no room for the second of 4
        ([(1, 4), (2, 2)], 8, 1),
        ([(1, 1), (5, 4)], 8, 3),  # only one node can be filled by 4 + 1; the others take two of 4
        ([(200, 8), (9, 4), (5000, 2), (7000, 1)], 8, 200 + 9 + 5000 + 7000),
        ([], 8, 0),
    ],
)
def test_nodes_for_the_worst_order(workers: Workers, per_node: int, nodes: int) -> None:
    assert nodes_in_any_order(workers, per_node) == nodes


@pytest.mark.parametrize("per_node", [1, 2, 4, 8])
def test_workers_of_one_size_need_what_they_need_packed(per_node: int) -> None:
    for size, count in itertools.product(range(1, per_node + 1), range(1, 12)):
        assert nodes_in_any_order([(count, size)], per_node) == nodes_for([(count, size)], per_node)


@functools.cache
def stuck(sizes: tuple[int, ...], free: tuple[int, ...]) -> bool:
    """Return whether workers can be placed so that one of them finds no room, trying every order and node."""
    return any(
        all(size > room for room in free)
        or any(
            stuck((*sizes[:index], *sizes[index + 1 :]), tuple(sorted([*free[:node], room - size, *free[node + 1 :]])))
            for node, room in enumerate(free)
            if room >= size
        )
        for index, size in enumerate(sizes)
    )


def mixes() -> Iterator[tuple[Workers, int]]:
    """Return small mixes: two sizes on nodes of four accelerators, three on nodes of eight."""
    for first, second in itertools.combinations(range(1, 5), 2):
        for many, few in itertools.product(range(1, 4), range(1, 3)):
            yield [(many, first), (few, second)], 4
    for ones, larger, fours in itertools.product(range(1, 3), (2, 3), range(2, 5)):
        yield [(ones, 1), (2, larger), (fours, 4)], 8
    yield [(1, 1), (5, 4)], 8


@pytest.mark.parametrize(("workers", "per_node"), list(mixes()))
def test_on_so_many_nodes_and_no_fewer_every_order_leaves_a_worker_room(workers: Workers, per_node: int) -> None:
    nodes = nodes_in_any_order(workers, per_node)
    sizes = tuple(size for count, size in workers for _ in range(count))
    assert not stuck(sizes, (per_node,) * nodes)
    assert stuck(sizes, (per_node,) * (nodes - 1))


def test_an_order_that_leaves_a_worker_without_room_is_found() -> None:
    assert stuck((4, 1, 1), (4, 4))
    assert not stuck((4, 1, 1), (4, 4, 4))
