"""Nodes that exist already, as the machine type that a catalog would list: plans, costs and rules work alike."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from bedplate import catalog
from bedplate.catalog import MachineType, Price
from bedplate.node_pools.existing_spec import hardware_name
from bedplate.node_pools.prices import DECLARED, DECLARED_VERSION

if TYPE_CHECKING:
    from bedplate.node_pools.existing_spec import HardwareSpec


def hardware_machine(hardware: HardwareSpec) -> MachineType | None:
    """Return a node as a machine type; None where the catalog does not know its accelerator.

    What the declaration leaves open stays unknown. Its fabric is the cluster's to declare, not the machine's.
    """
    model = catalog.accelerators().get(hardware.accelerator) if hardware.accelerator else None
    if hardware.accelerator and model is None:
        return None
    nvme = hardware.nvme
    return MachineType(
        cloud="existing",
        name=hardware_name(hardware),
        vendor=model.vendor if model else "",
        accelerator=model.name if model else "",
        accelerator_count=hardware.accelerators or 0,
        accelerator_share=1,
        accelerator_memory_gib=hardware.accelerator_memory_gib or (known_memory_gib(model.name) if model else None),
        accelerator_label="",
        resource_name=model.resource_name if model else "",
        vcpus=hardware.vcpus,
        memory_gib=hardware.memory_gib,
        nvme_count=nvme.drives if nvme else 0,
        nvme_size_gb=nvme.size_gb if nvme else None,
        architecture=hardware.architecture,
        network_cards=None,
        efa_interfaces=None,
        efa_cards=(),
        fabric="",
        fabric_interfaces=hardware.rdma_interfaces or 0,
        network_gbps=hardware.network_gbps,
        capacity_sources=frozenset({"owned"}),
        zones={},
        source=DECLARED,
        as_of=None,
        note="",
    )


def known_memory_gib(accelerator: str) -> float | None:
    """Return the memory of a whole accelerator where every machine of the catalog for which it is known agrees."""
    sizes = {
        machine.accelerator_memory_gib
        for cloud in catalog.clouds()
        for machine in catalog.machines(cloud).values()
        if machine.accelerator == accelerator
        and machine.accelerator_share == 1
        and machine.accelerator_memory_gib is not None
    }
    return sizes.pop() if len(sizes) == 1 else None


def hardware_price(hardware: HardwareSpec) -> Price:
    """Return what an hour of one node costs its owner, as declared."""
    usd = Decimal(str(hardware.usd_per_node_hour))
    return Price(usd_per_hour=usd, as_of=None, version=DECLARED_VERSION, source=DECLARED)
