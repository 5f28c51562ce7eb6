"""Endpoints for tests: a small valid one, changed one field at a time."""

from __future__ import annotations

from typing import Any

from bedplate.plan import plan_stack
from bedplate.serving.plan import EndpointPlan, plan_endpoint
from bedplate.stack import StackSpec
from tests.support.stacks import stack

ENDPOINT: dict[str, Any] = {
    "model": "qwen3-32b",
    "pools": ["h100"],
    "accelerators_per_worker": 8,
    "workers": {"min": 1, "max": 3},
    "scaling": {
        "queue_depth": 4,
        "schedule": [{"days": "mon-fri", "from": "08:00", "to": "20:00", "timezone": "Europe/Paris", "workers": 2}],
    },
    "authentication": {"api_keys": {"secret": "chat_keys"}},
    "hostname": "chat.example.com",
}
SERVING: dict[str, Any] = {"node_pools.h100.nodes": {"min": 1, "max": 4}, "endpoints.chat": ENDPOINT}


def serving_stack(changes: dict[str, Any] | None = None) -> StackSpec:
    """Return a stack with the endpoint above, with values changed by dotted path: {"endpoints.chat.workers.max": 2}."""
    return stack(SERVING | (changes or {}))


def endpoint_plan(changes: dict[str, Any] | None = None, name: str = "chat") -> EndpointPlan:
    """Return the plan of one endpoint of that stack."""
    declared = serving_stack(changes)
    spec = declared.endpoints[name]
    (pool,) = (pool for pool in plan_stack(declared).node_pools if pool.name == spec.pools[0])
    return plan_endpoint(declared, name, spec, pool)
