"""From the engine's stream of events to a preview: the form of output that carries policy results."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from bedplate.engine_output import without_colours
from bedplate.report.model import ROOT_TYPE, State, Step, Violation, urn_parts

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from bedplate.report.model import Operation

REPLACING = frozenset(
    {"replace", "create-replacement", "delete-replaced", "import-replacement", "read-replacement", "discard-replaced"}
)
LEFTOVER = "delete-leftover"
"""Our word for the deletion of what an interrupted replacement left behind: the resource itself goes its own way."""

DIRECTLY: Mapping[str, Operation] = {"create": "create", "update": "update", "delete": "delete", "import": "import"}
RULE_ID = re.compile(r"([a-z][a-z0-9]*(?:-[a-z0-9]+)+): ")


@dataclass(slots=True)
class Collected:
    """What was said of one resource so far: the engine says several things of one that it replaces."""

    operations: list[str] = field(default_factory=list)
    before: State | None = None
    after: State | None = None
    parent: str = ""
    changed: dict[str, None] = field(default_factory=dict)
    forcing: dict[str, None] = field(default_factory=dict)


class Steps:
    """Collects what the engine says of resources into one step for each."""

    def __init__(self) -> None:
        self._resources: dict[str, Collected] = {}

    def add(
        self, urn: str, operation: str, step: Mapping[str, Any], states: tuple[object, object], forcing: Iterable[str]
    ) -> None:
        """Add one thing that happens to a resource; `states` are those before and after it."""
        known = self._resources.setdefault(urn, Collected())
        before, after = (state if isinstance(state, dict) else None for state in states)
        if operation == "delete" and before and before.get("delete"):
            operation = LEFTOVER
        known.operations.append(operation)
        known.before = known.before or state_of(before)
        if operation != "refresh":
            known.after = state_of(after) or known.after
        known.parent = _urn((after or before or {}).get("parent")) or known.parent
        known.changed.update(dict.fromkeys(_texts(step.get("detailedDiff") or ())))
        known.forcing.update(dict.fromkeys(_texts(forcing)))

    def merged(self) -> tuple[Step, ...]:
        """Return one step per resource, in the order in which the engine first named them."""
        return tuple(
            Step(
                urn=urn,
                operation=operation,
                parent=known.parent,
                before=known.before,
                after=None if operation == "delete" else known.after,
                changed=tuple(known.changed),
                forcing=tuple(known.forcing),
            )
            for urn, known in self._resources.items()
            if (operation := _operation(known.operations))
        )


def _operation(said: Sequence[str]) -> Operation | None:
    """Return what happens in the end; None for what is only read, which changes and costs nothing."""
    if REPLACING & set(said):
        return "replace"
    for word in reversed(said):
        if word in DIRECTLY:
            return DIRECTLY[word]
    if "same" in said:
        return "same"
    if LEFTOVER in said:
        return "delete"
    return "not reached" if "refresh" in said else None


def state_of(value: Mapping[str, Any] | None) -> State | None:
    """Return a resource as the engine wrote it; None for none."""
    if value is None:
        return None
    return State(
        inputs=_properties(value.get("inputs")),
        outputs=_properties(value.get("outputs")),
        protect=bool(value.get("protect")),
        retain_on_delete=bool(value.get("retainOnDelete")),
        custom=bool(value.get("custom")),
        parent=_urn(value.get("parent")),
        provider=str(value.get("provider") or ""),
    )


def _urn(value: object) -> str:
    """Return a URN, or an empty text where there is none; raises TypeError or ValueError for anything else."""
    (urn,) = _texts([value or ""])
    if urn:
        urn_parts(urn)
    return urn


def _texts(values: Iterable[object]) -> list[str]:
    """Return texts as they are; raises TypeError when one of them is none."""
    texts: list[str] = []
    for value in values:
        if not isinstance(value, str):
            raise TypeError(f"a name is a text, not {type(value).__name__}")
        texts.append(value)
    return texts


def _properties(value: object) -> Mapping[str, Any]:
    """Return properties; raises TypeError for what are none. The report reads them long after the file."""
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise TypeError(f"properties are an object, not {type(value).__name__}")
    return value


def steps_of_events(events: Iterable[Mapping[str, Any]]) -> tuple[Step, ...]:
    """Return the steps that events announce."""
    steps = Steps()
    for event in events:
        step = (event.get("resourcePreEvent") or {}).get("metadata")
        if step and step["type"] != ROOT_TYPE:
            states = (step.get("old"), step.get("new"))
            steps.add(step["urn"], step["op"], step, states, step.get("keys") or ())
    return steps.merged()


def steps_of_document(document: Mapping[str, Any]) -> tuple[Step, ...]:
    """Return the steps of the one JSON document that a preview prints without streaming."""
    steps = Steps()
    for step in document.get("steps") or ():
        state = step.get("newState") or step.get("oldState") or {}
        if state.get("type") == ROOT_TYPE:
            continue
        states = (step.get("oldState"), step.get("newState"))
        steps.add(step["urn"], step["op"], step, states, step.get("replaceReasons") or ())
    return steps.merged()


def violations_of_events(events: Iterable[Mapping[str, Any]]) -> tuple[Violation, ...]:
    """Return the policy violations, each once, mandatory ones first."""
    found = dict.fromkeys(_violation(event["policyEvent"]) for event in events if event.get("policyEvent"))
    return tuple(sorted(found, key=lambda violation: not violation.mandatory))


def _violation(event: Mapping[str, Any]) -> Violation:
    text = _without_description(event.get("message") or "")
    rule = RULE_ID.match(text)
    message, _, fix = (text[rule.end() :] if rule else text).partition(" Fix: ")
    return Violation(
        rule=rule[1] if rule else str(event.get("policyName") or "unnamed policy"),
        mandatory=event.get("enforcementLevel") not in ("advisory", "warning"),
        message=message,
        fix=fix,
        urn=_urn(event.get("resourceUrn")),
    )


def _without_description(message: str) -> str:
    """Return a violation's own words: the engine puts the description of the policy on the line above them."""
    lines = without_colours(message).strip().splitlines()
    start = next((number for number, line in enumerate(lines) if RULE_ID.match(line)), 0)
    return " ".join(" ".join(lines[start:]).split())
