"""The disk of a node's operating system and container images on Azure: on the host where it fits, else managed."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from types import MappingProxyType
from typing import TYPE_CHECKING, Literal

from bedplate.catalog.tables import read

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class OsDisk:
    """A node's disk of `gib`. `service` is what a managed one is billed as; empty for one on the host, which is part of
    the machine's price."""

    kind: Literal["Ephemeral", "Managed"]
    gib: int
    service: str = ""


def os_disk(machine: str, gib: int) -> OsDisk:
    """Decide the disk of a node.

    A disk on the host is faster, makes nodes start sooner, and costs nothing; it must fit on the machine's temporary
    disk (Azure Virtual Machines, "Ephemeral OS disks"). A managed one is billed by the next larger size that is sold.
    """
    if gib <= _temporary_disks().get(machine, 0):
        return OsDisk("Ephemeral", gib)
    tier = next(tier for tier, size in _tiers() if gib <= size)
    return OsDisk("Managed", gib, f"managed-disk-{tier}")


@cache
def _temporary_disks() -> Mapping[str, int]:
    rows = read("azure-local-disks.csv", ("machine", "temporary_disk_gib", "source", "as_of"))
    for row in rows:
        row.source()
        row.required_day("as_of")
    return MappingProxyType({row.required("machine"): row.integer("temporary_disk_gib") or 0 for row in rows})


@cache
def _tiers() -> tuple[tuple[str, int], ...]:
    """Return the sizes in which premium disks are sold, from small to large."""
    rows = read("azure-disk-tiers.csv", ("tier", "gib", "source", "as_of"))
    for row in rows:
        row.source()
        row.required_day("as_of")
    return tuple(sorted(((row.required("tier"), row.integer("gib") or 0) for row in rows), key=lambda tier: tier[1]))
