"""The rules that Kubernetes objects are of the kind that their type says, and have fields that exist, of their type.

While the kubeconfig is unknown, as it is whenever the cluster is new, the Kubernetes provider checks nothing: a
misspelt field passes the preview and fails, or is dropped, during the update. The installed SDK knows the fields.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from bedplate.errors import dotted, listing
from rules.model import Resource, Rule, Surroundings
from rules.reading import Known, Reading, read, want

if TYPE_CHECKING:
    from collections.abc import Iterator

COMPONENTS = re.compile(r"kubernetes:((yaml|kustomize)(/v2)?:\w+|helm\.sh/v\d+:Chart)$")
"""Components of the SDK; their children are seen one by one. Groups that only begin like theirs are no components."""


def is_object(type_token: str) -> bool:
    """Return whether a type is a Kubernetes object, or a release of Helm, and no component of the SDK."""
    return type_token.startswith("kubernetes:") and not COMPONENTS.match(type_token)


def is_what_its_type_says(resource: Resource, _: Surroundings) -> Iterator[str]:
    """The provider creates what `apiVersion` and `kind` say; every other rule goes by the type token.

    The SDK fills them in from the token: without the suffix of patches, and without a group for the core's kinds.
    """
    group_version, kind = resource.type.split(":")[1:]
    allowed = {"apiVersion": (group_version.removeprefix("core/"),), "kind": (kind, kind.removesuffix("Patch"))}
    for field, values in allowed.items():
        stated = want(resource.properties, field)
        if stated is not None and stated not in values:
            yield f"{resource.name} has the {field} {stated}; its type {resource.type} says {listing([values[-1]])}"


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


def _is_of_kubernetes(type_token: str) -> bool:
    return type_token.startswith("kubernetes:")


RULES = (
    Rule(
        id="kubernetes-inputs-type",
        family="kubernetes-inputs",
        waivable=False,
        demands="The `apiVersion` and `kind` of a Kubernetes object are those of its type, and known.",
        reason="The provider creates what they say, and every rule judges by the type: under a harmless one anything "
        "would pass.",
        fix="leave them to the class of the SDK; for a custom resource, use CustomResource with the kind that is meant",
        passes="kubernetes:keda.sh/v1alpha1:ScaledObject {apiVersion: keda.sh/v1alpha1, kind: ScaledObject}",
        fails="kubernetes:example.com/v1:Harmless {apiVersion: karpenter.sh/v1, kind: NodePool}",
        applies=_is_of_kubernetes,
        check=is_what_its_type_says,
    ),
    Rule(
        id="kubernetes-inputs",
        family="kubernetes-inputs",
        demands="Fields of a Kubernetes object exist in its kind and have values of their type. Custom resources are "
        "not checked: their schema lives in the cluster.",
        reason="On the first preview of a cluster the Kubernetes provider checks nothing, because it cannot reach the "
        "API server yet.",
        fix="correct the field",
        applies=is_object,
        check=has_known_fields,
    ),
)
