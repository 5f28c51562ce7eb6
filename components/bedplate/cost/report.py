"""The cost of one stack file, state or preview, ready to be shown: lines with their places, and what is left out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from bedplate.cost.confidence import confidence, price_age_days
from bedplate.cost.focus import Place, focus_rows
from bedplate.cost.range import HOURS_PER_MONTH, CostRange
from bedplate.cost.summary import cents

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date
    from decimal import Decimal

    from bedplate.cost.graph.estimate import GraphCost
    from bedplate.cost.range import CostLine
    from bedplate.plan import StackPlan


@dataclass(frozen=True, slots=True)
class CostReport:
    """Lines of one source, each with its place."""

    source: str
    entries: tuple[tuple[Place, CostLine], ...]
    not_counted: tuple[str, ...]

    @property
    def cost(self) -> CostRange:
        """The lines alone."""
        return CostRange(tuple(line for _, line in self.entries), self.not_counted)

    def teams(self) -> Mapping[str, CostRange]:
        """Return the cost of each team, the empty name standing for resources that name none."""
        found: dict[str, list[CostLine]] = {}
        for place, line in self.entries:
            found.setdefault(place.team, []).append(line)
        return {team: CostRange(tuple(lines)) for team, lines in sorted(found.items())}


def stack_report(source: str, plan: StackPlan) -> CostReport:
    """Return the report of a planned stack."""
    clusters = {name: cluster.plan for name, cluster in plan.clusters.items()}
    clusters |= {name: cluster.plan for name, cluster in plan.references.items()}
    where: dict[str, tuple[str, str]] = {
        f"{kind}.{name}": (one.provider, one.region) for name, one in clusters.items() for kind in ("clusters", "usage")
    }
    where |= {f"node_pools.{pool.name}": (pool.provider, pool.region) for pool in plan.node_pools}
    entries = tuple((Place(plan.team, *where.get(line.owner, ("", ""))), line) for line in plan.cost.lines)
    return CostReport(source, entries, plan.cost.not_counted)


def graph_report(source: str, found: GraphCost) -> CostReport:
    """Return the report of a resource graph."""
    entries = tuple(
        (Place(item.team, item.provider, item.region, item.urn, item.type), item.line) for item in found.items
    )
    return CostReport(source, entries, found.not_counted)


def per_hour(per_month: Decimal) -> Decimal:
    """Return the average hour of a month, in US dollars."""
    return per_month / HOURS_PER_MONTH


def report_json(report: CostReport, today: date, *, focus: bool = False) -> dict[str, Any]:
    """Return a report as plain values: sums with cents, prices of lines with all their digits."""
    cost = report.cost
    return {
        "source": report.source,
        "today": today.isoformat(),
        "currency": "USD",
        "complete": not cost.unpriced,
        **_sums(cost),
        "teams": {team: _sums(own) for team, own in report.teams().items()},
        "lines": focus_rows(report.entries, today) if focus else [_line(*entry, today) for entry in report.entries],
        "not_counted": list(report.not_counted),
    }


def _sums(cost: CostRange) -> dict[str, str]:
    return {
        "baseline_per_hour": cents(per_hour(cost.baseline_per_month)),
        "baseline_per_month": cents(cost.baseline_per_month),
        "expected_per_hour": cents(per_hour(cost.expected_per_month)),
        "expected_per_month": cents(cost.expected_per_month),
        "max_per_hour": cents(cost.max_per_hour),
        "max_per_month": cents(cost.max_per_month),
    }


def _line(place: Place, line: CostLine, today: date) -> dict[str, Any]:
    own = CostRange((line,))
    return {
        "declared_in": line.owner,
        "resource": place.resource_id or None,
        "team": place.team or None,
        "region": place.region or None,
        "item": line.item,
        "unit": line.unit,
        "usd_per_unit_hour": None if line.usd_per_hour is None else f"{line.usd_per_hour:f}",
        "baseline_units": line.baseline_units,
        "expected_unit_hours": f"{line.expected_unit_hours:f}",
        "max_units": line.max_units,
        "reserved": line.reserved,
        "hours_per_month": f"{line.hours:f}",
        **(_sums(own) if line.usd_per_hour is not None else {}),
        "price_source": line.source or None,
        "price_date": line.as_of.isoformat() if line.as_of else None,
        "price_age_days": price_age_days(line, today),
        "confidence": confidence(line),
        "note": line.note or None,
    }
