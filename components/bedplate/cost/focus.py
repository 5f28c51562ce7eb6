"""Cost lines under the column names of FOCUS, the FinOps Open Cost and Usage Specification (1.2).

FOCUS describes charges that were billed; these rows are estimates. So they carry only columns whose meaning they can
fulfil, and columns of their own beginning with `x_`, as the specification asks. docs/guide/cost.md has the mapping.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from bedplate.cost.confidence import confidence, price_age_days

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from datetime import date
    from decimal import Decimal

    from bedplate.cost.range import CostLine

UNNAMED = ("Other", "Other")


@dataclass(frozen=True, slots=True)
class Place:
    """Where a line belongs. `resource_id` is empty where no resource exists or is planned by name yet.

    `provider` is `aws`, `gcp`, `azure` or `existing`; empty where nothing tells it.
    """

    team: str
    provider: str
    region: str = ""
    resource_id: str = ""
    resource_type: str = ""


def focus_rows(lines: Iterable[tuple[Place, CostLine]], today: date) -> list[dict[str, Any]]:
    """Return three rows a line, for a month at rest, as expected and with everything up.

    Amounts are text with all their digits. What a line does not know is null.
    """
    return [row for place, line in lines for row in _rows(place, line, today)]


def _rows(place: Place, line: CostLine, today: date) -> Iterator[dict[str, Any]]:
    name, category = _service(place.provider, line)
    unit_hours = {
        "baseline": line.baseline_units * line.hours,
        "expected": line.expected_unit_hours,
        "max": line.max_units * line.hours,
    }
    for scenario, quantity in unit_hours.items():
        cost = None if line.usd_per_hour is None else line.usd_per_hour * quantity
        yield {
            "BillingCurrency": "USD",
            "ChargeCategory": "Usage",
            "ChargeDescription": f"{line.owner}: {line.item}",
            "ListCost": _text(cost),
            "ListUnitPrice": _text(line.billed.usd_per_unit),
            "PricingCategory": _pricing_category(line),
            "PricingQuantity": _text(quantity / line.billed.divisor),
            "PricingUnit": line.billed.unit,
            "RegionId": place.region or None,
            "ResourceId": place.resource_id or None,
            "ResourceName": line.owner,
            "ResourceType": place.resource_type or None,
            "ServiceCategory": category,
            "ServiceName": name,
            "Tags": {"bedplate:team": place.team} if place.team else {},
            "x_Confidence": confidence(line),
            "x_Note": line.note or None,
            "x_PriceAgeDays": price_age_days(line, today),
            "x_PriceDate": line.as_of.isoformat() if line.as_of else None,
            "x_PriceSource": line.source or None,
            "x_Scenario": scenario,
        }


def _service(provider: str, line: CostLine) -> tuple[str, str]:
    """Return ServiceName and ServiceCategory by provider and service; machines have no service."""
    if line.kind == "service" and not line.service:
        return UNNAMED
    found = (names for pattern, names in _services().get(provider, ()) if fnmatchcase(line.service, pattern))
    return next(found, UNNAMED)


@cache
def _services() -> Mapping[str, tuple[tuple[str, tuple[str, str]], ...]]:
    """Return patterns of services with their names and categories, by provider."""
    by_provider: dict[str, tuple[tuple[str, tuple[str, str]], ...]] = {}
    with files("bedplate.cost").joinpath("focus.csv").open(encoding="utf-8") as file:
        for row in csv.DictReader(file):
            known = by_provider.get(row["provider"], ())
            by_provider[row["provider"]] = (*known, (row["service"], (row["name"], row["category"])))
    return by_provider


def _pricing_category(line: CostLine) -> str:
    if line.reserved:
        return "Committed"
    is_spot = line.kind == "machine" and line.confidence == "assumed"
    return "Dynamic" if is_spot else "Standard"


def _text(amount: Decimal | None) -> str | None:
    return None if amount is None else f"{amount:f}"
