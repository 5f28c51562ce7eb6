"""Facts about fabrics, from `fabrics/data/*.csv`: every row has its source and date, and the first row that fits a
machine type is the one that holds."""

from __future__ import annotations

from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Literal, cast, get_args

from bedplate.catalog.tables import CellError, Row, build, read
from bedplate.fabrics.kinds import FabricKind

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from bedplate.catalog import MachineType

DATA = Path(__file__).with_name("data")
KINDS: tuple[str, ...] = get_args(FabricKind)

FeatureState = Literal["", "Registered", "Unregistered"]


@dataclass(frozen=True, slots=True)
class MachineFabric:
    """The fabrics that machine types of a cloud can have, in order of preference; `why_not` where there is none."""

    cloud: str
    machine: str
    kinds: tuple[FabricKind, ...]
    infiniband_feature: FeatureState
    why_not: str
    source: str
    as_of: date


@dataclass(frozen=True, slots=True)
class NvlinkFact:
    """Over how many nodes NVLink reaches, and from which Kubernetes version pods can join such a domain.

    Of hardware of one's own, `nodes` is the most that NVIDIA's driver joins: how many there are, its owner says.
    """

    cloud: str
    machine: str
    nodes: int
    topology: str
    kubernetes: str
    source: str
    as_of: date


@dataclass(frozen=True, slots=True)
class GcpNetworkFact:
    """A group of like networks that the nodes of a fabric have. `subnets` None stands for one per network card.

    `first_interface` is the number of the first interface in a pod, None where pods do not join the networks.
    """

    kind: FabricKind
    suffix: str
    networks: int
    subnets: int | None
    device_mode: Literal["NetDevice", "RDMA"]
    mtu: int
    network_profile: str
    object: str
    first_object: int
    first_interface: int | None
    cluster_mtu: int
    source: str
    as_of: date


def machine_fabric(machine: MachineType) -> MachineFabric | None:
    """Return what is known about the fabrics of a machine type, or None where no source says anything."""
    return next((fact for fact in machine_fabrics() if _fits(machine, fact)), None)


def nvlink_fact(machine: MachineType, own_nodes: int | None = None) -> NvlinkFact | None:
    """Return how far NVLink reaches beyond a node of this type, or None where it ends at the node.

    `own_nodes` is what the owner of hardware says of it: NVLink of one and the same model may end at the node.
    """
    fact = widest_nvlink(machine)
    if fact is None or machine.cloud != "existing":
        return fact
    return replace(fact, nodes=own_nodes) if own_nodes is not None and own_nodes > 1 else None


def widest_nvlink(machine: MachineType) -> NvlinkFact | None:
    """Return how far NVLink may reach from a node of this type, or None where it ends at the node in any case."""
    return next((fact for fact in _nvlink_facts() if _fits(machine, fact)), None)


def gcp_networks(kind: FabricKind) -> tuple[GcpNetworkFact, ...]:
    """Return the further networks of a fabric on Google Cloud, in the order in which nodes join them."""
    return tuple(fact for fact in _gcp_network_facts() if fact.kind == kind)


def known_kind(text: str, column: str) -> FabricKind:
    """Return a fabric's kind; raises `CellError` for a name that is none."""
    if text not in KINDS:
        raise CellError(column, f"{text!r} is not a fabric: {', '.join(KINDS)}")
    return cast("FabricKind", text)


def _fits(machine: MachineType, fact: MachineFabric | NvlinkFact) -> bool:
    return fact.cloud == machine.cloud and fnmatchcase(machine.name, fact.machine)


@cache
def machine_fabrics() -> Sequence[MachineFabric]:
    """Return every row of machine-fabrics.csv."""
    columns = ("cloud", "machine", "kinds", "infiniband_feature", "why_not", "source", "as_of")
    return tuple(build(read("machine-fabrics.csv", columns, DATA), _machine_fabric))


def _machine_fabric(row: Row) -> MachineFabric:
    kinds = tuple(known_kind(kind, "kinds") for kind in row.text("kinds").split("+") if kind)
    if bool(kinds) == bool(row.text("why_not")):
        raise CellError("why_not", "say which fabrics there are, or why there is none")
    feature = row.text("infiniband_feature")
    if feature not in get_args(FeatureState):
        raise CellError("infiniband_feature", f"{feature!r} is neither Registered nor Unregistered")
    return MachineFabric(
        cloud=row.required("cloud"),
        machine=row.required("machine"),
        kinds=kinds,
        infiniband_feature=cast("FeatureState", feature),
        why_not=row.text("why_not"),
        source=row.source(),
        as_of=row.required_day("as_of"),
    )


@cache
def _nvlink_facts() -> Sequence[NvlinkFact]:
    columns = ("cloud", "machine", "nodes", "topology", "kubernetes", "source", "as_of")
    return tuple(build(read("nvlink-domains.csv", columns, DATA), _nvlink))


def _nvlink(row: Row) -> NvlinkFact:
    row.required("nodes")
    return NvlinkFact(
        cloud=row.required("cloud"),
        machine=row.required("machine"),
        nodes=row.integer("nodes") or 0,
        topology=row.text("topology"),
        kubernetes=row.required("kubernetes"),
        source=row.source(),
        as_of=row.required_day("as_of"),
    )


@cache
def _gcp_network_facts() -> Sequence[GcpNetworkFact]:
    columns = (
        "kind",
        "suffix",
        "networks",
        "subnets",
        "device_mode",
        "mtu",
        "network_profile",
        "object",
        "first_object",
        "first_interface",
        "cluster_mtu",
        "source",
        "as_of",
    )
    return tuple(build(read("gcp-networks.csv", columns, DATA), _gcp_network))


def _gcp_network(row: Row) -> GcpNetworkFact:
    mode = row.required("device_mode")
    if mode not in ("NetDevice", "RDMA"):
        raise CellError("device_mode", f"{mode!r} is neither NetDevice nor RDMA")
    return GcpNetworkFact(
        kind=known_kind(row.text("kind"), "kind"),
        suffix=row.required("suffix"),
        networks=row.integer("networks") or 1,
        subnets=None if row.text("subnets") == "cards" else row.integer("subnets"),
        device_mode=cast("Literal['NetDevice', 'RDMA']", mode),
        mtu=row.integer("mtu") or 0,
        network_profile=row.text("network_profile"),
        object=row.required("object"),
        first_object=row.integer("first_object") or 0,
        first_interface=row.integer("first_interface"),
        cluster_mtu=row.integer("cluster_mtu") or 0,
        source=row.source(),
        as_of=row.required_day("as_of"),
    )
