"""Which node image of AKS a machine type takes, and who installs the driver of its accelerators."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bedplate.services.drivers import machine_driver_path

if TYPE_CHECKING:
    from bedplate.catalog import MachineType
    from bedplate.clusters.spec import DriverMode

GRACE_ACCELERATORS = ("GB200", "GB300")


def os_sku(machine: MachineType) -> str:
    """Return the operating system of a machine type's nodes.

    `Ubuntu` is the release that AKS chooses for the Kubernetes version. GB200 and GB300 need Ubuntu 24.04 by name
    (Azure/aks-rdma-infiniband, README); the SDK's list of names lacks it, the API has it.
    """
    return "Ubuntu2404" if machine.accelerator in GRACE_ACCELERATORS else "Ubuntu"


def aks_installs_driver(machine: MachineType, declared: DriverMode | None) -> bool:
    """Tell whether AKS itself installs the driver (services.drivers says who does)."""
    path = machine_driver_path(machine, declared)
    return path is not None and path.driver == "cloud"
