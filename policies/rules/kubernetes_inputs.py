"""The rule that Kubernetes objects have fields that exist, of the right type.

While the kubeconfig is unknown, as it is whenever the cluster is new, the Kubernetes provider checks nothing: a
misspelt field passes the preview and fails, or is dropped, during the update. The installed SDK knows the fields.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from bedplate.errors import dotted
from rules.model import Resource, Rule, Surroundings
from rules.reading import Known, Reading, read

if TYPE_CHECKING:
    from collections.abc import Iterator

COMPONENTS = re.compile(r"kubernetes:(helm\.sh/v4|yaml|kustomize).*:|kubernetes:helm\.sh/v3:Chart")
"""Components of the SDK; their children are seen one by one."""


def _is_object(type_token: str) -> bool:
    return type_token.startswith("kubernetes:") and not COMPONENTS.match(type_token)


def has_known_fields(resource: Resource, _: Surroundings) -> Iterator[str]:
    """Every field exists in the kind, and has a value of its type."""
    from bedplate.sdk_types import check_inputs

    for problem in check_inputs(resource.type, resource.properties):
        message = _without_value(problem.message, read(resource.properties, *problem.path))
        meant = f"; did you mean {problem.nearest!r}?" if problem.nearest else ""
        yield f"{resource.type} {resource.name}: {dotted(problem.path)}: {message}{meant}"


def _without_value(message: str, found: Reading) -> str:
    """Return a message with the kind of a value in place of the value: secrets reach a policy decrypted."""
    kind = _kind(found.value) if isinstance(found, Known) else "a value"
    head, got, _ = message.partition(", got ")
    _, not_one, allowed = head.partition(" is not one of ")
    head = f"the value{not_one}{allowed}" if not_one else head
    return f"{head}{got}{kind if got else ''}"


def _kind(value: object) -> str:
    if isinstance(value, bool):
        return "a boolean"
    if isinstance(value, dict):
        return "a map"
    if isinstance(value, list):
        return "a list"
    return "text" if isinstance(value, str) else "a number"


RULES = (
    Rule(
        id="kubernetes-inputs",
        family="kubernetes-inputs",
        demands="Fields of a Kubernetes object exist in its kind and have values of their type. Custom resources are "
        "not checked: their schema lives in the cluster.",
        reason="On the first preview of a cluster the Kubernetes provider checks nothing, because it cannot reach the "
        "API server yet.",
        fix="correct the field",
        applies=_is_object,
        check=has_known_fields,
    ),
)
