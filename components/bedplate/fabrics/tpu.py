"""Slices of TPUs over several nodes: which shapes a machine type has, and how many nodes each of them takes.

A slice is one piece: Google Cloud starts all its nodes or none, and a pool that asks for another number never gets one.
"""

from __future__ import annotations

from functools import cache
from math import prod
from typing import TYPE_CHECKING

from bedplate.catalog.tables import CellError, Row, build, read
from bedplate.errors import Problem, nearest
from bedplate.fabrics.facts import DATA

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from bedplate.node_pools.preconditions import PoolInContext


def slice_shapes(machine: str) -> Mapping[str, int]:
    """Return the shapes that slices of a machine type have, and the nodes of each; empty where no source says."""
    return {topology: nodes for name, topology, nodes in _shapes() if name == machine}


def chips(topology: str) -> int:
    """Return the number of chips of a shape.

    >>> chips("4x4")
    16
    """
    return prod(int(side) for side in topology.split("x"))


@cache
def _shapes() -> tuple[tuple[str, str, int], ...]:
    return tuple(build(read("tpu-slices.csv", ("machine", "topology", "nodes", "source", "as_of"), DATA), _shape))


def _shape(row: Row) -> tuple[str, str, int]:
    row.source()
    row.required_day("as_of")
    nodes = row.integer("nodes")
    if not nodes:
        raise CellError("nodes", "say how many nodes the slice has")
    return row.required("machine"), row.required("topology"), nodes


def _field(context: PoolInContext) -> tuple[str | int, ...]:
    return ("node_pools", context.name, "tpu_topology")


def _only_tpus_have_a_topology(context: PoolInContext) -> Iterator[Problem]:
    for machine in context.machines():
        if context.pool.tpu_topology and machine.vendor != "Google":
            yield Problem(f"{machine.name} has no TPUs, so there is no slice to give a shape to", _field(context))


def _shape_is_known(context: PoolInContext) -> Iterator[Problem]:
    topology = context.pool.tpu_topology
    for machine in context.machines():
        if topology is None or machine.vendor != "Google":
            continue
        shapes = slice_shapes(machine.name)
        if not shapes:
            yield Problem(
                f"no source says which shapes slices of {machine.name} have, so none is assumed",
                _field(context),
                hint="Leave tpu_topology out for nodes that work alone, or choose v6e or TPU7x machines.",
            )
        elif topology not in shapes:
            yield Problem(
                f"slices of {machine.name} have no shape {topology!r}",
                _field(context),
                allowed=tuple(shapes),
                nearest=nearest(topology, shapes),
            )


def _slice_is_whole(context: PoolInContext) -> Iterator[Problem]:
    for index, (offer, machine) in enumerate(zip(context.pool.all_offers(), context.machines(), strict=True)):
        nodes = slice_shapes(machine.name).get(context.pool.tpu_topology or "")
        if nodes is None:
            continue
        most = offer.max or context.pool.nodes.max
        if most != nodes:
            yield Problem(
                f"a slice of shape {context.pool.tpu_topology} has {nodes} nodes of {machine.name}, all or none, and "
                f"{most} may run",
                context.at_maximum(index),
                hint=f"Set max to {nodes}; a further slice is a pool of its own.",
            )


def _floor_is_a_slice(context: PoolInContext) -> Iterator[Problem]:
    floor = context.pool.nodes.min
    for machine in context.machines():
        nodes = slice_shapes(machine.name).get(context.pool.tpu_topology or "")
        if nodes is not None and floor not in (0, nodes):
            yield Problem(
                f"min {floor} of the {nodes} nodes of a slice cannot run without the others",
                ("node_pools", context.name, "nodes", "min"),
                allowed=("0", str(nodes)),
            )
            return


TPU_RULES: tuple[Callable[[PoolInContext], Iterator[Problem]], ...] = (
    _only_tpus_have_a_topology,
    _shape_is_known,
    _slice_is_whole,
    _floor_is_a_slice,
)
