"""Machine types of offers that have passed the preconditions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bedplate import catalog
from bedplate.node_pools.existing import hardware_machine

if TYPE_CHECKING:
    from bedplate.catalog import MachineType
    from bedplate.node_pools.spec import NodePoolSpec, OfferSpec


def offer_machine(provider: str, pool: NodePoolSpec, offer: OfferSpec) -> MachineType | None:
    """Return the machine type of one of a pool's offers: hardware that the pool describes, else one of the catalog.

    None where the catalog does not know it.
    """
    if pool.hardware is not None:
        return hardware_machine(pool.hardware)
    if provider == "existing":  # where nothing is bought
        return None
    return catalog.machine(provider, offer.machine)


def known_machine(provider: str, pool: NodePoolSpec, offer: OfferSpec) -> MachineType:
    """Return the machine type of an offer, which must be known; raises LookupError when a precondition was skipped."""
    machine = offer_machine(provider, pool, offer)
    if machine is None:
        raise LookupError(f"{provider} machine type {offer.machine!r} is not in the catalog")
    return machine
