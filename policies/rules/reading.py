"""Reads resource properties of which some may be unknown until the update.

Properties are plain dicts and lists in which `UNKNOWN` stands for what is not known (`rules.boundary.plain`). `read`
answers in three ways instead of raising; `want` and `need` stop a rule that cannot decide.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from bedplate.errors import FieldPath, dotted
from bedplate.sdk_types.values import is_unknown


@dataclass(frozen=True, slots=True)
class Known:
    """A value without anything unknown inside: dicts, lists, text, booleans, and numbers (always floats)."""

    value: Any


@dataclass(frozen=True, slots=True)
class Unknown:
    """Not known before the update. `path` is the unknown value: the one asked for, one above it or one inside it."""

    path: FieldPath


@dataclass(frozen=True, slots=True)
class Missing:
    """Known not to be there. `path` is what was asked for."""

    path: FieldPath


Reading = Known | Unknown | Missing


class UndecidedError(Exception):
    """A rule cannot decide without a value that is unknown or missing; running the rule makes it a violation.

    `fix` is what to do about it; empty for the fix of the rule.
    """

    def __init__(self, message: str, fix: str = "") -> None:
        super().__init__(message)
        self.fix = fix


def read(properties: object, *path: str | int) -> Reading:
    """Return what stands at a path of plain properties. A null counts as missing, as it does for every provider."""
    value = properties
    for depth, part in enumerate(path):
        if is_unknown(value):
            return Unknown(path[:depth])
        if isinstance(part, str) and isinstance(value, dict):
            value = value.get(part)
        elif isinstance(part, int) and isinstance(value, list):
            value = value[part] if part < len(value) else None
        else:
            return Missing(path)
    if value is None:
        return Missing(path)
    inside = _first_unknown(value, path)
    return Known(value) if inside is None else Unknown(inside)


def _first_unknown(value: object, path: FieldPath) -> FieldPath | None:
    """Return the path of the first unknown value in a tree, or None."""
    if isinstance(value, dict):
        for key, item in value.items():
            if (found := _first_unknown(item, (*path, key))) is not None:
                return found
        return None
    if isinstance(value, list):
        for index, item in enumerate(value):
            if (found := _first_unknown(item, (*path, index))) is not None:
                return found
        return None
    return path if is_unknown(value) else None


def need(properties: object, *path: str | int) -> Any:
    """Return the value at a path that a rule cannot do without; raises `UndecidedError` when it has none."""
    value = want(properties, *path)
    if value is None:
        raise UndecidedError(f"{dotted(path)} is not set")
    return value


def want(properties: object, *path: str | int) -> Any:
    """Return the value at a path, or None where nothing is set; raises `UndecidedError` when it is unknown."""
    found = read(properties, *path)
    if isinstance(found, Unknown):
        raise undecided(found.path)
    return found.value if isinstance(found, Known) else None


def items(properties: Any, *path: str) -> list[Any]:
    """Return the list at a path, empty where nothing is set; raises `UndecidedError` when it or an item is unknown.

    What is inside of the items may be unknown: `want` reads it from each.
    """
    for depth, part in enumerate(path):
        properties = (properties or {}).get(part)
        if is_unknown(properties):
            raise undecided(path[: depth + 1])
    for index, item in enumerate(properties or ()):
        if is_unknown(item):
            raise undecided((*path, index))
    return properties or []


def undecided(path: FieldPath) -> UndecidedError:
    """Return the error for a value that is not known before the update."""
    return UndecidedError(
        f"{dotted(path)} is not known before the update",
        fix="set it to a value that the program or the stack file states, not to another resource's output",
    )
