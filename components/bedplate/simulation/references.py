"""Resources that refer to each other: what an input names must exist, and what is referred to cannot go.

Data: `data/references.yaml` and the `unique` and `held_by` rows of `data/aws.yaml`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bedplate.sdk_types import is_unknown
from bedplate.simulation.data_files import load
from bedplate.simulation.outputs import ACCOUNT, answers
from bedplate.simulation.requests import Refusal

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from bedplate.simulation.requests import Request
    from bedplate.simulation.world_file import Properties, Resource, World


def refuse_missing(request: Request) -> None:
    """Raise the service's error for the first input that names a resource which the world does not hold."""
    if not request.token.startswith("aws:"):
        return
    for rule, value in _named(request.inputs):
        if not _exists(request.world, rule, value):
            raise Refusal(rule["error"].format(value=value))


def refuse_taken(request: Request) -> None:
    """Raise the service's error when another resource of the type has what must be unique."""
    rule = answers(request.token).get("unique")
    if rule is None:
        return
    wanted = [request.inputs.get(prop) for prop in rule["inputs"]]
    if any(value is None or is_unknown(value) for value in wanted):
        return
    for other in request.world.of_type(request.token):
        if other.place == request.place and [other.inputs.get(prop) for prop in rule["inputs"]] == wanted:
            raise Refusal(rule["error"].format(**request.inputs, region=request.region, account=ACCOUNT))


def refuse_held(world: World, resource: Resource) -> None:
    """Raise the service's error when something that is still there keeps a resource from being deleted."""
    rule = answers(resource.token).get("held_by")
    if rule is None:
        return
    value = resource.outputs.get(rule["property"]) if "property" in rule else resource.id
    for token, path in rule["by"].items():
        for holder in world.of_type(token):
            named = _at(holder.inputs, path)
            if holder.key != resource.key and (named == value or (isinstance(named, list) and value in named)):
                raise Refusal(rule["error"].format(id=resource.id))


def _named(inputs: Properties, parent: str = "") -> Iterator[tuple[Mapping[str, Any], str]]:
    """Every value that names another resource, at any depth, with the rule for it."""
    rules = load("references.yaml")
    for name, value in inputs.items():
        rule = rules.get(f"{parent}.{name}") or rules.get(name)
        for item in value if isinstance(value, list) else [value]:
            if isinstance(item, dict):
                yield from _named(item, name)
            elif rule and isinstance(item, str) and _applies(rule, item):
                yield rule, item


def _applies(rule: Mapping[str, Any], value: str) -> bool:
    if not value or is_unknown(value) or not value.startswith(rule.get("only", "")):
        return False
    return not value.startswith(tuple(rule.get("unless", ())) or ("\0",))


def _exists(world: World, rule: Mapping[str, Any], value: str) -> bool:
    for resource in world.of_type(rule["of"]):
        if value == resource.id or ("by" in rule and value == resource.outputs.get(rule["by"])):
            return True
    also: Mapping[str, str] = rule.get("also", {})
    return any(
        value == _at(resource.outputs, path) for token, path in also.items() for resource in world.of_type(token)
    )


def _at(properties: Properties, path: str) -> Any:
    value: Any = properties
    for part in path.split("."):
        value = value.get(part) if isinstance(value, dict) else None
    return value
