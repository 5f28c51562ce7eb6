"""What a change does to a resource: which properties differ, and whether it must be replaced.

The SDK does not say which properties replace a resource; `data/replace_on_change.json` does, with its sources. A
property that is missing there is changed in place.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum
from functools import cache
from itertools import zip_longest
from typing import TYPE_CHECKING, Any

from bedplate.sdk_types import is_unknown
from bedplate.simulation.data_files import load

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bedplate.errors import FieldPath
    from bedplate.simulation.world_file import Properties

_MISSING: Any = object()
_PLAIN_KEY = re.compile(r"[A-Za-z_$][\w$-]*")


class Kind(Enum):
    """How a property differs."""

    ADDED = "added"
    DELETED = "deleted"
    UPDATED = "updated"


@dataclass(frozen=True, slots=True)
class Difference:
    """One property that differs between the inputs that were and the inputs that shall be."""

    path: FieldPath
    kind: Kind
    replaces: bool


@cache
def replacing_properties(token: str) -> tuple[str, ...]:
    """Return the properties of a resource type whose change replaces it, as dotted paths."""
    table = load("replace_on_change.json")
    always = table["always"].get(token.split(":")[0], ())
    return tuple(sorted({*table["resources"].get(token, ()), *always}))


def differences(token: str, olds: Properties, news: Properties) -> list[Difference]:
    """Return what differs between old and new inputs; the engine's and bridge's own marks are not compared."""
    replacing = tuple(tuple(path.split(".")) for path in replacing_properties(token))
    found = []
    for path, kind in _different(olds, news, ()):
        found.append(Difference(path, kind, any(_touches(path, rule, news) for rule in replacing)))
    return found


def _touches(path: FieldPath, rule: tuple[str, ...], news: Properties) -> bool:
    """Whether a change at this path is a change of the ruled property; an unknown object may change all inside."""
    names = tuple(part for part in path if isinstance(part, str))
    if names[: len(rule)] == rule:
        return True
    return rule[: len(names)] == names and is_unknown(_at(news, path))


def _at(value: Any, path: FieldPath) -> Any:
    for part in path:
        try:
            value = value[part]
        except (KeyError, IndexError, TypeError):
            return None
    return value


def engine_path(path: FieldPath) -> str:
    """Return a path as the engine writes it: `spec.ports[0]`, `metadata.labels["a.b/c"]`."""
    text = ""
    for part in path:
        if isinstance(part, int):
            text += f"[{part}]"
        elif _PLAIN_KEY.fullmatch(part):
            text += f".{part}" if text else part
        else:
            text += f'["{part}"]'
    return text


def _different(old: Any, new: Any, path: FieldPath) -> Iterator[tuple[FieldPath, Kind]]:
    if isinstance(old, dict) and isinstance(new, dict):
        for name in sorted({*old, *new}):
            if not name.startswith("__"):
                yield from _different_item(old.get(name, _MISSING), new.get(name, _MISSING), (*path, name))
    elif isinstance(old, list) and isinstance(new, list):
        for index, (before, after) in enumerate(zip_longest(old, new, fillvalue=_MISSING)):
            yield from _different_item(before, after, (*path, index))
    elif old != new or isinstance(old, bool) is not isinstance(new, bool):
        yield path, Kind.UPDATED


def _different_item(old: Any, new: Any, path: FieldPath) -> Iterator[tuple[FieldPath, Kind]]:
    whole = new if old is _MISSING else old if new is _MISSING else None
    if isinstance(whole, dict) and whole:  # an object that comes or goes: what matters is which parts it has
        for name, item in whole.items():
            yield from _different_item(*((_MISSING, item) if old is _MISSING else (item, _MISSING)), (*path, name))
    elif old is _MISSING:
        yield path, Kind.ADDED
    elif new is _MISSING:
        yield path, Kind.DELETED
    else:
        yield from _different(old, new, path)
