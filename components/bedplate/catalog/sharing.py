"""How an accelerator can be divided: profiles of NVIDIA's MIG, partitions of AMD's MI300X, what each mode isolates."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType
from typing import TYPE_CHECKING

from bedplate.catalog.tables import CellError, build, read

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bedplate.catalog.model import MachineType
    from bedplate.catalog.tables import Row

PROFILE_COLUMNS = (
    "accelerator", "memory_gib", "profile", "per_accelerator", "slots", "starts", "gke", "source", "as_of", "note",
)  # fmt: skip
PARTITION_COLUMNS = ("accelerator", "compute", "memory", "per_accelerator", "source", "as_of", "note")
ISOLATION_COLUMNS = ("mode", "memory", "faults", "performance", "isolates", "shares", "source", "as_of")

PROFILE_NAME = re.compile(r"(?P<compute>[1-7])g\.(?P<memory>\d+)gb")


@dataclass(frozen=True, slots=True)
class MigProfile:
    """A size of slice that a GPU can be cut into.

    `per_accelerator` is how many of it alone fit. A slice takes `slots` neighbouring places of the GPU's memory, and
    may begin at one of `starts`: that decides which mixtures fit. `gke` says whether GKE cuts GPUs into it.
    `accelerator_memory_gib` is None where an accelerator comes with one size of memory.
    """

    accelerator: str
    accelerator_memory_gib: float | None
    name: str
    per_accelerator: int
    slots: int
    starts: tuple[int, ...]
    gke: bool

    @property
    def memory_gb(self) -> int:
        """The memory of a slice in GB, as its name says; what a program finds is a little less."""
        return int(self.name.partition(".")[2].removesuffix("gb"))


@dataclass(frozen=True, slots=True)
class GpuPartition:
    """A way to divide an AMD accelerator: compute and memory mode, and how many devices one then shows."""

    accelerator: str
    compute: str
    memory: str
    per_accelerator: int


@dataclass(frozen=True, slots=True)
class Isolation:
    """What pods that share an accelerator are kept from doing to each other, in a word each and in sentences.

    `memory`, `faults` and `performance` are `yes`, `limited`, `no` or `unknown`.
    """

    mode: str
    memory: str
    faults: str
    performance: str
    isolates: str
    shares: str


def mig_profiles(machine: MachineType) -> Mapping[str, MigProfile]:
    """Return the profiles of a machine's GPUs by name; empty where none are known, or the GPUs cannot be cut.

    An accelerator that is sold with several sizes of memory needs the machine to say which one it has.
    """
    return MappingProxyType(
        {
            profile.name: profile
            for profile in _profiles()
            if profile.accelerator == machine.accelerator
            and profile.accelerator_memory_gib in (None, machine.accelerator_memory_gib)
        }
    )


def gpu_partitions(accelerator: str) -> tuple[GpuPartition, ...]:
    """Return the ways to divide an AMD accelerator, the undivided one first; empty where none are known."""
    return tuple(partition for partition in _partitions() if partition.accelerator == accelerator)


def isolation(mode: str) -> Isolation:
    """Return what a mode of sharing isolates. Raises KeyError for a mode that the table lacks."""
    return _isolation()[mode]


@cache
def _profiles() -> tuple[MigProfile, ...]:
    return tuple(build(read("mig-profiles.csv", PROFILE_COLUMNS), parse_profile))


@cache
def _partitions() -> tuple[GpuPartition, ...]:
    return tuple(build(read("gpu-partitions.csv", PARTITION_COLUMNS), parse_partition))


@cache
def _isolation() -> Mapping[str, Isolation]:
    return MappingProxyType(
        {one.mode: one for one in build(read("sharing-isolation.csv", ISOLATION_COLUMNS), parse_isolation)}
    )


def parse_profile(row: Row) -> MigProfile:
    """Return one profile; raises `CellError` for a cell that cannot be read, or places that contradict the count."""
    name, count, slots = row.required("profile"), row.integer("per_accelerator"), row.integer("slots")
    if not PROFILE_NAME.fullmatch(name):
        raise CellError("profile", f"{name!r} is not a profile such as 1g.10gb")
    if not count or not slots:
        raise CellError("per_accelerator", "a profile has a count and a number of slots")
    try:
        starts = tuple(int(start) for start in row.required("starts").split("/"))
    except ValueError:
        raise CellError("starts", f"{row.text('starts')!r} is not a list of places such as 0/2/4") from None
    if len(starts) != count:
        raise CellError("starts", f"{len(starts)} places for {count} slices")
    row.source()
    row.required_day("as_of")
    return MigProfile(
        accelerator=row.required("accelerator"),
        accelerator_memory_gib=row.number("memory_gib"),
        name=name,
        per_accelerator=count,
        slots=slots,
        starts=starts,
        gke=row.text("gke") == "yes",
    )


def parse_partition(row: Row) -> GpuPartition:
    """Return one partition; raises `CellError` for a cell that cannot be read."""
    count = row.integer("per_accelerator")
    if not count:
        raise CellError("per_accelerator", "must be a count above zero")
    row.source()
    row.required_day("as_of")
    return GpuPartition(row.required("accelerator"), row.required("compute"), row.required("memory"), count)


def parse_isolation(row: Row) -> Isolation:
    """Return what a mode isolates; raises `CellError` for a cell that cannot be read."""
    for column in ("memory", "faults", "performance"):
        if row.required(column) not in ("yes", "limited", "no", "unknown"):
            raise CellError(column, f"{row.text(column)!r} is none of yes, limited, no, unknown")
    row.source()
    row.required_day("as_of")
    return Isolation(*(row.required(column) for column in ISOLATION_COLUMNS[:-2]))
