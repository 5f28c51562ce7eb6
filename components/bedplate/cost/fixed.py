"""Cost lines of what a cluster has from its first hour to its last."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bedplate import catalog
from bedplate.cost.range import HOURS_PER_MONTH, CostLine

if TYPE_CHECKING:
    from bedplate.clusters.plan import ClusterPlan


def fixed_line(cluster: ClusterPlan, item: str, unit: str, service: str, units: int) -> CostLine:
    """Return the line of `units` of a service of the catalog that run all the time."""
    price = catalog.service_price(cluster.provider, cluster.region, service)
    per_hour = None
    if price is not None:
        per_hour = price.usd if price.unit == "hour" else price.usd / HOURS_PER_MONTH
    return CostLine(
        owner=f"clusters.{cluster.name}",
        kind="service",
        item=item,
        unit=unit,
        usd_per_hour=per_hour,
        baseline_units=units,
        expected_unit_hours=units * HOURS_PER_MONTH,
        max_units=units,
        source=price.source if price else "",
        as_of=price.as_of if price else None,
        confidence="unknown" if price is None else "dated" if price.as_of else "undated",
        service=service,
    )
