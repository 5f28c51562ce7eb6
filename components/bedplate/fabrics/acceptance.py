"""The acceptance test of a fabric: all-reduce over some nodes of a pool, and the bandwidth that it must reach."""

from __future__ import annotations

from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cache
from typing import TYPE_CHECKING

from bedplate import catalog
from bedplate.catalog.tables import Row, build, read
from bedplate.errors import Problem
from bedplate.fabrics.environment import environment
from bedplate.fabrics.facts import DATA, known_kind

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from bedplate.catalog import MachineType
    from bedplate.fabrics.kinds import FabricKind
    from bedplate.fabrics.spec import AcceptanceSpec, OwnFabricSpec

DERIVED_SHARE = 0.5
"""The part of the cards' line rate that is asked for where no source knows what a shape reaches. Published figures lie
between three quarters of it and more than all of it; half of it is far above what TCP reaches."""

BITS_PER_BYTE = 8


@dataclass(frozen=True, slots=True)
class Floor:
    """The bus bandwidth that all-reduce must reach, in GB/s (10⁹ bytes), and where the figure comes from."""

    gb_per_s: float
    reason: str


@dataclass(frozen=True, slots=True)
class Program:
    """The test program in a container image, for the fabrics and accelerators that it was built for."""

    kinds: tuple[FabricKind, ...]
    vendor: str
    architecture: str
    image: str
    mpirun: str
    program: str
    library_path: str


@dataclass(frozen=True, slots=True)
class AcceptancePlan:
    """The test, decided. `network` is the name that NCCL must say it uses."""

    nodes: int
    accelerators: int
    floor: Floor
    network: str
    image: str
    program: Program


def plan_acceptance(
    spec: AcceptanceSpec, kind: FabricKind, machine: MachineType, own: OwnFabricSpec | None
) -> AcceptancePlan:
    """Decide the test of a pool. Raises LookupError for one that a precondition should have refused."""
    program, floor, network = _program(kind, machine), _floor(spec, machine), _network(kind, machine, own)
    if program is None or floor is None or network is None:
        raise LookupError(f"no acceptance test for {machine.name} over {kind}")
    image = catalog.image(program.image)
    return AcceptancePlan(
        nodes=spec.nodes,
        accelerators=machine.accelerator_count,
        floor=floor,
        network=network,
        image=f"{image.repository}:{image.tag}",
        program=program,
    )


def known_floor(machine: MachineType) -> Floor | None:
    """Return what all-reduce over a machine type must reach: what a source found, else a share of the line rate."""
    fact = next((row for row in _floors() if row[0] == machine.cloud and fnmatchcase(machine.name, row[1])), None)
    if fact and fact[2] is not None:
        return Floor(fact[2], f"found on this shape: {fact[4]}")
    line = fact[3] if fact and fact[3] is not None else machine.network_gbps
    if line is None:
        return None
    share = f"derived: {DERIVED_SHARE:.0%} of {line:g} Gbit/s"
    return Floor(round(line / BITS_PER_BYTE * DERIVED_SHARE, 1), share)


def _floor(spec: AcceptanceSpec, machine: MachineType) -> Floor | None:
    if spec.floor_gb_per_s is not None:
        return Floor(spec.floor_gb_per_s, "declared under acceptance_test")
    return known_floor(machine)


def _network(kind: FabricKind, machine: MachineType, own: OwnFabricSpec | None) -> str | None:
    return next((one.value for one in environment(kind, machine, own) if one.name == "NCCL_NET"), None)


def _program(kind: FabricKind, machine: MachineType) -> Program | None:
    return next(
        (
            one
            for one in _programs()
            if kind in one.kinds
            and one.vendor == machine.vendor
            and fnmatchcase(machine.architecture, one.architecture)
        ),
        None,
    )


def acceptance_problems(
    spec: AcceptanceSpec,
    kind: FabricKind,
    machine: MachineType,
    own: OwnFabricSpec | None,
    most_nodes: int,
    field: tuple[str | int, ...],
) -> Iterator[Problem]:
    """Yield why a pool cannot be tested so, one reason at most."""
    for rule in _RULES:
        if message := rule(spec, kind, machine, own, most_nodes):
            yield Problem(message, field)
            return


def _has_a_fabric(
    _spec: AcceptanceSpec, kind: FabricKind, _machine: MachineType, _own: OwnFabricSpec | None, _most: int
) -> str:
    return "the pool uses no fabric that could be tested" if kind == "none" else ""


def _has_the_nodes(
    spec: AcceptanceSpec, _kind: FabricKind, _machine: MachineType, _own: OwnFabricSpec | None, most: int
) -> str:
    if spec.nodes <= most:
        return ""
    return f"the test takes {spec.nodes} nodes, and the pool has at most {most}"


def _has_a_program(
    _spec: AcceptanceSpec, kind: FabricKind, machine: MachineType, own: OwnFabricSpec | None, _most: int
) -> str:
    if _program(kind, machine) is not None and _network(kind, machine, own) is not None:
        return ""
    return (
        f"no image with a version is known that tests {machine.accelerator or machine.name} "
        f"({machine.architecture}) over {kind}"
    )


def _has_a_floor(
    spec: AcceptanceSpec, _kind: FabricKind, machine: MachineType, _own: OwnFabricSpec | None, _most: int
) -> str:
    if _floor(spec, machine) is not None:
        return ""
    return f"no source says how fast {machine.name} is: set floor_gb_per_s"


_RULES: tuple[Callable[[AcceptanceSpec, FabricKind, MachineType, OwnFabricSpec | None, int], str], ...] = (
    _has_a_fabric,
    _has_the_nodes,
    _has_a_program,
    _has_a_floor,
)


@cache
def _floors() -> tuple[tuple[str, str, float | None, float | None, str], ...]:
    columns = ("cloud", "machine", "floor_gb_per_s", "line_gbps", "source", "as_of", "note")
    return tuple(build(read("floors.csv", columns, DATA), _floor_row))


def _floor_row(row: Row) -> tuple[str, str, float | None, float | None, str]:
    row.source()
    row.required_day("as_of")
    return (
        row.required("cloud"),
        row.required("machine"),
        row.number("floor_gb_per_s"),
        row.number("line_gbps"),
        row.text("note"),
    )


@cache
def _programs() -> tuple[Program, ...]:
    columns = (
        "kinds",
        "vendor",
        "architecture",
        "image",
        "mpirun",
        "program",
        "library_path",
        "source",
        "as_of",
    )
    return tuple(build(read("acceptance-programs.csv", columns, DATA), _program_row))


def _program_row(row: Row) -> Program:
    row.source()
    row.required_day("as_of")
    return Program(
        kinds=tuple(known_kind(kind, "kinds") for kind in row.required("kinds").split("+")),
        vendor=row.required("vendor"),
        architecture=row.required("architecture"),
        image=row.required("image"),
        mpirun=row.required("mpirun"),
        program=row.required("program"),
        library_path=row.text("library_path"),
    )
