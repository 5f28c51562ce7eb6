"""What a change puts at risk: data, clusters, running work, warm capacity. The facts are rows of `dangers.csv`."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from bedplate.report.model import Preview, Step

Trigger = Literal["removal", "change", "falls", "falls to zero"]
"""When a row applies: the resource is deleted or replaced; a property of it changes; a number of it becomes smaller;
a number of it becomes zero."""

PROTECTION_RANK = 0


@dataclass(frozen=True, slots=True)
class Fact:
    """One row: what is lost when something happens to resources of a type. A lower rank is the greater danger."""

    type: str
    on: Trigger
    property: str
    rank: int
    what: str
    loses: str


@dataclass(frozen=True, slots=True)
class Danger:
    """Something that a change would lose. `happens` is what happens to the resource, as a verb phrase."""

    step: Step
    rank: int
    what: str
    happens: str
    loses: str


@cache
def facts() -> Mapping[str, tuple[Fact, ...]]:
    """Return the facts by resource type."""
    by_type: dict[str, tuple[Fact, ...]] = {}
    with files("bedplate.report").joinpath("dangers.csv").open(encoding="utf-8") as file:
        for row in csv.DictReader(file):
            on: Trigger = row["on"]  # type: ignore[assignment]  # a test reads every row
            fact = Fact(row["type"], on, row["property"], int(row["rank"]), row["what"], row["loses"])
            by_type[fact.type] = (*by_type.get(fact.type, ()), fact)
    return by_type


def dangers(preview: Preview) -> tuple[Danger, ...]:
    """Return what a change would lose, the worst first."""
    found = [danger for step in preview.steps for danger in _of_step(step)]
    return tuple(sorted(found, key=lambda danger: (danger.rank, danger.step.type, danger.step.name)))


def _of_step(step: Step) -> Iterator[Danger]:
    yield from _protection(step)
    if step.operation in ("delete", "replace") and step.before is not None and step.before.retain_on_delete:
        return  # the cloud keeps the thing: only Pulumi forgets it
    seen = set()
    for fact in facts().get(step.type, ()):
        happens = _happens(step, fact)
        if happens and fact.loses not in seen:
            seen.add(fact.loses)
            yield Danger(step, fact.rank, fact.what, happens, fact.loses)


def _protection(step: Step) -> Iterator[Danger]:
    if step.before is None or not step.before.protect:
        return
    if step.operation in ("delete", "replace"):
        loses = "nothing yet: it is protected, so the update will be refused"
        yield Danger(step, PROTECTION_RANK, "protected", _removed(step), loses)
    elif step.after is not None and not step.after.protect:
        loses = "its protection: the next change may delete it"
        yield Danger(step, PROTECTION_RANK, "protected", "is no longer protected", loses)


def _happens(step: Step, fact: Fact) -> str:
    """Return what happens to the resource if the fact applies to it, or an empty string."""
    if fact.on == "removal":
        return _removed(step) if step.operation in ("delete", "replace") else ""
    if step.operation != "update":
        return ""
    if fact.on == "change":
        return f"gets another {fact.property}" if _changes(step, fact.property) else ""
    return _falls(step, fact)


def _removed(step: Step) -> str:
    if step.operation == "delete":
        return "is deleted"
    why = ", ".join(step.forcing)
    return f"is replaced because of {why}" if why else "is replaced"


def _changes(step: Step, name: str) -> bool:
    """Whether a property changes. Of a component the engine does not say which, so its states are compared."""
    if step.is_component and step.before and step.after:
        return bool(step.before.property(name) != step.after.property(name))
    return any(path == name or path.startswith((f"{name}.", f"{name}[")) for path in step.changed)


def _falls(step: Step, fact: Fact) -> str:
    if step.before is None or step.after is None:
        return ""
    old, new = step.before.property(fact.property), step.after.property(fact.property)
    if not isinstance(old, int | float) or not isinstance(new, int | float) or new >= old:
        return ""
    if fact.on == "falls to zero" and new != 0:
        return ""
    return f"goes from {fact.property} {old:g} to {new:g}"
