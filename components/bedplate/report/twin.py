"""A report for machines: the same facts as the comment, with every name, under keys that stay."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bedplate.cost.summary import cents
from bedplate.cost.wire import to_wire
from bedplate.report.changes import property_changes
from bedplate.report.figures import rows

if TYPE_CHECKING:
    from decimal import Decimal

    from bedplate.report.changes import Group, PropertyChange
    from bedplate.report.figures import Figures
    from bedplate.report.figures import Row as Figure
    from bedplate.report.model import Step
    from bedplate.report.summary import Summary

SCHEMA = 1
"""Changes when a key changes its meaning or disappears; a new key does not change it."""

KEYS = {
    "at rest, a month": "baseline_per_month",
    "expected, a month": "expected_per_month",
    "everything up, an hour": "max_per_hour",
    "everything up, a month": "max_per_month",
}


def report_json(summary: Summary) -> dict[str, Any]:
    """Return a report as plain values. Amounts are US dollars as strings with cents; null is unknown."""
    preview = summary.preview
    return {
        "schema": SCHEMA,
        "stack": preview.stack,
        "project": preview.project,
        "team": summary.team,
        "environment": summary.environment,
        "verdict": summary.verdict,
        "unchecked": list(summary.unchecked),
        "complete": not (
            preview.broke_off or summary.figures.partial or summary.figures.unreadable or summary.figures.uncounted
        ),
        "errors": list(preview.errors),
        "cost": _cost(summary.figures),
        "dangers": [
            {
                "urn": danger.step.urn,
                "what": danger.what,
                "rank": danger.rank,
                "happens": danger.happens,
                "loses": danger.loses,
            }
            for danger in summary.dangers
        ],
        "policies": {
            "known": preview.sees_policies,
            "packs": list(preview.policy_packs),
            "violations": [
                {
                    "rule": one.rule,
                    "mandatory": one.mandatory,
                    "message": one.message,
                    "fix": one.fix,
                    "urn": one.urn,
                }
                for one in preview.violations
            ],
        },
        "changes": [_group(group) for group in summary.groups],
        "assumptions": list(summary.assumptions),
        "not_counted": list(summary.not_counted),
        "risks": None
        if summary.risks is None
        else [{"subject": risk.subject, "text": risk.text, "remedy": risk.remedy} for risk in summary.risks],
    }


def _cost(figures: Figures) -> dict[str, Any]:
    cap = figures.check.cap
    return {
        "currency": "USD",
        "partial": figures.partial,
        "planned": figures.planned,
        "unreadable": list(figures.unreadable),
        "uncounted": list(figures.uncounted),
        "figures": {KEYS[row.name]: _figure(row) for row in rows(figures)},
        "cap": None if cap is None else {"hourly_usd": cap.hourly_usd, "monthly_usd": cap.monthly_usd},
        "caps_checked": figures.check.given and figures.after is not None and not figures.partial,
        "excesses": [{"message": one.message, "remedy": one.remedy} for one in figures.check.excesses],
        "changed_lines": [
            {
                "before": to_wire([change.before])[0] if change.before else None,
                "after": to_wire([change.after])[0] if change.after else None,
                "max_per_hour": cents(change.max_per_hour),
                "baseline_per_month": cents(change.baseline_per_month),
            }
            for change in figures.lines
        ],
    }


def _figure(row: Figure) -> dict[str, Any]:
    return {
        "prior": cents(row.before),
        "proposed": _cents(row.after),
        "delta": _cents(None if row.after is None else row.after - row.before),
        "headroom": _cents(row.left),
    }


def _cents(amount: Decimal | None) -> str | None:
    return None if amount is None else cents(amount)


def _group(group: Group) -> dict[str, Any]:
    return {
        "component": group.title,
        "properties": [_property(change) for change in group.own],
        "resources": [_step(step) for step in group.steps],
    }


def _step(step: Step) -> dict[str, Any]:
    return {
        "urn": step.urn,
        "type": step.type,
        "name": step.name,
        "operation": step.operation,
        "properties": [_property(change) for change in property_changes(step)],
    }


def _property(change: PropertyChange) -> dict[str, Any]:
    return {
        "path": change.path,
        "before": change.before,
        "after": change.after,
        "forces_replacement": change.forces_replacement,
    }
