"""Custom resources checked against the schemas of their definitions, as the API server would, without one.

The definitions are not part of this repository: they are looked for beside the clone, and a test that needs one is
skipped where they are not.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

DEFINITIONS = Path(__file__).resolve().parents[3] / "shared" / "crds"

_TYPES: Mapping[str, tuple[type, ...]] = {
    "array": (list, tuple),
    "boolean": (bool,),
    "integer": (int,),
    "number": (int, float),
    "object": (dict,),
    "string": (str,),
}


def schema_problems(manifest: Mapping[str, Any]) -> list[str]:
    """Return what the API server's strict validation would say, rules in CEL apart. Skips the test without a schema."""
    group, _, version = manifest["apiVersion"].rpartition("/")
    definition = find_definition(group, manifest["kind"])
    if definition is None:
        pytest.skip(f"no definition of {manifest['kind']} ({group}) in {DEFINITIONS}")
    schemas = {one["name"]: one["schema"]["openAPIV3Schema"] for one in definition["spec"]["versions"]}
    own = {key: value for key, value in manifest.items() if key not in ("apiVersion", "kind", "metadata")}
    return list(_check(own, schemas[version], manifest["kind"]))


@cache
def find_definition(group: str, kind: str) -> Mapping[str, Any] | None:
    """Return the CustomResourceDefinition of a kind, if one lies beside the clone."""
    for path in DEFINITIONS.glob(f"*/{group}_*.yaml"):
        text = path.read_text(encoding="utf-8")
        if f"    kind: {kind}\n" in text:  # most of the time goes into parsing those of other kinds
            for one in yaml.load_all(text, Loader=_LOADER):
                if one and one["kind"] == "CustomResourceDefinition" and one["spec"]["names"]["kind"] == kind:
                    definition: Mapping[str, Any] = one
                    return definition
    return None


_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def _check(value: Any, schema: Mapping[str, Any], at: str) -> Iterator[str]:
    if schema.get("x-kubernetes-int-or-string"):
        if not isinstance(value, (int, str)):
            yield f"{at}: {value!r} is neither a number nor text"
        return
    kind = schema.get("type")
    if kind and (not isinstance(value, _TYPES[kind]) or (isinstance(value, bool) and kind != "boolean")):
        yield f"{at}: {value!r} is not of type {kind}"
        return
    if "enum" in schema and value not in schema["enum"]:
        yield f"{at}: {value!r} is not one of {schema['enum']}"
    yield from _check_limits(value, schema, at)
    if kind == "object":
        yield from _check_object(value, schema, at)
    if kind == "array":
        for index, item in enumerate(value):
            yield from _check(item, schema.get("items", {}), f"{at}[{index}]")


def _check_object(value: Mapping[str, Any], schema: Mapping[str, Any], at: str) -> Iterator[str]:
    properties, rest = schema.get("properties", {}), schema.get("additionalProperties")
    for name in schema.get("required", ()):
        if name not in value and name not in ("apiVersion", "kind", "metadata"):
            yield f"{at}: {name} is missing"
    for name, item in value.items():
        if name in properties:
            yield from _check(item, properties[name], f"{at}.{name}")
        elif isinstance(rest, Mapping):
            yield from _check(item, rest, f"{at}.{name}")
        elif not schema.get("x-kubernetes-preserve-unknown-fields"):
            yield f"{at}: unknown field {name}"


def _check_limits(value: Any, schema: Mapping[str, Any], at: str) -> Iterator[str]:
    size = len(value) if isinstance(value, (str, list, tuple)) else None
    unit = "Length" if isinstance(value, str) else "Items"
    if size is not None and not schema.get(f"min{unit}", 0) <= size <= schema.get(f"max{unit}", size):
        yield f"{at}: length {size} is out of bounds"
    if isinstance(value, str) and "pattern" in schema and not re.search(schema["pattern"], value):
        yield f"{at}: {value!r} does not match {schema['pattern']}"
    if isinstance(value, (int, float)) and not schema.get("minimum", value) <= value <= schema.get("maximum", value):
        yield f"{at}: {value!r} is out of bounds"
