"""What NCCL, RCCL and Neuron must be told about a fabric, and which of it keeps them from falling back to TCP.

Facts: data/environment.csv. NCCL takes the first network that works, and TCP always works: a workload that should use
a fabric then runs at a tenth of its speed without a word. `NCCL_NET` names the one network that may be used; NCCL ends
with "Failed to initialize any NET plugin" where it is missing (NVIDIA/nccl, src/plugin/net.cc); RCCL is built on NCCL.
"""

from __future__ import annotations

from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cache
from typing import TYPE_CHECKING

from bedplate.catalog.tables import CellError, Row, build, read
from bedplate.fabrics.facts import DATA, known_kind

if TYPE_CHECKING:
    from datetime import date

    from bedplate.catalog import MachineType
    from bedplate.fabrics.kinds import FabricKind
    from bedplate.fabrics.spec import OwnFabricSpec

COLUMNS = (
    "kinds",
    "vendor",
    "network_cards",
    "machine",
    "variable",
    "value",
    "closes",
    "reason",
    "source",
    "as_of",
)
OWNER = "declared under the cluster's fabric"
NVLINK = "nvlink"
"""Stands among the kinds for NVLink over several nodes, whatever the network beside it is."""


@dataclass(frozen=True, slots=True)
class Variable:
    """An environment variable of workloads that use a fabric, and why it is set.

    `closes` says that a workload fails with it, in place of falling back to TCP, where the fabric is missing.
    """

    name: str
    value: str
    reason: str
    closes: bool = False


@dataclass(frozen=True, slots=True)
class _Fact:
    kinds: tuple[str, ...]
    vendor: str
    network_cards: str
    machine: str
    variable: Variable
    source: str
    as_of: date


def environment(
    kind: FabricKind, machine: MachineType, own: OwnFabricSpec | None = None, *, nvlink: bool = False
) -> tuple[Variable, ...]:
    """Return the environment of workloads on a machine type's fabric, sorted by name.

    `nvlink` tells whether NVLink reaches over several nodes beside it.
    An empty one is right where a fabric needs nothing (`none`, and TPUs, whose runtime knows no other way); elsewhere
    it means that no source says how to keep workloads from TCP, and a rule refuses the pool (`fails_closed`).
    """
    cards = own.network_cards if own else ""
    kinds = {kind, NVLINK} if nvlink else {kind}
    found = {
        fact.variable.name: fact.variable
        for fact in _facts()
        if kinds & set(fact.kinds)
        and fact.vendor in ("*", machine.vendor)
        and fact.network_cards in ("", cards)
        and fnmatchcase(machine.name, fact.machine)
    }
    found |= {variable.name: variable for variable in _declared(own)}
    return tuple(found[name] for name in sorted(found))


def fails_closed(kind: FabricKind, variables: tuple[Variable, ...]) -> bool:
    """Tell whether a workload that asks for a fabric fails where it is missing."""
    return kind in ("none", "ici") or any(variable.closes for variable in variables)


def _declared(own: OwnFabricSpec | None) -> list[Variable]:
    """What only the owner of the network knows."""
    if own is None:
        return []
    known = {
        # The leading sign asks for these names exactly; NCCL would take mlx5_1 for mlx5_10 too.
        "NCCL_IB_HCA": f"={','.join(own.rdma_devices)}" if own.rdma_devices else None,
        "NCCL_IB_GID_INDEX": own.gid_index,
        "NCCL_IB_TC": own.traffic_class,
    }
    return [Variable(name, str(value), OWNER) for name, value in known.items() if value is not None]


@cache
def _facts() -> tuple[_Fact, ...]:
    return tuple(build(read("environment.csv", COLUMNS, DATA), _fact))


def _fact(row: Row) -> _Fact:
    if row.text("closes") not in ("", "yes"):
        raise CellError("closes", "must be yes or empty")
    return _Fact(
        kinds=tuple(_known(kind) for kind in row.required("kinds").split("+")),
        vendor=row.required("vendor"),
        network_cards=row.text("network_cards"),
        machine=row.required("machine"),
        variable=Variable(
            name=row.required("variable"),
            value=row.required("value"),
            reason=row.required("reason"),
            closes=row.text("closes") == "yes",
        ),
        source=row.source(),
        as_of=row.required_day("as_of"),
    )


def _known(kind: str) -> str:
    return kind if kind == NVLINK else known_kind(kind, "kinds")
