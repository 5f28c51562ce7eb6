"""Prices of what a cluster needs besides machines: control plane, gateways, disks, addresses, logs, traffic."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from types import MappingProxyType
from typing import TYPE_CHECKING

from bedplate.catalog.locations import by_region
from bedplate.catalog.model import ServicePrice
from bedplate.catalog.own_prices import own_prices_folder, own_rows
from bedplate.catalog.tables import CellError, build, known_cloud, read, refuse
from bedplate.errors import nearest

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence
    from pathlib import Path

    from bedplate.catalog.tables import Row
    from bedplate.errors import Problem

COLUMNS = ("service", "region", "usd", "unit", "source", "as_of", "note")
UNIT_COLUMNS = ("cloud", "service", "unit")

EVERYWHERE = "*"
"""The region of a row whose source says that the price is the same in every commercial region."""


def service_price(cloud: str, region: str, service: str) -> ServicePrice | None:
    """Return the price of one unit of a service in a region, or `None` where no source in the catalog has it.

    The project's own price wins over the catalog's, and a region's row over one for all regions. `None` is "not
    known", never free. Raises `UsageError` for an unknown cloud.
    """
    prices = _services(known_cloud(cloud), own_prices_folder())
    own = prices.get((service, region))
    if own is not None or region not in by_region(cloud):
        return own
    return prices.get((service, EVERYWHERE))


def services(cloud: str) -> tuple[str, ...]:
    """Return the names of the services the catalog has a price for anywhere, sorted."""
    return tuple(sorted({service for service, _ in _services(known_cloud(cloud), None)}))


@cache
def _services(cloud: str, own: Path | None) -> Mapping[tuple[str, str], ServicePrice]:
    name = f"services-{cloud}.csv"
    rows = read(name, COLUMNS)
    theirs = own_rows(name, COLUMNS, own)
    refuse([*problems(rows, by_region(cloud)), *problems(theirs, by_region(cloud))])
    refuse(strangers(theirs, service_units(cloud)))
    rows += theirs
    prices = build(rows, parse)
    return MappingProxyType(
        {(price.service, row.text("region")): price for row, price in zip(rows, prices, strict=True)}
    )


@cache
def service_units(cloud: str) -> Mapping[str, str]:
    """Return every service of a cloud that anything here asks a price for, with the unit by which it is priced.

    Some of them no list in the catalog prices: a project brings its own.
    """
    rows = (row for row in read("service-units.csv", UNIT_COLUMNS) if row.required("cloud") == cloud)
    return MappingProxyType({row.required("service"): row.required("unit") for row in rows})


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


def problems(rows: Sequence[Row], regions: Collection[str]) -> list[Problem]:
    """Return rows that repeat a service in a region, or stand in a region the cloud does not have."""
    found: list[Problem] = []
    seen: set[tuple[str, str]] = set()
    for row in rows:
        service, region = row.text("service"), row.text("region")
        if region != EVERYWHERE and region not in regions:
            problem = row.problem(f"{region!r} is not a region of the cloud", "region")
            found.append(replace(problem, nearest=nearest(region, regions)))
        if (service, region) in seen:
            found.append(row.problem(f"{service} is priced twice in {region}", "service"))
        seen.add((service, region))
    return found


def strangers(own: Sequence[Row], units: Mapping[str, str]) -> list[Problem]:
    """Return a project's own rows for services that nothing here asks for, or by another unit than it is asked for.

    Nothing would ever ask for the one, and the other would be off by the number of hours in a month.
    """
    found: list[Problem] = []
    for row in own:
        service, unit = row.text("service"), row.text("unit")
        if service not in units:
            problem = row.problem(f"{service!r} is no service that anything here uses", "service")
            found.append(replace(problem, allowed=tuple(sorted(units)), nearest=nearest(service, units)))
        elif unit != units[service]:
            found.append(row.problem(f"{service} is priced by the {units[service]}, not by the {unit}", "unit"))
    return found
