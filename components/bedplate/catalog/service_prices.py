"""Prices of what a cluster needs besides machines: control plane, gateways, disks, addresses, logs, traffic."""

from __future__ import annotations

from functools import cache
from types import MappingProxyType
from typing import TYPE_CHECKING

from bedplate.catalog.locations import by_region
from bedplate.catalog.model import ServicePrice
from bedplate.catalog.tables import CellError, build, known_cloud, read, refuse

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from bedplate.catalog.tables import Row
    from bedplate.errors import Problem

COLUMNS = ("service", "region", "usd", "unit", "source", "as_of", "note")

EVERYWHERE = "*"
"""The region of a row whose source says that the price is the same in every commercial region."""


def service_price(cloud: str, region: str, service: str) -> ServicePrice | None:
    """Return the price of one unit of a service in a region, or `None` where no source in the catalog has it.

    A region's own row wins over a row for all regions. `None` is "not known", never free. Raises `UsageError`
    for an unknown cloud.
    """
    prices = _services(known_cloud(cloud))
    own = prices.get((service, region))
    if own is not None or region not in by_region(cloud):
        return own
    return prices.get((service, EVERYWHERE))


def services(cloud: str) -> tuple[str, ...]:
    """Return the names of the services the catalog has a price for anywhere, sorted."""
    return tuple(sorted({service for service, _ in _services(known_cloud(cloud))}))


@cache
def _services(cloud: str) -> Mapping[tuple[str, str], ServicePrice]:
    rows = read(f"services-{cloud}.csv", COLUMNS)
    prices = build(rows, parse)
    refuse(problems(rows, set(by_region(cloud))))
    return MappingProxyType(
        {(price.service, row.text("region")): price for row, price in zip(rows, prices, strict=True)}
    )


def parse(row: Row) -> ServicePrice:
    """Return the price of one row; raises `CellError` for a cell that cannot be read and for a price of zero."""
    row.required("usd")
    usd = row.decimal("usd")
    if usd is None or usd <= 0:
        raise CellError("usd", f"{usd} is not a price; leave the row out where the service is free or unknown")
    return ServicePrice(
        service=row.required("service"),
        usd=usd,
        unit=row.required("unit"),
        as_of=row.required_day("as_of"),
        source=row.source(),
        note=row.text("note"),
    )


def problems(rows: Sequence[Row], regions: set[str]) -> list[Problem]:
    """Return rows that repeat a service in a region, or stand in a region the cloud does not have."""
    found: list[Problem] = []
    seen: set[tuple[str, str]] = set()
    for row in rows:
        service, region = row.text("service"), row.text("region")
        if region != EVERYWHERE and region not in regions:
            found.append(row.problem(f"{region!r} is not a region of the cloud", "region"))
        if (service, region) in seen:
            found.append(row.problem(f"{service} is priced twice in {region}", "service"))
        seen.add((service, region))
    return found
