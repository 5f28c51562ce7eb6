"""Which kind of boot disk a machine type of Google Cloud takes. Facts: catalog/data/boot-disks-gcp.csv;
the first row that fits holds."""

from __future__ import annotations

from fnmatch import fnmatchcase
from functools import cache
from typing import TYPE_CHECKING

from bedplate.catalog.tables import build, read

if TYPE_CHECKING:
    from bedplate.catalog import MachineType
    from bedplate.catalog.tables import Row

HYPERDISK = "hyperdisk-balanced"

INCLUDED_IOPS, INCLUDED_MIBPS = 3000, 140
"""What a Hyperdisk Balanced disk does at no price beyond its size (Compute Engine documentation, "About Hyperdisk
Balanced"). By itself GKE would ask for more by the disk's size, which is billed apart."""


def boot_disk_type(machine: MachineType) -> str:
    """Return the kind of boot disk, which is also the service that the catalog prices."""
    return next(disk for pattern, disk in _rows() if fnmatchcase(machine.name, pattern))


@cache
def _rows() -> tuple[tuple[str, str], ...]:
    return tuple(build(read("boot-disks-gcp.csv", ("machine", "disk", "source", "as_of")), _row))


def _row(row: Row) -> tuple[str, str]:
    row.source()
    row.required_day("as_of")
    return row.required("machine"), row.required("disk")
