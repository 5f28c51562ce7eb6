"""Cost lines as component properties, so that policies and reports see the very numbers that the plan counted."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any, cast

from bedplate.cost.range import HOURS_PER_MONTH, Confidence, CostLine, Kind

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from bedplate.clusters.plan import ClusterPlan
    from bedplate.plan import StackPlan


def to_wire(lines: Iterable[CostLine]) -> list[dict[str, Any]]:
    """Return lines as plain values. Amounts are strings, because property values are floats and money is not."""
    return [
        {
            "owner": line.owner,
            "kind": line.kind,
            "item": line.item,
            "unit": line.unit,
            "usdPerHour": None if line.usd_per_hour is None else str(line.usd_per_hour),
            "baselineUnits": line.baseline_units,
            "expectedUnitHours": str(line.expected_unit_hours),
            "maxUnits": line.max_units,
            "source": line.source,
            "asOf": line.as_of.isoformat() if line.as_of else None,
            "confidence": line.confidence,
            "note": line.note,
            "service": line.service,
            "reserved": line.reserved,
            "hours": str(line.hours),
        }
        for line in lines
    ]


def carried_cost(stack: StackPlan, cluster: ClusterPlan, lines: Iterable[CostLine]) -> dict[str, Any]:
    """Return what a component says about its cost: by whose caps it is judged, where its prices hold, and the lines."""
    return {
        "team": stack.team,
        "environment": stack.environment,
        "provider": cluster.provider,
        "region": cluster.region,
        "cost": to_wire(lines),
    }


def from_wire(values: Iterable[Mapping[str, Any]]) -> tuple[CostLine, ...]:
    """Return the lines that `to_wire` wrote; raises KeyError or ValueError on anything else."""
    return tuple(
        CostLine(
            owner=value["owner"],
            kind=cast("Kind", value["kind"]),
            item=value["item"],
            unit=value["unit"],
            usd_per_hour=None if value.get("usdPerHour") is None else _amount(value["usdPerHour"]),
            baseline_units=int(value["baselineUnits"]),
            expected_unit_hours=_amount(value["expectedUnitHours"]),
            max_units=int(value["maxUnits"]),
            source=value["source"],
            as_of=date.fromisoformat(value["asOf"]) if value.get("asOf") else None,
            confidence=cast("Confidence", value["confidence"]),
            note=value.get("note", ""),
            service=value.get("service", ""),
            reserved=value.get("reserved") is True,
            hours=_amount(value.get("hours", HOURS_PER_MONTH)),
        )
        for value in values
    )


def _amount(value: object) -> Decimal:
    amount = Decimal(str(value))
    if not amount.is_finite():
        raise ValueError(f"{value!r} is no amount")
    return amount
