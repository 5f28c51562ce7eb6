"""Bedplate: AI clusters declared in one file per team, planned, priced and checked before anything is created.

The names below are the public API. They load when they are first used, so that reading and planning a stack never
imports Pulumi.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

__version__ = "0.1.0"

if TYPE_CHECKING:
    from bedplate.clusters.component import Cluster
    from bedplate.errors import BedplateError, InputError, Problem, UsageError
    from bedplate.node_pools.component import NodePool
    from bedplate.plan import StackPlan, plan_stack
    from bedplate.platform import declare
    from bedplate.stack import StackSpec
    from bedplate.stack_file.load import load_stack, parse_stack

_HOMES = {
    "BedplateError": "bedplate.errors",
    "Cluster": "bedplate.clusters.component",
    "InputError": "bedplate.errors",
    "NodePool": "bedplate.node_pools.component",
    "Problem": "bedplate.errors",
    "StackPlan": "bedplate.plan",
    "StackSpec": "bedplate.stack",
    "UsageError": "bedplate.errors",
    "declare": "bedplate.platform",
    "load_stack": "bedplate.stack_file.load",
    "parse_stack": "bedplate.stack_file.load",
    "plan_stack": "bedplate.plan",
}

__all__ = [
    "BedplateError",
    "Cluster",
    "InputError",
    "NodePool",
    "Problem",
    "StackPlan",
    "StackSpec",
    "UsageError",
    "declare",
    "load_stack",
    "parse_stack",
    "plan_stack",
]


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return sorted(__all__)
