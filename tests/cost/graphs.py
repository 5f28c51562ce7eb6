"""Resource graphs for tests: files as the engine writes them, small enough to be read."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from bedplate.cost.graph.resources import UNKNOWN

__all__ = ["PROVIDER", "STACK", "UNKNOWN", "preview_of", "resource", "state_of", "write"]

STACK = {"urn": "urn:pulumi:dev::p::pulumi:pulumi:Stack::p-dev", "type": "pulumi:pulumi:Stack", "custom": False}
PROVIDER: dict[str, Any] = {
    "urn": "urn:pulumi:dev::p::pulumi:providers:aws::use1",
    "type": "pulumi:providers:aws",
    "custom": True,
    "id": "0",
    "inputs": {"region": "us-east-1"},
}


def resource(kind: str, name: str = "it", **entry: Any) -> dict[str, Any]:
    """Return a resource of the provider above; keys of the file (`inputs`, `outputs`, `parent`) as keywords."""
    return {
        "urn": f"urn:pulumi:dev::p::{kind}::{name}",
        "type": kind,
        "custom": True,
        "parent": STACK["urn"],
        "provider": f"{PROVIDER['urn']}::0",
    } | entry


def state_of(*resources: dict[str, Any]) -> dict[str, Any]:
    """Return the output of `pulumi stack export`."""
    return {"version": 3, "deployment": {"manifest": {}, "resources": [STACK, PROVIDER, *resources]}}


def preview_of(*resources: dict[str, Any], op: str = "create") -> dict[str, Any]:
    """Return the output of `pulumi preview --json`."""
    entries = [STACK, PROVIDER, *resources]
    return {"config": {}, "steps": [{"op": op, "urn": entry["urn"], "newState": entry} for entry in entries]}


def write(folder: Path, data: Any) -> Path:
    """Write a graph to a file."""
    path = folder / "graph.json"
    path.write_text(data if isinstance(data, str) else json.dumps(data), encoding="utf-8")
    return path
