"""Machine types by name, for tables of cases."""

from __future__ import annotations

from bedplate import catalog
from bedplate.catalog import MachineType


def machine(provider: str, name: str) -> MachineType:
    """Return a machine type that the catalog must have."""
    found = catalog.machine(provider, name)
    assert found is not None, f"{provider} has no {name}"
    return found


def accelerated() -> list[MachineType]:
    """Return every machine type with accelerators, of every cloud."""
    return [one for cloud in catalog.clouds() for one in catalog.machines(cloud).values() if one.accelerator]
