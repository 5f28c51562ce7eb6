"""Cost lines under the column names of FOCUS, the FinOps Open Cost and Usage Specification (1.2).

FOCUS describes charges that were billed; these rows are estimates. So they carry only columns whose meaning they can
fulfil, and columns of their own beginning with `x_`, as the specification asks. docs/guide/cost.md has the mapping.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from bedplate.cost.confidence import confidence, price_age_days

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import date
    from decimal import Decimal

    from bedplate.cost.range import CostLine

ELASTIC_COMPUTE = ("Amazon Elastic Compute Cloud", "Compute")
VIRTUAL_NETWORK = ("Amazon Virtual Private Cloud", "Networking")
LOGS = ("Amazon CloudWatch", "Management and Governance")
UNNAMED = ("Other", "Other")

SERVICES = {
    "": ELASTIC_COMPUTE,
    "application-load-balancer": ("Elastic Load Balancing", "Networking"),
    "classic-load-balancer": ("Elastic Load Balancing", "Networking"),
    "cross-zone-data": ELASTIC_COMPUTE,
    "eks-control-plane": ("Amazon Elastic Kubernetes Service", "Compute"),
    "eks-control-plane-extended-support": ("Amazon Elastic Kubernetes Service", "Compute"),
    "interface-endpoint": VIRTUAL_NETWORK,
    "internet-egress": ELASTIC_COMPUTE,
    "kms-key": ("AWS Key Management Service", "Security"),
    "logs-ingested": LOGS,
    "logs-stored": LOGS,
    "nat-gateway": VIRTUAL_NETWORK,
    "nat-gateway-data": VIRTUAL_NETWORK,
    "network-load-balancer": ("Elastic Load Balancing", "Networking"),
    "public-ipv4": VIRTUAL_NETWORK,
}
"""ServiceName and ServiceCategory by the service of a line; machines have none. Volumes: see `_service`."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a line belongs. `resource_id` is empty where no resource exists or is planned by name yet."""

    team: str
    region: str = ""
    resource_id: str = ""
    resource_type: str = ""


def focus_rows(lines: Iterable[tuple[Place, CostLine]], today: date) -> list[dict[str, Any]]:
    """Return three rows a line, for a month at rest, as expected and with everything up.

    Amounts are text with all their digits. What a line does not know is null.
    """
    return [row for place, line in lines for row in _rows(place, line, today)]


def _rows(place: Place, line: CostLine, today: date) -> Iterator[dict[str, Any]]:
    name, category = _service(line)
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


def _service(line: CostLine) -> tuple[str, str]:
    if line.service.startswith("ebs-"):
        return ("Amazon Elastic Block Store", "Storage")
    if line.kind == "service" and not line.service:
        return UNNAMED
    return SERVICES.get(line.service, UNNAMED)


def _pricing_category(line: CostLine) -> str:
    if line.reserved:
        return "Committed"
    is_spot = line.kind == "machine" and line.confidence == "assumed"
    return "Dynamic" if is_spot else "Standard"


def _text(amount: Decimal | None) -> str | None:
    return None if amount is None else f"{amount:f}"
