"""What of an accelerator's memory an engine sees, and what it takes for itself: facts out of the logs of starts."""

from __future__ import annotations

from functools import cache
from types import MappingProxyType
from typing import TYPE_CHECKING

from bedplate.catalog.machine_types import accelerators
from bedplate.catalog.model import EngineMemory
from bedplate.catalog.tables import CellError, build, read

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bedplate.catalog.model import MachineType
    from bedplate.catalog.tables import Row

VISIBLE_COLUMNS = ("accelerator", "listed_gib", "visible_gib", "source", "as_of")
ENGINE_COLUMNS = ("part", "accelerator_gib_from", "gib", "source", "as_of", "note")

ENGINE, NEIGHBOURS = "engine", "neighbours"
"""What every worker takes, and what it takes besides where it has several accelerators."""


def visible_memory_gib(machine: MachineType) -> float | None:
    """Return the memory of one of a machine's accelerators as CUDA reports it, or None where no source has it.

    Clouds list what is soldered on, and the driver keeps a part. Where nobody published the figure, it is the listed
    one.
    """
    listed = machine.accelerator_memory_gib
    if listed is None:
        return None
    return _visible().get((machine.accelerator, listed), listed)


def engine_memory_gib(accelerator_gib: float, accelerators_per_worker: int) -> float:
    """Return what the engine takes on each accelerator beside weights, keys and values: the context of CUDA and its
    graphs, the peak of a full batch, and the buffers through which the accelerators of a worker talk.

    `accelerator_gib` is the visible memory: vLLM chooses the size of a batch by it.
    """
    parts = [ENGINE] if accelerators_per_worker == 1 else [ENGINE, NEIGHBOURS]
    return sum(_largest_below(part, accelerator_gib).gib for part in parts)


def _largest_below(part: str, accelerator_gib: float) -> EngineMemory:
    rows = [row for row in _engine() if row.part == part and row.accelerator_gib_from <= accelerator_gib]
    return max(rows, key=lambda row: row.accelerator_gib_from)


@cache
def _visible() -> Mapping[tuple[str, float], float]:
    return MappingProxyType(dict(build(read("accelerator-memory.csv", VISIBLE_COLUMNS), parse_visible)))


@cache
def _engine() -> tuple[EngineMemory, ...]:
    return tuple(build(read("engine-memory.csv", ENGINE_COLUMNS), parse_engine_memory))


def parse_visible(row: Row) -> tuple[tuple[str, float], float]:
    """Return the visible memory of an accelerator with its listed memory; raises `CellError` for a wrong cell."""
    row.source()
    row.required_day("as_of")
    name, listed, visible = row.required("accelerator"), row.number("listed_gib"), row.number("visible_gib")
    if name not in accelerators():
        raise CellError("accelerator", f"{name!r} is not in accelerators.csv")
    if not listed or not visible or not 0.9 * listed < visible <= listed:
        raise CellError("visible_gib", "must be at most the listed memory, and above nine tenths of it")
    return (name, listed), visible


def parse_engine_memory(row: Row) -> EngineMemory:
    """Return what the engine takes; raises `CellError` for a cell that cannot be read."""
    if row.required("part") not in (ENGINE, NEIGHBOURS):
        raise CellError("part", f"must be {ENGINE} or {NEIGHBOURS}")
    gib = row.number("gib")
    if not gib or gib < 0:
        raise CellError("gib", "must be above zero")
    return EngineMemory(
        part=row.text("part"),
        accelerator_gib_from=row.number("accelerator_gib_from") or 0,
        gib=gib,
        source=row.source(),
        as_of=row.required_day("as_of"),
        note=row.text("note"),
    )
