"""What a node of an offer costs an hour: by how it is bought."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from bedplate import catalog
from bedplate.catalog import Price

if TYPE_CHECKING:
    from bedplate.node_pools.spec import Capacity, OfferSpec

DECLARED = "declared in the stack file"
DECLARED_VERSION = "declared"
"""Source and version of a price that no list has."""


def offer_price(provider: str, region: str, offer: OfferSpec) -> Price | None:
    """Return the price of a node of an offer, None where there is none, which is never the same as zero.

    A reservation costs what its contract says, else what the lists say.
    """
    if offer.reservation is not None and offer.reservation.usd_per_node_hour is not None:
        usd = Decimal(str(offer.reservation.usd_per_node_hour))
        return Price(usd_per_hour=usd, as_of=None, version=DECLARED_VERSION, source=DECLARED)
    return list_price(provider, region, offer.machine, offer.capacity)


def list_price(provider: str, region: str, machine: str, capacity: Capacity) -> Price | None:
    """Return what the lists say about a machine that is bought in some way.

    A capacity block has no list price at all, and reserving gives no discount by itself. `flex-start` and `queued`
    machines cost at most the on-demand price, and so do spot machines of Azure: pools are made with a maximum price of
    -1 ("Use Azure Spot Virtual Machines").
    """
    match capacity:
        case "capacity-block":
            return None
        case "spot":
            known = catalog.price(provider, region, machine, "spot")
            if known is not None or provider != "azure":
                return known
    return catalog.price(provider, region, machine, "on-demand")
