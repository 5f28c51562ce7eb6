"""What the disks of a pool's nodes are billed as: by their size, or with the machine."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bedplate import catalog
from bedplate.node_pools.azure_disks import OsDisk, os_disk
from bedplate.node_pools.gcp_boot_disks import boot_disk_type
from rules.reading import need

if TYPE_CHECKING:
    from rules.model import Resource


def _azure_disk(group: Any) -> OsDisk:
    return os_disk(need(group, "machine"), int(need(group, "rootDiskGib")))


def on_the_host(component: Resource, group: Any) -> bool:
    """Tell whether the disk of a group's nodes is part of the machine's price."""
    return need(component.properties, "provider") == "azure" and not _azure_disk(group).service


def root_disk_services(component: Resource) -> set[str]:
    """Return the services that the root volumes of a pool's nodes are billed as, each by its own price."""
    provider = need(component.properties, "provider")
    if provider not in ("gcp", "azure"):
        return {"ebs-gp3"}
    machines = catalog.machines(provider)
    groups = need(component.properties, "groups")
    if provider == "azure":
        return {disk.service for group in groups if (disk := _azure_disk(group)).service}
    return {boot_disk_type(machines[name]) for group in groups if (name := need(group, "machine")) in machines}
