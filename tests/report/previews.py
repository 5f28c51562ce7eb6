"""Previews for tests: those that the engine made (`data/`, see record.py), and small ones written by hand."""

from __future__ import annotations

import json
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

from bedplate.cost.caps import Cap, Caps
from bedplate.cost.range import CostLine
from bedplate.cost.wire import to_wire
from bedplate.report.model import Preview
from bedplate.report.reading import parse_preview

DATA = Path(__file__).parent / "data"
CAPS = Caps(
    max_machine_price_age_days=365,
    max_service_price_age_days=1460,
    teams={"vision": {"dev": Cap(hourly_usd=130, monthly_usd=90000)}},
)
STACK = "vision-dev"
ROOT = f"urn:pulumi:{STACK}::bedplate::pulumi:pulumi:Stack::bedplate-{STACK}"


def recorded(name: str) -> Preview:
    """Return a preview that the engine made."""
    path = next(DATA.glob(f"{name}.json*"))
    return parse_preview(path.read_text(encoding="utf-8"), path.name)


def urn(type_token: str, name: str, *parents: str, stack: str = STACK) -> str:
    """Return a URN below some types of parents."""
    return f"urn:pulumi:{stack}::bedplate::{'$'.join((*parents, type_token))}::{name}"


def state(parent: str = ROOT, **inputs: Any) -> dict[str, Any]:
    """Return one side of a step."""
    return {"parent": parent, "inputs": inputs, "outputs": {}}


def step(of: str, op: str, old: Any = None, new: Any = None, **more: Any) -> dict[str, Any]:
    """Return the event that announces a step."""
    type_token = of.split("::")[2].rpartition("$")[2]
    metadata = {"op": op, "urn": of, "type": type_token, "old": old, "new": new, "detailedDiff": None, **more}
    return {"sequence": 0, "resourcePreEvent": {"metadata": metadata, "planning": True}}


def violation(message: str, *, level: str = "mandatory", of: str = ROOT) -> dict[str, Any]:
    """Return the event of a policy violation."""
    event = {"message": message, "enforcementLevel": level, "policyName": "resource", "resourceUrn": of}
    return {"sequence": 0, "policyEvent": event}


def error(message: str) -> dict[str, Any]:
    """Return the event of an error message."""
    return {"sequence": 0, "diagnosticEvent": {"message": message, "severity": "error", "prefix": "error: "}}


def end(*, result: str = "succeeded", is_preview: bool = True) -> dict[str, Any]:
    """Return the event that ends a preview."""
    summary = {"isPreview": is_preview, "result": result, "PolicyPacks": {"bedplate|local|policies": "0.1.0"}}
    return {"sequence": 0, "summaryEvent": summary}


def lines(*events: dict[str, Any]) -> str:
    """Return events as the engine prints them."""
    return "".join(f"{json.dumps(event)}\n" for event in events)


def preview(*events: dict[str, Any], **ending: Any) -> Preview:
    """Return the preview of some events."""
    return parse_preview(lines(*events, end(**ending)), "preview.json")


def pool(name: str, op: str, old: dict[str, Any] | None, new: dict[str, Any] | None) -> dict[str, Any]:
    """Return the step of a node pool with the given properties before and after."""
    token = "bedplate:index:NodePool"
    return step(
        urn(token, name), op, state(**old) if old is not None else None, state(**new) if new is not None else None
    )


def cost(owner: str = "node_pools.l4", *, nodes: int = 4, usd: str | None = "1.00", item: str = "g6.2xlarge") -> Any:
    """Return the cost property of a pool with one line."""
    line = CostLine(
        owner=owner,
        kind="machine",
        item=item,
        unit="node",
        usd_per_hour=None if usd is None else Decimal(usd),
        baseline_units=0,
        expected_unit_hours=Decimal(176),
        max_units=nodes,
        source="a table",
        as_of=date(2026, 7, 20),
        confidence="dated",
    )
    return to_wire([line])


KINDS = ("aws:eks/nodeGroup:NodeGroup", "aws:ec2/launchTemplate:LaunchTemplate", "aws:kms/key:Key")


def thousand() -> str:
    """Return a preview of 1,000 resources in 20 pools: updated, replaced, deleted, created and left alone."""
    events = []
    node_pool = "bedplate:index:NodePool"
    for number in range(20):
        name = f"pool{number:02}"
        old = {"name": name, "maxNodes": 4, "minNodes": 1, "cluster": "use1", "cost": cost(f"node_pools.{name}")}
        new = {**old, "maxNodes": 5, "cost": cost(f"node_pools.{name}", nodes=5)}
        events.append(pool(name, "update", old, new))
        for index in range(49):
            kind = ("aws:eks/nodeGroup:NodeGroup", "aws:ec2/launchTemplate:LaunchTemplate", "aws:kms/key:Key")[
                index % 3
            ]
            of = urn(kind, f"{name}-{index:02}", node_pool)
            op = ("update", "replace", "delete", "create", "same")[(index + number) % 5]
            side = state(urn(node_pool, name), labels={"a": index})
            diff = {"labels.a": {"diffKind": "update"}} if op in ("update", "replace") else None
            before, after = None if op == "create" else side, None if op == "delete" else side
            events.append(step(of, op, before, after, detailedDiff=diff, keys=["labels"] if op == "replace" else None))
    return lines(*events, end())
