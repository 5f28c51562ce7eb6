"""What the disk of a node's operating system and images costs: every cloud sells it in its own way."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from bedplate import catalog
from bedplate.cost.range import HOURS_PER_MONTH
from bedplate.node_pools.azure_disks import os_disk
from bedplate.node_pools.gcp_boot_disks import boot_disk_type

if TYPE_CHECKING:
    from decimal import Decimal

    from bedplate.catalog import ServicePrice
    from bedplate.node_pools.plan import NodeGroupPlan


@dataclass(frozen=True, slots=True)
class RootDisk:
    """A disk that is billed beside the machine. `usd_per_hour` is None where no price is known, never zero."""

    service: str
    price: ServicePrice | None
    usd_per_hour: Decimal | None


def root_disk(provider: str, region: str, group: NodeGroupPlan) -> RootDisk | None:
    """Return the disk of a node as it is billed; None where it is part of the machine's price."""
    if group.capacity == "owned":  # its disks are in what the node costs its owner
        return None
    match provider:
        case "azure":
            return managed_disk(region, os_disk(group.machine.name, group.root_disk_gib).service)
        case "gcp":
            return _by_size(provider, region, boot_disk_type(group.machine), group.root_disk_gib)
    return _by_size(provider, region, "ebs-gp3", group.root_disk_gib)


def _by_size(provider: str, region: str, service: str, gib: int) -> RootDisk:
    price = catalog.service_price(provider, region, service)
    return RootDisk(service, price, gib * price.usd / HOURS_PER_MONTH if price else None)


def managed_disk(region: str, service: str) -> RootDisk | None:
    """Return a disk of Azure, which is sold by size and month; None for one on the host, which costs nothing more."""
    if not service:
        return None
    price = catalog.service_price("azure", region, service)
    return RootDisk(service, price, price.usd / HOURS_PER_MONTH if price else None)
