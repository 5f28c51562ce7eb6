"""Who brings the kernel driver, container toolkit and device plugin of an accelerator: a table, and never two of one.

Two drivers on a node break it, and so do two container toolkits: an operator that is taken away later cannot restore
what the cloud had configured (Azure/aks-rdma-infiniband, 02-gpu-drivers.md). So each is named once, by cloud, vendor
and mode, in catalog/data/driver-paths.csv, and every release and node pool follows from the same row.
"""

from __future__ import annotations

from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cache
from typing import TYPE_CHECKING, Literal, cast, get_args

from bedplate.catalog.tables import CellError, build, read
from bedplate.clusters.spec import DriverMode, Provider

if TYPE_CHECKING:
    from bedplate.catalog import MachineType
    from bedplate.catalog.tables import Row

COLUMNS = (
    "provider", "vendor", "mode", "default", "driver", "container_toolkit", "device_plugin", "cdi", "peer_memory",
    "driver_root", "runtime_class", "reason", "source", "as_of",
)  # fmt: skip

REQUIREMENT_COLUMNS = ("provider", "machines", "mode", "reason", "source", "as_of")

Bringer = Literal["image", "cloud", "operator", "chart", "host", "none"]
"""Who brings a part: the node image, the cloud when it makes the node, the vendor's operator, a plain chart of the
vendor, whoever runs the host, or nobody because the vendor has no such part."""


@dataclass(frozen=True, slots=True)
class DriverPath:
    """Who brings what for the accelerators of a vendor on a cloud.

    `cdi` tells whether the container runtime takes devices by the Container Device Interface, and `peer_memory` whether
    the driver loads nvidia-peermem, by which network cards reach GPU memory; None where no source says, or it has no
    meaning. `driver_root` is where the driver's files are on a node. `runtime_class` is the name under which containerd
    knows NVIDIA's runtime where it is not the usual one. `reason` is a sentence for people.
    """

    provider: Provider
    vendor: str
    mode: DriverMode
    is_default: bool
    driver: Bringer
    container_toolkit: Bringer
    device_plugin: Bringer
    cdi: bool | None
    peer_memory: bool | None
    driver_root: str
    runtime_class: str
    reason: str
    source: str

    @property
    def operator_installs_driver(self) -> bool:
        """Whether the cloud must be told to leave its own driver out."""
        return self.driver == "operator"

    @property
    def described(self) -> str:
        """The path in a few words, for tables: who brings driver, toolkit and device plugin."""
        parts = (("driver", self.driver), ("toolkit", self.container_toolkit), ("plugin", self.device_plugin))
        return ", ".join(f"{part}: {who}" for part, who in parts if who != "none")


def driver_paths(provider: str, vendor: str) -> tuple[DriverPath, ...]:
    """Return every way in which a vendor's accelerators get their driver on a cloud; empty where nobody knows one."""
    return tuple(path for path in _paths() if (path.provider, path.vendor) == (provider, vendor))


def driver_path(provider: str, vendor: str, declared: DriverMode | None = None) -> DriverPath | None:
    """Return the way that is taken: the declared one, else the cloud's default.

    None where the cloud does not have the declared one, where it must be declared, or where nobody knows a way:
    `services.accelerator_preconditions` then says which.
    """
    paths = driver_paths(provider, vendor)
    if declared is not None:
        return next((path for path in paths if path.mode == declared), None)
    return next((path for path in paths if path.is_default), None)


def machine_driver_path(machine: MachineType, declared: DriverMode | None = None) -> DriverPath | None:
    """Return the way that is taken on a machine type; None for one without accelerators as well."""
    return driver_path(machine.cloud, machine.vendor, declared) if machine.vendor else None


@dataclass(frozen=True, slots=True)
class DriverRequirement:
    """A kind of driver that some machine types need whatever else is on their cluster. `machines` is a pattern."""

    provider: str
    machines: str
    mode: DriverMode
    reason: str


def driver_requirement(machine: MachineType) -> DriverRequirement | None:
    """Return the mode in which alone a machine type gets its driver; None where any will do."""
    return next(
        (one for one in _requirements() if one.provider == machine.cloud and fnmatchcase(machine.name, one.machines)),
        None,
    )


def suitable_driver_path(machine: MachineType) -> DriverPath | None:
    """Return the way a machine type gets its driver on a cluster that is declared to suit it: for pages."""
    needed = driver_requirement(machine)
    return machine_driver_path(machine, needed.mode if needed else None)


@cache
def _requirements() -> tuple[DriverRequirement, ...]:
    return tuple(build(read("driver-requirements.csv", REQUIREMENT_COLUMNS), parse_requirement))


def parse_requirement(row: Row) -> DriverRequirement:
    """Return one requirement; raises `CellError` for a cell that cannot be read."""
    row.source()
    row.required_day("as_of")
    return DriverRequirement(
        provider=_word(row, "provider", get_args(Provider)),
        machines=row.required("machines"),
        mode=cast("DriverMode", _word(row, "mode", get_args(DriverMode))),
        reason=row.required("reason"),
    )


@cache
def _paths() -> tuple[DriverPath, ...]:
    return tuple(build(read("driver-paths.csv", COLUMNS), parse))


def parse(row: Row) -> DriverPath:
    """Return one way; raises `CellError` for a cell that cannot be read."""
    row.required_day("as_of")
    return DriverPath(
        provider=cast("Provider", _word(row, "provider", get_args(Provider))),
        vendor=row.required("vendor"),
        mode=cast("DriverMode", _word(row, "mode", get_args(DriverMode))),
        is_default=row.text("default") == "yes",
        driver=cast("Bringer", _word(row, "driver", get_args(Bringer))),
        container_toolkit=cast("Bringer", _word(row, "container_toolkit", get_args(Bringer))),
        device_plugin=cast("Bringer", _word(row, "device_plugin", get_args(Bringer))),
        cdi=_known(row, "cdi"),
        peer_memory=_known(row, "peer_memory"),
        driver_root=row.text("driver_root"),
        runtime_class=row.text("runtime_class"),
        reason=row.required("reason"),
        source=row.source(),
    )


def _word(row: Row, column: str, allowed: tuple[str, ...]) -> str:
    word = row.required(column)
    if word not in allowed:
        raise CellError(column, f"{word!r} is not one of {', '.join(allowed)}")
    return word


def _known(row: Row, column: str) -> bool | None:
    text = row.text(column)
    if text not in ("", "yes", "no"):
        raise CellError(column, f"{text!r} is neither yes nor no; leave it empty where nobody says")
    return None if not text else text == "yes"
