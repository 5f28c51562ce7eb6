"""Machine types of offers that have passed the preconditions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bedplate import catalog

if TYPE_CHECKING:
    from bedplate.catalog import MachineType


def known_machine(provider: str, name: str) -> MachineType:
    """Return a machine type that must be in the catalog; raises LookupError when a precondition was skipped."""
    machine = catalog.machine(provider, name)
    if machine is None:
        raise LookupError(f"{provider} machine type {name!r} is not in the catalog")
    return machine
