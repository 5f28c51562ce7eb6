"""Whether a pod of a pool finds the same on each of its offers: what may differ is how much of it a node has."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bedplate.errors import Problem
from bedplate.fabrics.preconditions import wanted_fabric

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from bedplate.catalog import MachineType
    from bedplate.node_pools.preconditions import PoolInContext


def _memory(machine: MachineType) -> str:
    """Memory of which no source says anything is not known to differ either."""
    return "" if machine.accelerator_memory_gib is None else f"{machine.accelerator_memory_gib:g} GiB"


_KIND: Mapping[str, Callable[[MachineType], str]] = {
    "accelerator": lambda machine: f"{machine.vendor} {machine.accelerator}".strip() or "none",
    "architecture": lambda machine: machine.architecture,
    "share of an accelerator": lambda machine: f"{machine.accelerator_share:g}",
    "memory of an accelerator": _memory,
}
"""What a pod counts on wherever it lands: its image runs, and its model fits."""

_WHOLE_NODE: Mapping[str, Callable[[MachineType], str]] = {
    "number of accelerators": lambda machine: str(machine.accelerator_count),
}
"""What a pod on a fabric counts on beside: it takes a whole node, with all accelerators."""


def same_kind_of_machine(context: PoolInContext) -> Iterator[Problem]:
    """Pods of a pool may land on any of its offers, so the offers must run the same image and request."""
    alike = _KIND if wanted_fabric(context) == "none" else {**_KIND, **_WHOLE_NODE}
    for name, read in alike.items():
        found = {machine.name: read(machine) for machine in context.machines() if read(machine)}
        if len(set(found.values())) > 1:
            described = ", ".join(f"{machine}: {value}" for machine, value in found.items())
            yield Problem(
                f"the offers differ in {name} ({described}), and a pod of this pool may land on any of them",
                ("node_pools", context.name, "offers"),
                hint="Make a pool of each.",
            )
            return
