"""Regions and zones of each cloud.

AWS zones are zone ids (`use1-az1`): a zone name such as `us-east-1a` means another building in every account.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from types import MappingProxyType
from typing import TYPE_CHECKING

from bedplate.catalog.tables import CellError, build, known_cloud, read

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bedplate.catalog.tables import Row

COLUMNS = ("region", "zone", "control_plane", "source", "as_of")


@dataclass(frozen=True, slots=True)
class Zone:
    """A zone of a region; `name` is empty where a region has none, as some of Azure have."""

    region: str
    name: str
    takes_control_plane: bool


def regions(cloud: str) -> tuple[str, ...]:
    """Return the names of the cloud's regions in the catalog, sorted. Raises `UsageError` for an unknown cloud."""
    return tuple(by_region(known_cloud(cloud)))


def zones(cloud: str, region: str) -> tuple[str, ...]:
    """Return the zones of a region, sorted; empty for an unknown region, and for one without zones."""
    return tuple(zone.name for zone in _zones(cloud, region) if zone.name)


def control_plane_zones(cloud: str, region: str) -> tuple[str, ...]:
    """Return the zones whose subnets may be given to the managed control plane.

    EKS refuses a few old zones (use1-az3, usw1-az2, cac1-az3); nodes may still run there.
    """
    return tuple(zone.name for zone in _zones(cloud, region) if zone.name and zone.takes_control_plane)


def _zones(cloud: str, region: str) -> tuple[Zone, ...]:
    return by_region(known_cloud(cloud)).get(region, ())


@cache
def by_region(cloud: str) -> Mapping[str, tuple[Zone, ...]]:
    """Return every region of a cloud with its zones, both sorted by name."""
    grouped: dict[str, list[Zone]] = {}
    for zone in build(read(f"zones-{cloud}.csv", COLUMNS), _zone):
        grouped.setdefault(zone.region, []).append(zone)
    return MappingProxyType(
        {region: tuple(sorted(grouped[region], key=lambda zone: zone.name)) for region in sorted(grouped)}
    )


def _zone(row: Row) -> Zone:
    row.source()
    row.required_day("as_of")
    control_plane = row.required("control_plane")
    if control_plane not in ("yes", "no"):
        raise CellError("control_plane", f"{control_plane!r} is neither yes nor no")
    return Zone(row.required("region"), row.text("zone"), control_plane == "yes")
