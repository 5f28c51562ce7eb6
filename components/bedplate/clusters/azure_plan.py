"""What follows from an AKS cluster's declaration."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from bedplate import catalog
from bedplate.clusters.plan import ClusterPlan, cluster_zones, deletion_protection, full_name, kubernetes_version
from bedplate.networking.azure_plan import AzureNetworkPlan, plan_azure_network
from bedplate.node_pools.azure_disks import OsDisk, os_disk

if TYPE_CHECKING:
    from bedplate.catalog import MachineType, Price
    from bedplate.clusters.azure_spec import AzureClusterSpec
    from bedplate.clusters.spec import DriverMode
    from bedplate.stack import StackSpec

SYSTEM_POOL = "system"
SYSTEM_DISK_GIB = 128
"""What AKS takes for a node with four to fifteen processors (AKS, "Storage options", default sizes of OS disks)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SystemPoolPlan:
    """The nodes on which AKS runs its own parts: a fixed number, made with the cluster itself.

    Without `zones` they stand wherever the region has room: which zones have the machine is not known.
    """

    machine: MachineType
    zones: tuple[str, ...]
    nodes: int
    price: Price | None
    os_disk: OsDisk


@dataclass(frozen=True, slots=True, kw_only=True)
class AksPlan(ClusterPlan):
    """An AKS cluster, decided. Its network spans `zones`; a region may have none."""

    subscription: str
    network: AzureNetworkPlan
    administrators: tuple[str, ...]
    system: SystemPoolPlan
    host_encryption: bool
    drivers: DriverMode | None
    patches: Literal["weekend", "manual"]
    audit_log_days: int

    @property
    def account(self) -> str:
        """The subscription."""
        return self.subscription

    @property
    def own_nodes(self) -> tuple[str, int]:
        """The system nodes."""
        return self.system.machine.name, self.system.nodes

    @property
    def nat_gateways(self) -> int:
        """One for the only subnet."""
        return 1

    @property
    def resource_group(self) -> str:
        """The resource group of everything that this stack declares for the cluster."""
        return self.full_name

    @property
    def node_resource_group(self) -> str:
        """The resource group in which AKS keeps the nodes, and which nobody else changes."""
        return f"{self.full_name}-nodes"


def plan_aks(stack: StackSpec, name: str, spec: AzureClusterSpec) -> AksPlan:
    """Decide an AKS cluster. The stack must have passed its preconditions, so the system nodes' machine is known."""
    machine = catalog.machine(spec.provider, spec.system_machine)
    if machine is None:
        raise LookupError(f"machine type {spec.system_machine!r} is not in the catalog")
    return AksPlan(
        name=name,
        full_name=full_name(stack, name),
        provider=spec.provider,
        region=spec.region,
        zones=cluster_zones(spec),
        kubernetes_version=kubernetes_version(spec),
        runner_networks=spec.runner_access,
        deletion_protection=deletion_protection(stack, spec),
        subscription=spec.subscription,
        network=plan_azure_network(spec.network),
        administrators=spec.administrators,
        system=SystemPoolPlan(
            machine=machine,
            zones=tuple(zone for zone in cluster_zones(spec) if zone in machine.zones.get(spec.region, ())),
            nodes=spec.system_nodes,
            price=catalog.price(spec.provider, spec.region, machine.name, "on-demand"),
            os_disk=os_disk(machine.name, SYSTEM_DISK_GIB),
        ),
        host_encryption=spec.host_encryption,
        drivers=spec.drivers,
        patches=spec.patches,
        audit_log_days=spec.audit_log_days,
        owner_namespaces=spec.system_namespaces,
    )
