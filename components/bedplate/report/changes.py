"""The changes of a preview, grouped by the component that they belong to, the dangerous ones first."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from bedplate.report.model import (
    CHANGING,
    COMPONENT_PREFIX,
    PROVIDER_PREFIX,
    ROOT_TYPE,
    SECRET_SIGNATURE,
    UNKNOWN,
    urn_name,
    urn_type,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from bedplate.report.dangers import Danger
    from bedplate.report.model import Operation, Preview, State, Step

OUTSIDE = "outside Bedplate's components"

SHOWN_TEXTS = frozenset(
    {"amiType", "capacity", "capacityType", "chart", "cluster", "fabric", "instanceType", "instanceTypes"}
    | {"kubernetesVersion", "machine", "region", "releaseVersion", "role", "type", "version"}
)
"""Properties whose text a comment shows. Of all others it shows the name alone: a comment is read by more people
than a state, and a program may put a password where nobody expects one. Numbers and switches are always shown."""

SENSITIVE_KINDS = frozenset({"Secret", "SecretVersion", "RandomPassword", "Parameter", "ConfigMap"})
"""Kinds of which no value is ever shown."""

ABSENT, SECRET, HIDDEN = "none", "[secret]", "[not shown]"

PATH_PART = re.compile(r"""\[(\d+)\]|\["((?:[^"\\]|\\.)*)"\]|\.?([^.\[\]]+)""")


@dataclass(frozen=True, slots=True)
class PropertyChange:
    """A property that changes. The values are texts; both are None where one of them is not to be shown."""

    path: str
    before: str | None = None
    after: str | None = None
    forces_replacement: bool = False


@dataclass(frozen=True, slots=True)
class Group:
    """What changes in one component. `steps` are its real resources, those that lose something first."""

    title: str
    own: tuple[PropertyChange, ...]
    steps: tuple[Step, ...]
    rank: int

    def counts(self) -> dict[Operation, int]:
        """Return how many resources there are of each operation."""
        counted = Counter(step.operation for step in self.steps)
        return {operation: counted[operation] for operation in CHANGING if counted[operation]}


NO_DANGER = 99


def groups(preview: Preview, dangers: tuple[Danger, ...]) -> tuple[Group, ...]:
    """Return the changes by component, those with the greatest danger first."""
    ranks: dict[str, int] = {}
    for danger in dangers:
        ranks[danger.step.urn] = min(danger.rank, ranks.get(danger.step.urn, NO_DANGER))
    by_urn = {step.urn: step for step in preview.steps}
    members: dict[str, list[Step]] = {}
    for step in preview.steps:
        if step.operation in CHANGING and not step.type.startswith(PROVIDER_PREFIX):
            members.setdefault(_outermost(step, by_urn), []).append(step)
    made = [_group(urn, steps, by_urn.get(urn), ranks) for urn, steps in members.items()]
    return tuple(sorted(made, key=lambda group: (group.rank, -len(group.steps), group.title)))


def _group(urn: str, steps: list[Step], component: Step | None, ranks: Mapping[str, int]) -> Group:
    def order(step: Step) -> tuple[int, int, str, str]:
        return ranks.get(step.urn, NO_DANGER), CHANGING.index(step.operation), step.kind, step.name

    return Group(
        title=f"{urn_type(urn).rpartition(':')[2]} {urn_name(urn)}" if urn else OUTSIDE,
        own=property_changes(component) if component else (),
        steps=tuple(sorted((step for step in steps if not step.is_component), key=order)),
        rank=min((ranks.get(step.urn, NO_DANGER) for step in steps), default=NO_DANGER),
    )


def _outermost(step: Step, by_urn: Mapping[str, Step]) -> str:
    """Return the URN of the component that stands directly below the stack and holds a resource, or an empty text."""
    found = step.urn if step.is_component else ""
    seen = {step.urn}
    parent = step.parent
    while parent and parent not in seen and urn_type(parent) != ROOT_TYPE:
        if urn_type(parent).startswith(COMPONENT_PREFIX):
            found = parent
        seen.add(parent)
        parent = by_urn[parent].parent if parent in by_urn else ""
    return found


def property_changes(step: Step) -> tuple[PropertyChange, ...]:
    """Return which properties of a resource change, those that force a replacement first."""
    if step.operation not in ("update", "replace"):
        return ()
    paths = step.changed or tuple(_differing(step))
    made = [_property_change(step, path) for path in paths]
    return tuple(sorted(made, key=lambda change: not change.forces_replacement))


def _differing(step: Step) -> Iterator[str]:
    """Yield the inputs that differ, where the engine says none: it compares no components."""
    before, after = (state.inputs if state else {} for state in (step.before, step.after))
    yield from (name for name in {**before, **after} if name != "cost" and before.get(name) != after.get(name))


def _property_change(step: Step, path: str) -> PropertyChange:
    parts = _parts(path)
    forces = step.operation == "replace" and bool(parts) and parts[0] in step.forcing
    before, after = _shown(parts, step.before), _shown(parts, step.after)
    if step.kind in SENSITIVE_KINDS or HIDDEN in (before, after):
        return PropertyChange(path, forces_replacement=forces)
    return PropertyChange(path, before, after, forces)


def _parts(path: str) -> tuple[str | int, ...]:
    return tuple(int(index) if index else quoted or plain for index, quoted, plain in PATH_PART.findall(path) if path)


def _shown(path: tuple[str | int, ...], state: State | None) -> str:
    """Return a value as text where it may be shown."""
    value: Any = state.inputs if state else None
    for part in path:
        if isinstance(value, dict) and SECRET_SIGNATURE in value:
            return SECRET
        try:
            value = value[part]
        except (KeyError, IndexError, TypeError):
            return ABSENT
    return _text(value, path)


def _text(value: Any, path: tuple[str | int, ...]) -> str:
    if isinstance(value, dict):
        return SECRET if SECRET_SIGNATURE in value else HIDDEN
    if value == UNKNOWN:
        return "known after the update"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return f"{value:g}" if abs(value) < 1e6 else str(value)
    names = [part for part in path if isinstance(part, str)]
    return value if isinstance(value, str) and names and names[-1] in SHOWN_TEXTS else HIDDEN
