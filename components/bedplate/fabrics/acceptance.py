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
    from bedplate.errors import FieldPath
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
class FloorFact:
    """What a source says about machine types of a cloud: what all-reduce reaches, else how fast the cards are together.

    `gb_per_s` is in GB/s, `line_gbps` in Gbit/s; None where the source does not say.
    """

    cloud: str
    machine: str
    gb_per_s: float | None
    line_gbps: float | None
    note: str


@dataclass(frozen=True, slots=True)
class AcceptanceQuestion:
    """The test that a pool asks for, and what decides whether it can be had.

    `own` is what the owner of an existing cluster says of its fabric, and None in the clouds. At most `most_nodes` of
    the pool may run.
    """

    spec: AcceptanceSpec
    kind: FabricKind
    machine: MachineType
    own: OwnFabricSpec | None
    most_nodes: int


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
    fact = next(
        (one for one in _floors() if one.cloud == machine.cloud and fnmatchcase(machine.name, one.machine)), None
    )
    if fact and fact.gb_per_s is not None:
        return Floor(fact.gb_per_s, f"found on this shape: {fact.note}")
    line = fact.line_gbps if fact and fact.line_gbps is not None else machine.network_gbps
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


def acceptance_problems(question: AcceptanceQuestion, field: FieldPath) -> Iterator[Problem]:
    """Yield why a pool cannot be tested so, one reason at most."""
    for rule in _RULES:
        if message := rule(question):
            yield Problem(message, field)
            return


def _has_a_fabric(question: AcceptanceQuestion) -> str:
    return "the pool uses no fabric that could be tested" if question.kind == "none" else ""


def _has_the_nodes(question: AcceptanceQuestion) -> str:
    if question.spec.nodes <= question.most_nodes:
        return ""
    return f"the test takes {question.spec.nodes} nodes, and the pool has at most {question.most_nodes}"


def _has_a_program(question: AcceptanceQuestion) -> str:
    kind, machine = question.kind, question.machine
    if _program(kind, machine) is not None and _network(kind, machine, question.own) is not None:
        return ""
    return (
        f"no image with a version is known that tests {machine.accelerator or machine.name} "
        f"({machine.architecture}) over {kind}"
    )


def _has_a_floor(question: AcceptanceQuestion) -> str:
    if _floor(question.spec, question.machine) is not None:
        return ""
    return f"no source says how fast {question.machine.name} is: set floor_gb_per_s"


_RULES: tuple[Callable[[AcceptanceQuestion], str], ...] = (
    _has_a_fabric,
    _has_the_nodes,
    _has_a_program,
    _has_a_floor,
)


@cache
def _floors() -> tuple[FloorFact, ...]:
    columns = ("cloud", "machine", "floor_gb_per_s", "line_gbps", "source", "as_of", "note")
    return tuple(build(read("floors.csv", columns, DATA), _floor_fact))


def _floor_fact(row: Row) -> FloorFact:
    row.source()
    row.required_day("as_of")
    return FloorFact(
        cloud=row.required("cloud"),
        machine=row.required("machine"),
        gb_per_s=row.number("floor_gb_per_s"),
        line_gbps=row.number("line_gbps"),
        note=row.text("note"),
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
