"""Machine types: reading `machines-<cloud>.csv` and `accelerators.csv`."""

from __future__ import annotations

from functools import cache
from types import MappingProxyType
from typing import TYPE_CHECKING

from bedplate.catalog import guards
from bedplate.catalog.locations import by_region
from bedplate.catalog.model import Accelerator, MachineType
from bedplate.catalog.tables import CLOUDS, CellError, build, known_cloud, read, refuse

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bedplate.catalog.tables import Row

COLUMNS = (
    "name",
    "accelerator",
    "accelerator_count",
    "accelerator_share",
    "accelerator_memory_gib",
    "accelerator_label",
    "architecture",
    "vcpus",
    "memory_gib",
    "nvme_count",
    "nvme_size_gb",
    "network_cards",
    "fabric",
    "fabric_interfaces",
    "fabric_cards",
    "network_gbps",
    "capacity_sources",
    "zones",
    "source",
    "as_of",
    "note",
)
ACCELERATOR_COLUMNS = (
    "name",
    "vendor",
    "resource_name",
    "usd_per_hour_min",
    "usd_per_hour_max",
    "source",
    "as_of",
)


def clouds() -> tuple[str, ...]:
    """Return the clouds the catalog has data for, sorted."""
    return CLOUDS


def clouds_of(name: str) -> tuple[str, ...]:
    """Return the clouds that have a machine type of this name; none where nobody has."""
    return tuple(cloud for cloud in CLOUDS if name in machines(cloud))


def machine(cloud: str, name: str) -> MachineType | None:
    """Return a machine type by the cloud's own name, or `None` when the catalog does not have it.

    Raises `UsageError` for an unknown cloud.
    """
    return machines(cloud).get(name)


def machines(cloud: str) -> Mapping[str, MachineType]:
    """Return every machine type of a cloud by name, in the order of the data file: accelerated ones first.

    Raises `UsageError` for an unknown cloud.
    """
    return _machines(known_cloud(cloud))


@cache
def accelerators() -> Mapping[str, Accelerator]:
    """Return every accelerator model by name."""
    models = build(read("accelerators.csv", ACCELERATOR_COLUMNS), _accelerator)
    return MappingProxyType({model.name: model for model in models})


@cache
def _machines(cloud: str) -> Mapping[str, MachineType]:
    rows = read(f"machines-{cloud}.csv", COLUMNS)
    found = build(rows, lambda row: parse(cloud, row, accelerators()))
    refuse(guards.machine_problems(rows, found, by_region(cloud)))
    return MappingProxyType({one.name: one for one in found})


def parse(cloud: str, row: Row, models: Mapping[str, Accelerator]) -> MachineType:
    """Return the machine type of one row; raises `CellError` for a cell that cannot be read."""
    name = row.text("accelerator")
    model = models.get(name)
    if name and model is None:
        raise CellError("accelerator", f"{name!r} is not in accelerators.csv, so its vendor is not known")
    fabric = row.text("fabric")
    fabric_interfaces = row.integer("fabric_interfaces")
    takes_efa = fabric == "efa"
    return MachineType(
        cloud=cloud,
        name=row.required("name"),
        vendor=model.vendor if model else "",
        accelerator=name,
        accelerator_count=row.integer("accelerator_count") or 0,
        accelerator_share=row.number("accelerator_share") or 1.0,
        accelerator_memory_gib=row.number("accelerator_memory_gib"),
        accelerator_label=row.text("accelerator_label"),
        resource_name=model.resource_name if model else "",
        vcpus=row.integer("vcpus"),
        memory_gib=row.number("memory_gib"),
        nvme_count=row.integer("nvme_count"),
        nvme_size_gb=row.integer("nvme_size_gb"),
        architecture=row.required("architecture"),
        network_cards=row.integer("network_cards"),
        efa_interfaces=fabric_interfaces if takes_efa else 0,
        efa_cards=parse_cards(row.text("fabric_cards")) if takes_efa else (),
        fabric=fabric,
        fabric_interfaces=fabric_interfaces,
        network_gbps=row.number("network_gbps"),
        capacity_sources=frozenset(filter(None, row.text("capacity_sources").split("+"))),
        zones=parse_zones(row.text("zones")),
        source=row.source(),
        as_of=row.required_day("as_of"),
        note=row.text("note"),
    )


def parse_cards(text: str) -> tuple[int, ...]:
    """Return the card indexes of `0-3`, `1`, `1+5+9` or an empty text; raises `CellError` for anything else."""
    if not text:
        return ()
    if "+" in text:
        return tuple(card for part in text.split("+") for card in parse_cards(part or "?"))
    first, dash, last = text.partition("-")
    if not first.isdecimal() or (dash and not last.isdecimal()):
        raise CellError("fabric_cards", f"{text!r} is not a range of card indexes such as 0-3")
    cards = tuple(range(int(first), int(last if dash else first) + 1))
    if not cards:
        raise CellError("fabric_cards", f"{text!r} ends before it starts")
    return cards


def parse_zones(text: str) -> Mapping[str, tuple[str, ...]]:
    """Return the zones of `us-east-1:use1-az1/use1-az2 us-east-2`: a region without zones keeps an empty tuple."""
    found: dict[str, tuple[str, ...]] = {}
    for entry in text.split():
        region, colon, names = entry.partition(":")
        if not region or region in found or (colon and not names):
            raise CellError("zones", f"{entry!r} is not a new region with zones such as us-east-1:use1-az1/use1-az2")
        found[region] = tuple(names.split("/")) if names else ()
    return MappingProxyType(found)


def _accelerator(row: Row) -> Accelerator:
    row.source()
    row.required_day("as_of")
    return Accelerator(
        name=row.required("name"),
        vendor=row.required("vendor"),
        resource_name=row.text("resource_name"),
        usd_per_hour_min=row.decimal("usd_per_hour_min"),
        usd_per_hour_max=row.decimal("usd_per_hour_max"),
    )
