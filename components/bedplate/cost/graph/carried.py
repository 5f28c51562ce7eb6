"""Components that carry the cost lines of their plan, and what is below them beyond those lines."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import replace
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, get_args

from bedplate.cost.range import Confidence, CostLine, Kind
from bedplate.cost.wire import from_wire
from bedplate.errors import printable

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from bedplate.cost.graph.leaf import Leaf
    from bedplate.cost.graph.resources import Resource

MOST = 10**12
"""Larger numbers of units, hours or dollars are no cost but a mistake."""

ROUNDING = Decimal("1e-9")
"""Prices travel through properties with 28 digits."""

OWN_COMPONENT = "bedplate:index:"


def carried(component: Resource) -> tuple[CostLine, ...] | None:
    """Return the cost lines that a component carries, None where it carries none that can be read."""
    values = component.properties.get("cost")
    if values == [] and component.properties.get("provider") == "existing":  # a cluster that others run and pay
        return ()
    if not isinstance(values, list) or not values:
        return None
    try:
        lines = from_wire(values)
    except (KeyError, TypeError, ValueError, InvalidOperation, AttributeError, OverflowError):
        return None
    return tuple(map(_shown, lines)) if all(map(_is_sane, lines)) else None


def _is_sane(line: CostLine) -> bool:
    """Tell whether a line can be added up: a file can hold any number, and a negative one would hide others."""
    texts = (line.owner, line.item, line.unit, line.source, line.note, line.service)
    amounts = (line.usd_per_hour or 0, line.baseline_units, line.expected_unit_hours, line.max_units, line.hours)
    return (
        all(isinstance(text, str) for text in texts)
        and all(0 <= amount <= MOST for amount in amounts)
        and line.kind in get_args(Kind)
        and line.confidence in get_args(Confidence)
    )


def _shown(line: CostLine) -> CostLine:
    return replace(
        line,
        owner=printable(line.owner),
        item=printable(line.item),
        unit=printable(line.unit),
        source=printable(line.source),
        note=printable(line.note),
    )


def is_broken(component: Resource) -> bool:
    """Tell whether a component of Bedplate's has a cost that cannot be read: then what is below it is counted."""
    has_cost = not component.custom and "cost" in component.properties
    return component.type.startswith(OWN_COMPONENT) and has_cost and carried(component) is None


def beyond(component: Leaf, carried: Iterable[CostLine], leaves: Iterable[Iterable[CostLine]]) -> Iterator[CostLine]:
    """Yield lines for what is below a component and not among the lines that it carries.

    Machines are compared by type and number, because how they are bought decides their price; services by what they
    cost in an hour. A resource that nobody can price is beyond the lines in any case.
    """
    machines: Counter[str] = Counter()
    services: dict[str, Decimal] = defaultdict(Decimal)
    for sign, line in [*((-1, line) for line in carried), *((1, line) for lines in leaves for line in lines)]:
        if line.kind == "machine":
            machines[line.item.partition(" ")[0]] += sign * line.max_units
        elif line.service:
            services[line.service] += sign * line.max_units * (line.usd_per_hour or 0)
        elif sign > 0:
            yield line
    for machine, units in machines.items():
        if units > 0:
            yield component.unknown(f"{units} × {machine} are below it that its cost does not count")
    for service, usd in services.items():
        if usd > ROUNDING:
            yield component.unknown(f"{service} for ${usd:,.4f} an hour is below it that its cost does not count")
