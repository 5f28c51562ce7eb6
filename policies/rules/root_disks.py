"""What the disks of a pool's nodes are billed as, by their size or with the machine, and that they are no others."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from bedplate import catalog
from bedplate.node_pools.azure_disks import OsDisk, os_disk
from bedplate.node_pools.gcp_boot_disks import HYPERDISK, INCLUDED_IOPS, INCLUDED_MIBPS, boot_disk_type
from bedplate.node_pools.images import ROOT_DEVICE
from rules.reading import UndecidedError, items, need, want

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from bedplate.catalog import MachineType
    from rules.model import Resource

EBS_TYPE = "gp3"
EBS_INCLUDED: Mapping[str, int] = {"iops": 3000, "throughput": 125, "volumeInitializationRate": 0}
"""What a gp3 volume does at no price beyond its size: operations and MiB a second (docs.aws.amazon.com, Amazon EBS
General Purpose SSD volumes, read 2026-11). Reading a snapshot ahead at a rate is billed in any case."""

HYPERDISK_INCLUDED: Mapping[str, int] = {
    "provisionedIops": INCLUDED_IOPS,
    "provisionedThroughput": INCLUDED_MIBPS,
}

SIZE = re.compile(r"(\d+)(Gi|Ti)")
"""A size as Kubernetes writes it; Bedplate writes whole GiB."""


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


def ebs_problems(resource: Resource, mappings: tuple[str, ...], most: int) -> Iterator[str]:
    """Yield what the disks of a launch template or an EC2NodeClass are beyond one root volume of `most` GiB.

    `mappings` is the path of its block devices.
    """
    disks = items(resource.properties, *mappings)
    if len(disks) != 1:
        yield f"{resource.name} has {len(disks)} disks; one was priced"
        return
    path: tuple[str | int, ...] = (*mappings, 0, "ebs")
    device = want(disks[0], "deviceName")
    if device != ROOT_DEVICE:
        yield f"{resource.name} has 1 disk at {device}; that of the root, {ROOT_DEVICE}, is what was priced"
    yield from _too_large(resource, gibibytes(need(resource.properties, *path, "volumeSize")), most)
    kind = want(resource.properties, *path, "volumeType")
    if kind != EBS_TYPE:
        yield f"{resource.name} has a root volume of type {kind}; {EBS_TYPE} was priced"
    for field, included in EBS_INCLUDED.items():
        stated = want(resource.properties, *path, field)
        if int(stated or 0) > included:
            yield f"{resource.name} has a root volume with {field} of {int(stated)}; {included} cost nothing more"


def node_group_disk_problems(node_group: Resource, most: int) -> Iterator[str]:
    """Yield that a node group asks for a larger disk than `most` GiB, where it names the disk itself."""
    stated = want(node_group.properties, "diskSize")
    if stated is not None:
        yield from _too_large(node_group, int(stated), most)


def _too_large(resource: Resource, gib: int, most: int) -> Iterator[str]:
    if gib > most:
        yield f"{resource.name} has a root volume of {gib} GiB; its pool declares {most} GiB"


def gibibytes(size: Any) -> int:
    """Return a size in GiB: a number of them, or as Kubernetes writes it; raises `UndecidedError` for another text."""
    if isinstance(size, (int, float)):
        return int(size)
    found = SIZE.fullmatch(str(size))
    if found is None:
        raise UndecidedError(f"{size!r} is no size of a disk in Gi or Ti")
    return int(found[1]) * (1024 if found[2] == "Ti" else 1)


def gke_disk_problems(node_pool: Resource, machine: MachineType, most: int) -> Iterator[str]:
    """Yield what the disks of a node pool of GKE are beyond a boot disk of `most` GiB and the machine's local ones."""
    node = ("nodeConfig",)
    boot = want(node_pool.properties, *node, "bootDisk") or {}
    size = boot.get("sizeGb") or want(node_pool.properties, *node, "diskSizeGb")
    kind = boot.get("diskType") or want(node_pool.properties, *node, "diskType")
    expected = boot_disk_type(machine)
    if size is None:
        yield f"{node_pool.name} does not say the size of its boot disk; its pool declares {most} GiB"
    elif int(size) > most:
        yield f"{node_pool.name} has a boot disk of {int(size)} GiB; its pool declares {most} GiB"
    if kind != expected:
        yield f"{node_pool.name} has a boot disk of type {kind}; {expected} was priced"
    for field, included in HYPERDISK_INCLUDED.items():
        stated = int(boot.get(field) or 0)
        if stated > (included if expected == HYPERDISK else 0):
            yield f"{node_pool.name} has a boot disk with {field} of {stated}, which nobody priced"
    if want(node_pool.properties, *node, "secondaryBootDisks"):
        yield f"{node_pool.name} has secondaryBootDisks, which nobody priced"
    local = sum(_local_disks(node_pool))
    if local > (machine.nvme_count or 0):
        yield f"{node_pool.name} has {local} local disks; {machine.name} comes with {machine.nvme_count or 0}"


def _local_disks(node_pool: Resource) -> Iterator[int]:
    for field in ("ephemeralStorageLocalSsdConfig", "ephemeralStorageConfig", "localNvmeSsdBlockConfig"):
        yield int(want(node_pool.properties, "nodeConfig", field, "localSsdCount") or 0)
    yield int(want(node_pool.properties, "nodeConfig", "localSsdCount") or 0)


def aks_disk_problems(agent_pool: Resource, group: Any) -> Iterator[str]:
    """Yield what the disk of an agent pool of AKS is beyond its group's. By itself AKS sizes it by the machine."""
    priced = _azure_disk(group)
    size, kind = int(need(agent_pool.properties, "osDiskSizeGB")), want(agent_pool.properties, "osDiskType")
    if size > priced.gib:
        yield f"{agent_pool.name} has a disk of {size} GiB; its pool declares {priced.gib} GiB"
    if kind != priced.kind:
        yield f"{agent_pool.name} has a disk of type {kind}; {priced.kind} was priced"
