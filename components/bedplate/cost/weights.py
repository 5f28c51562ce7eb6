"""What the bucket with the weights of endpoints costs: its key, and what lies in it."""

from __future__ import annotations

import math
from decimal import Decimal
from typing import TYPE_CHECKING

from bedplate import catalog
from bedplate.cost.range import HOURS_PER_MONTH, CostLine
from bedplate.cost.usage import GB_PER_GIB
from bedplate.serving.weights_plan import weights_once

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bedplate.catalog import ServicePrice
    from bedplate.clusters.plan import ClusterPlan
    from bedplate.serving.plan import EndpointPlan


def weights_cost(cluster: ClusterPlan, endpoints: Sequence[EndpointPlan]) -> tuple[CostLine, ...]:
    """Return the lines of a cluster's bucket; none where no endpoint serves a model of the catalog."""
    weights = weights_once(endpoints, cluster.name)
    if not weights:
        return ()
    size = math.ceil(sum(one.size_gib for one in weights))
    key = catalog.service_price(cluster.provider, cluster.region, "kms-key")
    storage = catalog.service_price(cluster.provider, cluster.region, "s3-standard")
    return (
        _line(cluster, "encryption key of the weights", "key", "kms-key", 1, key, Decimal(1)),
        _line(cluster, "weights in the bucket", "GiB", "s3-standard", size, storage, GB_PER_GIB),
    )


def _line(
    cluster: ClusterPlan, item: str, unit: str, service: str, units: int, price: ServicePrice | None, times: Decimal
) -> CostLine:
    return CostLine(
        owner=f"weights.{cluster.name}",
        kind="service",
        item=item,
        unit=unit,
        usd_per_hour=price.usd * times / HOURS_PER_MONTH if price else None,
        baseline_units=units,
        expected_unit_hours=units * HOURS_PER_MONTH,
        max_units=units,
        source=price.source if price else "",
        as_of=price.as_of if price else None,
        confidence="dated" if price else "unknown",
        service=service,
    )
