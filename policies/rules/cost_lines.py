"""The cost lines that components carry, read from their properties: what the rules about money judge."""

from __future__ import annotations

from decimal import InvalidOperation
from typing import TYPE_CHECKING

from bedplate.cost.wire import from_wire
from rules.nodes import CLUSTER, NODE_POOL, OWN_COMPONENT
from rules.reading import UndecidedError, need, want

if TYPE_CHECKING:
    from collections.abc import Iterable

    from bedplate.cost.range import CostLine
    from rules.model import Resource


def may_carry_cost(type_token: str) -> bool:
    """Return whether resources of a type may carry cost lines: every component of Bedplate's may."""
    return type_token.startswith(OWN_COMPONENT)


def carries_cost(component: Resource) -> bool:
    """Return whether a component has a cost to be judged; raises `UndecidedError` when nobody knows.

    Clusters and pools always have: without lines they are a violation, not free.
    """
    return component.type in (CLUSTER, NODE_POOL) or want(component.properties, "cost") is not None


def cost_lines(component: Resource) -> tuple[CostLine, ...]:
    """Return the cost lines of a component; raises `UndecidedError` when they are unknown, missing or malformed."""
    if not carries_cost(component):
        return ()
    values = need(component.properties, "cost")
    try:
        return from_wire(values)
    except (KeyError, TypeError, ValueError, InvalidOperation, AttributeError) as error:
        raise UndecidedError(f"cost is not what Bedplate's components declare ({error!r})") from None


def lines_by_owner(components: Iterable[Resource]) -> dict[tuple[str, str], list[CostLine]]:
    """Return the cost lines of components by the team and environment whose caps they count against."""
    lines: dict[tuple[str, str], list[CostLine]] = {}
    for component in filter(carries_cost, components):
        owner = (need(component.properties, "team"), need(component.properties, "environment"))
        lines.setdefault(owner, []).extend(cost_lines(component))
    return lines
