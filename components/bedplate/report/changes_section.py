"""The changes in a report: by component, what loses something first, what is merely new counted by kind."""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING

from bedplate.report.changes import ABSENT, OUTSIDE, property_changes
from bedplate.report.fit import Row, Section
from bedplate.report.model import CHANGING
from bedplate.report.text import code
from bedplate.report.words import PAST, counted

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from bedplate.report.changes import Group, PropertyChange
    from bedplate.report.model import Operation, Step
    from bedplate.report.summary import Summary

MOST_NAMED, MOST_NAMED_NEW = 6, 2
"""Resources of one operation in one component up to which they are named; of more the kinds are counted."""

MOST_PROPERTIES = 4
MOST_OPEN_ROWS = 24
"""Rows that are shown unfolded."""


def changes_section(summary: Summary) -> Iterator[Section]:
    """Yield what changes, component by component."""
    if not summary.groups:
        return
    rows = tuple(row for group in summary.groups for row in _rows(group))
    total = sum(row.things for row in rows)
    if len(rows) <= MOST_OPEN_ROWS:
        yield Section(("", "#### Changes", ""), rows, noun="changes")
        return
    title = f"{counted(total, 'change')} in {counted(len(summary.groups), 'component')}"
    before = ("", "#### Changes", "", f"<details><summary>{title}</summary>", "")
    yield Section(before, rows, ("", "</details>"), noun="changes")


def _rows(group: Group) -> Iterator[Row]:
    counts = ", ".join(f"{number:,} {PAST[operation]}" for operation, number in group.counts().items())
    own = _properties(group.own)
    title = OUTSIDE if group.title == OUTSIDE else code(group.title)
    told = f"- **{title}**" + (f" ({own})" if own else "") + (f": {counts}" if counts else "")
    yield Row(told, things=0 if group.steps else 1)
    for operation in CHANGING:
        steps = [step for step in group.steps if step.operation == operation]
        yield from _of_operation(operation, steps)


def _of_operation(operation: Operation, steps: Sequence[Step]) -> Iterator[Row]:
    """Name the resources where they are few; else count their kinds: what loses something is named further up."""
    if len(steps) <= (MOST_NAMED_NEW if operation == "create" else MOST_NAMED):
        for step in steps:
            properties = _properties(property_changes(step))
            told = f"{operation} {code(step.kind)} {code(step.name)}"
            yield Row(f"  - {told}: {properties}" if properties else f"  - {told}")
        return
    kinds = Counter(step.kind for step in steps)
    told = ", ".join(f"{number:,} {code(kind)}" for kind, number in sorted(kinds.items()))
    yield Row(f"  - {operation} {told}", things=len(steps))


def _properties(changes: Sequence[PropertyChange]) -> str:
    """Name the properties that change; of many below one property, that one with their number."""
    if len(changes) <= MOST_PROPERTIES:
        return ", ".join(_property(change) for change in changes)
    below: dict[str, list[PropertyChange]] = {}
    for change in changes:
        below.setdefault(re.split(r"[.\[]", change.path, maxsplit=1)[0], []).append(change)
    shown = [_root(name, found) for name, found in list(below.items())[:MOST_PROPERTIES]]
    hidden = len(below) - len(shown)
    return ", ".join([*shown, *([f"and {hidden} more"] if hidden else [])])


def _root(name: str, changes: Sequence[PropertyChange]) -> str:
    if len(changes) == 1:
        return _property(changes[0])
    forces = " (forces it)" if any(change.forces_replacement for change in changes) else ""
    return f"{code(name, 80)}{forces} in {len(changes)} places"


def _property(change: PropertyChange) -> str:
    path = code(change.path, 80)
    if change.forces_replacement:
        path += " (forces it)"
    if change.before is None or change.after is None:
        return path
    return f"{path} {_value(change.before)} → {_value(change.after)}"


def _value(text: str) -> str:
    return text if text.isdecimal() or text == ABSENT else code(text, 60)
