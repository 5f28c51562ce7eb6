"""Resources of a Pulumi state (`pulumi stack export`) or preview (`pulumi preview --json`), and reading their values.

Files of both kinds are written by the engine but handed over by people: anything may stand in them. What is no graph
is an `InputError`; a value that is unknown or not of the expected kind is an `UndecidedError` where it is read.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

from bedplate.engine_output import error_messages, unchanged_left_out
from bedplate.errors import InputError, Problem, dotted, printable

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from bedplate.errors import FieldPath

UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
"""What `pulumi preview --json` writes for a value that is not known yet, whatever its type (pulumi/pulumi#7716)."""

SECRET_KEY = "4dabf18193072939515e22adb298388d"  # noqa: S105 - a marker, not a secret
"""The key by which an object in a state is an encrypted secret or an asset (pulumi: sdk/go/common/resource/sig)."""

HIDDEN_SECRET = "[secret]"  # noqa: S105 - what a preview shows instead of one

DEFAULT_PROVIDER = re.compile(r"default(_|$)")
"""Names of the providers that the engine makes where a program names none (pulumi: pkg/resource/deploy)."""

HOW_TO_PREVIEW = "`pulumi preview --json --show-sames > FILE`"

GONE = frozenset({"delete", "delete-replaced", "discard", "discard-replaced", "read-discard", "remove-pending-replace"})
"""Preview steps after which a resource is not there (pulumi: sdk/go/common/display/operation_type.go)."""


class UndecidedError(Exception):
    """A value that a cost depends on is unknown, or is not what it should be."""


@dataclass(frozen=True)
class Resource:
    """One resource. `inputs` are what the program asked for, `outputs` what the cloud answered, as far as known.

    `actual` says that outputs are of a resource that exists, so that they go before inputs. `deleting` says that the
    resource was replaced and waits for its deletion: until then it costs what it cost. `external` says that the stack
    only reads it.
    """

    urn: str
    type: str
    custom: bool
    id: str
    parent: str
    provider: str
    inputs: Mapping[str, Any]
    outputs: Mapping[str, Any]
    dependencies: Mapping[str, tuple[str, ...]]
    actual: bool
    deleting: bool = False
    external: bool = False

    @property
    def name(self) -> str:
        """The name in the program."""
        return printable(self.urn.rpartition("::")[2])

    @cached_property
    def properties(self) -> Mapping[str, Any]:
        """Inputs and outputs in one; where both are given, the one that is nearer to what will be billed."""
        first, second = (self.outputs, self.inputs) if self.actual else (self.inputs, self.outputs)
        return {**second, **{key: value for key, value in first.items() if value is not None}}

    def want(self, *path: str | int) -> Any:
        """Return the value at a path, or None where nothing is set; raises `UndecidedError` when it is unknown."""
        return want(self.properties, *path)

    def text(self, *path: str | int) -> str:
        """Return the text at a path, empty where nothing is set; raises `UndecidedError` for anything else."""
        value = self.want(*path)
        if value is None or isinstance(value, str):
            return value or ""
        raise UndecidedError(f"{dotted(path)} is no text")

    def items(self, *path: str | int) -> list[Any]:
        """Return the list at a path, empty where nothing is set; raises `UndecidedError` for anything else."""
        value = self.want(*path)
        if value is None or isinstance(value, list):
            return value or []
        raise UndecidedError(f"{dotted(path)} is no list")


@dataclass(frozen=True)
class Graph:
    """The resources of a stack, in the order of the file.

    `config` is the stack's configuration, as far as the file has it: a preview leaves out the default providers, which
    are configured by it.
    """

    resources: tuple[Resource, ...]
    config: Mapping[str, Any] = field(default_factory=dict)

    @cached_property
    def by_urn(self) -> Mapping[str, Resource]:
        """Resources by URN; one that waits for its deletion gives way to its replacement."""
        waiting = {resource.urn: resource for resource in self.resources if resource.deleting}
        return waiting | {resource.urn: resource for resource in self.resources if not resource.deleting}

    def ancestors(self, resource: Resource) -> Iterator[Resource]:
        """Yield the parents of a resource, the nearest first; a chain that bites its tail ends there."""
        seen = {resource.urn}
        current = self.by_urn.get(resource.parent)
        while current is not None and current.urn not in seen:
            yield current
            seen.add(current.urn)
            current = self.by_urn.get(current.parent)

    def of_provider(self, resource: Resource, key: str) -> Any:
        """Return a property of the provider that a resource uses, None where nothing tells it."""
        urn = resource.provider.rpartition("::")[0]
        provider = self.by_urn.get(urn)
        if provider is not None:
            return provider.properties.get(key)
        kind, _, name = urn.rpartition("::")
        return self.config.get(f"{kind.rpartition(':')[2]}:{key}") if DEFAULT_PROVIDER.match(name) else None


def want(values: Any, *path: str | int) -> Any:
    """Return the value at a path below `values`, or None where nothing is set there.

    Raises `UndecidedError`, with the path, when a value on the way is unknown, secret, or has no such inside.
    """
    current = values
    for index, step in enumerate(path):
        place = path[:index]
        if isinstance(step, int):
            if not isinstance(current, list):
                raise UndecidedError(f"{dotted(place) or 'it'} is no list")
            current = current[step] if step < len(current) else None
        elif isinstance(current, Mapping):
            current = current.get(step)
        else:
            raise UndecidedError(f"{dotted(place) or 'it'} is no object")
        _refuse_unknown(current, path[: index + 1])
        if current is None:
            return None
    return current


def _refuse_unknown(value: Any, path: FieldPath) -> None:
    if value in (UNKNOWN, HIDDEN_SECRET) or (isinstance(value, Mapping) and SECRET_KEY in value):
        raise UndecidedError(f"{dotted(path)} is not known")


def whole(value: Any, name: str) -> int | None:
    """Return a number of things, None where nothing is set; raises `UndecidedError` for what is no whole number.

    The engine's numbers are floats, and bridged providers write some as text.
    """
    if value is None:
        return None
    if isinstance(value, str) and len(value) < 20 and value.isdecimal():
        value = int(value)
    if isinstance(value, float) and math.isfinite(value) and value == int(value):
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= 10**12:
        raise UndecidedError(f"{name} is no whole number")
    return value


def read_state(path: Path) -> Graph:
    """Read the output of `pulumi stack export`; raises `InputError` when the file holds no state."""
    data = _read(path)
    deployment = data.get("deployment")
    if not isinstance(deployment, Mapping):
        hint = "This is a preview: use --preview." if "steps" in data else "`pulumi stack export --file …` writes one."
        raise _no_graph(path, "no state: it has no deployment", hint)
    return Graph(tuple(_resource(path, entry, actual=True) for entry in _list(path, deployment, "resources")))


def read_preview(path: Path) -> Graph:
    """Read what `pulumi preview --json --show-sames` printed; raises `InputError` when that is no whole preview.

    The graph is that of the stack after the update. A preview that failed, leaves out what stays as it is, or has no
    resource at all is refused: it would seem to cost less, or nothing.
    """
    data = _read(path)
    if "steps" not in data:
        hint = "This is a state: use --state." if "deployment" in data else f"{HOW_TO_PREVIEW} writes one."
        raise _no_graph(path, "no preview: it has no steps", hint)
    _refuse_part(path, data)
    found: dict[str, Resource] = {}
    for step in _list(path, data, "steps"):
        operation, state = step.get("op"), step.get("newState")
        if operation in GONE:
            continue
        if not isinstance(state, Mapping):
            raise _no_graph(path, f"incomplete: a step ({printable(str(operation))}) has no newState")
        resource = _resource(path, state, actual=False)
        found[resource.urn] = resource  # a replacement has several steps for one resource
    if not found:
        raise _no_graph(path, "a preview without resources, which is how one looks that failed")
    return Graph(tuple(found.values()), _mapping(data, "config"))


def _refuse_part(path: Path, data: Mapping[str, Any]) -> None:
    """Raise `InputError` for a preview that shows only a part of the stack."""
    try:
        errors, left_out = error_messages(data.get("diagnostics") or ()), unchanged_left_out(data)
    except (AttributeError, TypeError, ValueError):
        raise _no_graph(path, "damaged: its diagnostics or changeSummary are not what the engine writes") from None
    if errors:
        raise _no_graph(path, f"a preview that failed: {printable(errors[0])}", "Correct that, and preview again.")
    if left_out:
        what = f"only a part of a preview: {left_out} resources are not in it, which stay and cost what they cost"
        raise _no_graph(path, what, f"{HOW_TO_PREVIEW} writes all of them.")


def _read(path: Path) -> Mapping[str, Any]:
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise _no_graph(path, f"not readable: {error.strerror}") from None
    except RecursionError:
        raise _no_graph(path, "not a graph: it is nested too deeply") from None
    except ValueError as error:
        if _is_stream(path):
            hint = f"Leave PULUMI_ENABLE_STREAMING_JSON_PREVIEW out: {HOW_TO_PREVIEW} writes what is read here."
            raise _no_graph(path, "a stream of events, which leaves out what depends on what", hint) from None
        raise _no_graph(path, f"no JSON, or cut off: {error}") from None
    if not isinstance(data, Mapping):
        raise _no_graph(path, "no state and no preview")
    return data


def _is_stream(path: Path) -> bool:
    """Return whether the first line is an event by itself, as the engine prints them for `bedplate report`."""
    with path.open(encoding="utf-8", errors="replace") as file:
        try:
            event = json.loads(file.readline())
        except (ValueError, RecursionError):
            return False
    return isinstance(event, Mapping) and "sequence" in event


def _list(path: Path, holder: Mapping[str, Any], key: str) -> list[Mapping[str, Any]]:
    values = holder.get(key)
    if values is None:
        return []
    if isinstance(values, list) and all(isinstance(value, Mapping) for value in values):
        return values
    raise _no_graph(path, f"damaged: {key} is no list of objects")


def _resource(path: Path, entry: Mapping[str, Any], *, actual: bool) -> Resource:
    urn, kind = entry.get("urn"), entry.get("type")
    if not isinstance(urn, str) or not isinstance(kind, str) or not urn:
        raise _no_graph(path, "damaged: a resource has no urn or no type")
    return Resource(
        urn=urn,
        type=kind,
        custom=entry.get("custom") is not False,
        id=_text(entry, "id"),
        parent=_text(entry, "parent"),
        provider=_text(entry, "provider"),
        inputs=_mapping(entry, "inputs"),
        outputs=_mapping(entry, "outputs"),
        dependencies={
            key: tuple(urn for urn in urns if isinstance(urn, str))
            for key, urns in _mapping(entry, "propertyDependencies").items()
            if isinstance(urns, list)
        },
        actual=actual,
        deleting=entry.get("delete") is True,
        external=entry.get("external") is True,
    )


def _text(entry: Mapping[str, Any], key: str) -> str:
    value = entry.get(key)
    return value if isinstance(value, str) else ""


def _mapping(entry: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    value = entry.get(key)
    return value if isinstance(value, Mapping) else {}


def _no_graph(path: Path, message: str, hint: str = "") -> InputError:
    return InputError([Problem(f"the file is {message}", file=str(path), hint=hint)])
