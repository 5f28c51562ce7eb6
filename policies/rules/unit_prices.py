"""What a unit of a cost line costs by the catalog: what rules compare declared prices with."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from bedplate import catalog
from bedplate.cost.range import HOURS_PER_MONTH, MONTHLY_AMOUNT
from bedplate.cost.usage import GB_PER_GIB, HOURS_PER_DAY, KINDS
from bedplate.errors import InputError
from bedplate.node_pools.prices import list_price
from rules.nodes import NODE_POOL
from rules.reading import UndecidedError, need
from rules.reserved import group_item

if TYPE_CHECKING:
    from datetime import date

    from bedplate.cost.range import CostLine
    from rules.model import Resource

ROOT_VOLUME = re.compile(r"root volume of (\d+) GiB")
SOLD_BY_SIZE = "managed-disk-"
"""Services of Azure that price a whole disk, not a GiB of it."""

_STORED = re.compile(r".*, stored for (\d+) days")
_TIMES = {kind.service: kind.times for kind in KINDS}


def machine_items(component: Resource) -> dict[str, tuple[str, Any]]:
    """Return machine and capacity of a pool's groups, by the item of their cost line."""
    if component.type != NODE_POOL:
        return {}
    groups = need(component.properties, "groups")
    return {group_item(group): (need(group, "machine"), need(group, "capacity")) for group in groups}


def catalog_price(
    line: CostLine, provider: str, region: str, machines: dict[str, tuple[str, Any]]
) -> tuple[Decimal | None, date | None] | None:
    """Return the catalog's hourly price and date for a line; None for a line that only adds to what must be there.

    The project's own prices come first; raises `UndecidedError` when their files cannot be read.
    """
    try:
        return _catalog_price(line, provider, region, machines)
    except InputError as error:
        raise UndecidedError(str(error), fix="correct the platform team's files in policies/prices") from None


def _catalog_price(
    line: CostLine, provider: str, region: str, machines: dict[str, tuple[str, Any]]
) -> tuple[Decimal | None, date | None] | None:
    if line.item in machines:
        machine, capacity = machines[line.item]
        # A reservation without a price of its own is billed by the list, and so is what waits for its turn.
        found = list_price(provider, region, machine, "spot" if capacity == "spot" else "on-demand")
        return (found.usd_per_hour, found.as_of) if found else (None, None)
    if not line.service:
        return None
    price = catalog.service_price(provider, region, line.service)
    if price is None:
        return (None, None)
    hourly = price.usd if price.unit == "hour" else price.usd / HOURS_PER_MONTH
    return (hourly * _priced_units(line), price.as_of)


def _priced_units(line: CostLine) -> Decimal:
    """Return how many units of its price are in one unit of a line: a root volume is priced by the GiB, for example."""
    if (volume := ROOT_VOLUME.fullmatch(line.item)) and not line.service.startswith(SOLD_BY_SIZE):
        return Decimal(volume[1])
    if line.unit == "GiB":
        return GB_PER_GIB
    if line.unit != MONTHLY_AMOUNT:
        return Decimal(1)
    if stored := _STORED.fullmatch(line.item):
        return GB_PER_GIB * int(stored[1]) * HOURS_PER_DAY / HOURS_PER_MONTH
    return GB_PER_GIB * _TIMES.get(line.service, 1)
