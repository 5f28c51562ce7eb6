"""Judges a file instead of a deployment: `pulumi preview --json` or `pulumi stack export`, without an engine."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from bedplate.cost.graph.resources import HIDDEN_SECRET, SECRET_KEY, read_preview, read_state
from bedplate.errors import InputError, Problem
from bedplate.sdk_types.values import UNKNOWN
from rules.judge import Deployment
from rules.model import Resource

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from bedplate.cost.graph.resources import Graph
    from bedplate.cost.graph.resources import Resource as GraphResource
    from rules.model import Settings


def judge_file(path: Path, settings: Settings) -> Deployment:
    """Return a deployment with the verdicts on every resource of a file and on the stack.

    Raises `InputError` for a file that is neither a preview nor a state, or has no resources.
    """
    graph = read_state(path) if _is_state(path) else read_preview(path)
    if not graph.resources:
        raise InputError([Problem("the file has no resources, so there is nothing to judge", file=str(path))])
    deployment = Deployment(settings)
    there = [one for one in graph.resources if not one.deleting]
    for one in there:
        deployment.register(_resource(one, one.inputs, graph))
    deployment.finish({one.urn: _resource(one, one.properties, graph) for one in there})
    return deployment


def _is_state(path: Path) -> bool:
    """Return whether a file looks like a state; what it is worth is for the reader of the kind to say."""
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return False
    return isinstance(data, dict) and "deployment" in data


def _resource(one: GraphResource, properties: Mapping[str, Any], graph: Graph) -> Resource:
    provider = one.provider.rpartition("::")[0] if one.custom else ""
    return Resource(
        type=one.type,
        urn=one.urn,
        name=one.name,
        properties=plain(properties),
        parent=one.parent,
        provider=provider.split("::")[2].rpartition("$")[2] if provider.count("::") == 3 else "",
        provider_properties=_provider_properties(one, graph) if provider else {},
        dependencies=one.dependencies,
    )


def _provider_properties(one: GraphResource, graph: Graph) -> dict[str, Any]:
    values = {key: graph.of_provider(one, key) for key in ("region", "defaultTags", "namespace", "clusterIdentifier")}
    return {key: plain(value) for key, value in values.items() if value is not None}


def plain(value: Any) -> Any:
    """Return a value of a file with secrets as what they are to a rule: unknown."""
    if isinstance(value, dict):
        return UNKNOWN if SECRET_KEY in value else {key: plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [plain(item) for item in value]
    return UNKNOWN if value == HIDDEN_SECRET else value
