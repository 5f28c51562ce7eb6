"""What a stack was before: needed where a preview does not show what stays as it is."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from bedplate.errors import InputError, Problem
from bedplate.report.events import state_of
from bedplate.report.model import State, urn_parts
from bedplate.report.reading import parse_preview

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bedplate.report.model import Preview

Resources = dict[str, State]
"""Resources by URN, components among them."""


def parse_base(text: str, file: str, stack: str) -> Resources:
    """Return the resources of a state (`pulumi stack export`) or of another preview after its change.

    Raises InputError when it is neither, or of another stack than `stack`.
    """
    state = _state(text)
    if state is None:
        preview = parse_preview(text, file)
        _same_stack(preview.stack, stack, file)
        return resources_after(preview)
    found: Resources = {}
    for resource in state.get("resources") or ():
        _same_stack(urn_parts(resource["urn"])[0], stack, file)
        known = state_of(resource)
        if known and not resource.get("delete") and not resource.get("external"):
            found[resource["urn"]] = known
    return found


def _state(text: str) -> Mapping[str, Any] | None:
    try:
        value = json.loads(text)
    except ValueError:
        return None
    deployment = value.get("deployment") if isinstance(value, dict) else None
    return deployment if isinstance(deployment, dict) else None


def _same_stack(found: str, wanted: str, file: str) -> None:
    if found != wanted:
        raise InputError([Problem(f"it is of stack {found}, and the preview of {wanted}", file=file)])


def resources_before(preview: Preview) -> Resources:
    """Return the resources that exist before a change, as far as its preview shows them."""
    return {step.urn: step.before for step in preview.steps if step.before is not None}


def resources_after(preview: Preview) -> Resources:
    """Return the resources that exist after a change, as far as its preview shows them."""
    return {step.urn: step.after for step in preview.steps if step.after is not None}


def before_and_after(preview: Preview, base: Resources | None) -> tuple[Resources, Resources]:
    """Return the resources before and after a change; with `base`, also those that the preview leaves out."""
    after = resources_after(preview)
    if base is None:
        return resources_before(preview), after
    touched = {step.urn for step in preview.steps}
    return base, {urn: state for urn, state in base.items() if urn not in touched} | after
