"""Endpoints for tests: small valid ones, changed one field at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bedplate.plan import StackPlan, plan_stack
from bedplate.preconditions import stack_problems
from bedplate.serving.plan import EndpointPlan, plan_endpoint
from tests.support.stacks import STACK, changed, spec, stack

if TYPE_CHECKING:
    from bedplate.errors import Problem
    from bedplate.stack import StackSpec

COMMON: dict[str, Any] = {
    "workers": {"min": 1, "max": 3},
    "scaling": {
        "queue_depth": 4,
        "schedule": [{"days": "mon-fri", "from": "08:00", "to": "20:00", "timezone": "Europe/Paris", "workers": 2}],
    },
    "authentication": {"api_keys": {"secret": "chat_keys"}},
    "hostname": "chat.example.com",
}
CHAT: dict[str, Any] = COMMON | {
    "model": "qwen3-8b",
    "pools": ["l4"],
    "accelerators_per_worker": 1,
    "context_tokens": 16384,
}
ENDPOINT: dict[str, Any] = COMMON | {"model": "qwen3-32b", "pools": ["h100"], "accelerators_per_worker": 8}
LARGE: dict[str, Any] = {
    "model": "qwen3-32b",
    "pools": ["h100"],
    "accelerators_per_worker": 8,
    "workers": {"min": 1, "max": 2},
    "authentication": {
        "oidc": {"issuer": "https://id.example.com", "audience": "chat", "keys_url": "https://id.example.com/keys"}
    },
    "hostname": "large.example.com",
}
SERVING: dict[str, Any] = {"node_pools.h100.nodes": {"min": 1, "max": 4}, "endpoints.chat": ENDPOINT}


def serving_stack(changes: dict[str, Any] | None = None) -> StackSpec:
    """Return a stack with `ENDPOINT`, with values changed by dotted path: {"endpoints.chat.workers.max": 2}."""
    return stack(SERVING | (changes or {}))


def endpoint_plan(changes: dict[str, Any] | None = None, name: str = "chat") -> EndpointPlan:
    """Return the plan of one endpoint of that stack."""
    declared = serving_stack(changes)
    spec = declared.endpoints[name]
    (pool,) = (pool for pool in plan_stack(declared).node_pools if pool.name == spec.pools[0])
    return plan_endpoint(declared, name, spec, pool)


def with_endpoint(changes: dict[str, Any] | None = None, endpoint: dict[str, Any] | None = None) -> StackSpec:
    """Return a stack with the endpoint `chat`: changes begin with `chat.` or at the stack's own keys."""
    paths = {
        (f"endpoints.{path}" if path.split(".")[0] == "chat" else path): value
        for path, value in (changes or {}).items()
    }
    base = STACK | {"endpoints": {"chat": endpoint or CHAT}}
    base = changed(base, {"node_pools.l4.nodes.min": 1, "node_pools.h100.nodes": {"min": 1, "max": 2}})
    return spec(changed(base, paths))


def problems(changes: dict[str, Any], endpoint: dict[str, Any] | None = None) -> list[Problem]:
    """Return everything that is wrong with such a stack."""
    return stack_problems(with_endpoint(changes, endpoint))


def planned(changes: dict[str, Any] | None = None, endpoint: dict[str, Any] | None = None) -> EndpointPlan:
    """Return the plan of the endpoint."""
    return planned_stack(changes, endpoint).endpoints[0]


def planned_stack(changes: dict[str, Any] | None = None, endpoint: dict[str, Any] | None = None) -> StackPlan:
    """Return the plan of the whole stack."""
    return plan_stack(with_endpoint(changes, endpoint))
