"""Stacks for tests: small, valid, and changed one field at a time."""

from __future__ import annotations

import json
from copy import deepcopy
from typing import Any

from bedplate.stack import StackSpec

CLUSTER: dict[str, Any] = {"provider": "aws", "region": "us-east-1", "runner_access": ["203.0.113.0/24"]}
SYSTEM: dict[str, Any] = {
    "cluster": "use1",
    "role": "general",
    "machine": "m7i.2xlarge",
    "nodes": {"min": 2, "max": 6},
}
L4: dict[str, Any] = {"cluster": "use1", "role": "inference", "machine": "g6.2xlarge", "nodes": {"min": 0, "max": 4}}
H100: dict[str, Any] = {
    "cluster": "use1",
    "role": "inference",
    "nodes": {"min": 0, "max": 2},
    "offers": [{"machine": "p5.48xlarge", "capacity": "spot"}, {"machine": "p5.48xlarge", "max": 1}],
}
STACK: dict[str, Any] = {
    "team": "vision",
    "environment": "dev",
    "clusters": {"use1": CLUSTER},
    "node_pools": {"system": SYSTEM, "l4": L4, "h100": H100},
}
REMOVED = object()


def stack(changes: dict[str, Any] | None = None) -> StackSpec:
    """Return the stack above with values changed by dotted path, for example {"node_pools.l4.nodes.max": 8}."""
    return spec(changed(STACK, changes or {}))


def spec(data: dict[str, Any]) -> StackSpec:
    """Return a stack from plain data, validated as the stack file's reader does it."""
    return StackSpec.model_validate_json(json.dumps(data))


def changed(data: dict[str, Any], changes: dict[str, Any]) -> dict[str, Any]:
    """Return a copy of nested data with values replaced, added or (REMOVED) taken out, by dotted path."""
    result = deepcopy(data)
    for path, value in changes.items():
        *parents, last = path.split(".")
        target: Any = result
        for part in parents:
            target = target[int(part)] if isinstance(target, list) else target.setdefault(part, {})
        if isinstance(target, list):
            target[int(last)] = deepcopy(value)
        elif value is REMOVED:
            del target[last]
        else:
            target[last] = deepcopy(value)
    return result


def one_pool(changes: dict[str, Any] | None = None, **pool: Any) -> StackSpec:
    """Return a stack whose cluster has the system pool and one pool `it`: g6.2xlarge for inference, changed."""
    declared = {key: value for key, value in (L4 | pool).items() if value is not REMOVED}
    return spec(changed(STACK | {"node_pools": {"system": SYSTEM, "it": declared}}, changes or {}))
