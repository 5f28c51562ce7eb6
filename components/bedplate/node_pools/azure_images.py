"""Which node image of AKS a machine type takes, and who installs the driver of its accelerators."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bedplate.fabrics.versions import at_least
from bedplate.services.drivers import machine_driver_path

if TYPE_CHECKING:
    from bedplate.catalog import MachineType
    from bedplate.clusters.spec import DriverMode

OS_SKU = "Ubuntu"
"""The operating system of nodes: the release of Ubuntu that AKS chooses for the Kubernetes version. `Ubuntu2404`, which
chooses one by name, is known from API version 2025-10-01 on (Azure/azure-rest-api-specs#38610), and the SDK speaks
2025-09-01 (pulumi/pulumi-azure-native#4407; read 2026-11)."""

UBUNTU_24_SINCE = "1.35"
"""The Kubernetes version from which `Ubuntu` is 24.04; before it is 22.04 (Microsoft, "Upgrade operating system (OS)
versions in AKS"; read 2026-11)."""

GRACE_ACCELERATORS = ("GB200", "GB300")
"""Accelerators whose machines need Ubuntu 24.04 (Azure/aks-rdma-infiniband, README)."""


def has_its_ubuntu(machine: MachineType, kubernetes_version: str) -> bool:
    """Tell whether the nodes of a cluster of this version get a release of Ubuntu that the machine type works with."""
    return machine.accelerator not in GRACE_ACCELERATORS or at_least(kubernetes_version, UBUNTU_24_SINCE)


def aks_installs_driver(machine: MachineType, declared: DriverMode | None) -> bool:
    """Tell whether AKS itself installs the driver (services.drivers says who does)."""
    path = machine_driver_path(machine, declared)
    return path is not None and path.driver == "cloud"
