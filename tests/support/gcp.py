"""Stacks on Google Cloud for tests: small, valid, and changed one field at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bedplate.plan import plan_stack
from bedplate.platform import declare
from tests.support.declared import by_label, declared
from tests.support.stacks import REMOVED, changed, spec

if TYPE_CHECKING:
    from bedplate.node_pools.plan import NodePoolPlan
    from bedplate.stack import StackSpec
    from tests.support.declared import Declared

CLUSTER: dict[str, Any] = {
    "provider": "gcp",
    "project": "acme-ai",
    "region": "us-central1",
    "runner_access": ["203.0.113.0/24"],
}
SYSTEM: dict[str, Any] = {
    "cluster": "usc1",
    "role": "general",
    "machine": "e2-standard-8",
    "nodes": {"min": 2, "max": 6},
}
H100: dict[str, Any] = {
    "cluster": "usc1",
    "role": "training",
    "machine": "a3-megagpu-8g",
    "nodes": {"min": 0, "max": 2},
    "zones": ["us-central1-a"],
}
RESERVATION: dict[str, Any] = {
    "name": "h200",
    "machine": "a3-ultragpu-8g",
    "nodes": 2,
    "zone": "us-central1-b",
    "usd_per_node_hour": 70,
}
RESERVED: dict[str, Any] = {
    "machine": REMOVED,
    "zones": REMOVED,
    "offers": [{"machine": "a3-ultragpu-8g", "capacity": "reservation", "reservation": RESERVATION}],
}
TPU: dict[str, Any] = {"machine": "ct6e-standard-4t", "zones": ["us-central1-b"]}
BASE: dict[str, Any] = {
    "team": "vision",
    "environment": "dev",
    "clusters": {"usc1": CLUSTER},
    "node_pools": {"system": SYSTEM},
}


def gcp_stack(changes: dict[str, Any] | None = None, **pool: Any) -> StackSpec:
    """Return a stack with a GKE cluster, its system pool and one pool `it`: a3-megagpu-8g for training, changed."""
    declared_pool = {key: value for key, value in (H100 | pool).items() if value is not REMOVED}
    return spec(changed(BASE | {"node_pools": {"system": SYSTEM, "it": declared_pool}}, changes or {}))


def planned_pool(**pool: Any) -> NodePoolPlan:
    """Return the plan of the pool `it`."""
    return next(one for one in plan_stack(gcp_stack(**pool)).node_pools if one.name == "it")


def declared_on_gcp(changes: dict[str, Any] | None = None, **pool: Any) -> dict[str, Declared]:
    """Return what such a stack declares, by label."""
    plan = plan_stack(gcp_stack(changes, **pool))
    return by_label(declared(lambda: declare(plan)))
