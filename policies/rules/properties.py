"""Rules that are rows: a type, the path of a property, and what stands there when all is well."""

from __future__ import annotations

from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cache
from typing import TYPE_CHECKING, Any

from bedplate.errors import FieldPath, dotted
from rules.model import Resource, Rule, Surroundings
from rules.reading import Missing, Reading, Unknown, read, undecided, want

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

EACH = "*"
"""In a path: every item of a list. A list that is missing has no items; whether it may be is another row's matter."""


@dataclass(frozen=True, slots=True)
class Expectation:
    """What a value must be. `of_known` judges a known value, None for one that is not set."""

    words: str
    of_known: Callable[[Any], bool]
    reference_is_enough: bool = False
    """Whether another resource's output, unknown before the update, is as good as a value: a key, a role."""

    def holds(self, reading: Reading, path: FieldPath) -> bool:
        """Return whether a reading is as expected; raises `UndecidedError` when it is unknown."""
        if isinstance(reading, Unknown):
            if self.reference_is_enough and len(reading.path) >= len(path):
                return True  # the value itself is unknown, or something inside of one that is there
            raise undecided(reading.path)
        return self.of_known(None if isinstance(reading, Missing) else reading.value)


TRUE = Expectation("true", lambda value: value is True or value == "true")
"""Launch templates write booleans as text."""

NOT_TRUE = Expectation("false or not set", lambda value: value in (None, False, "false"))
NOT_FALSE = Expectation("true or not set", lambda value: value in (None, True, "true"))
GIVEN = Expectation("set", bool, reference_is_enough=True)


def one_of(*words: str) -> Expectation:
    """Expect one of some words."""
    return Expectation(" or ".join(words), lambda value: value in words)


def none_of(*words: str) -> Expectation:
    """Expect anything else, or nothing."""
    return Expectation(f"anything but {' or '.join(words)}", lambda value: value not in words)


def at_most(number: int) -> Expectation:
    """Expect a number that is set and no larger."""
    return Expectation(f"at most {number}", lambda value: isinstance(value, (int, float)) and value <= number)


def holding(*words: str) -> Expectation:
    """Expect a list with all of these words."""
    return Expectation(f"a list with {', '.join(words)}", lambda value: set(words) <= set(value or ()))


@dataclass(frozen=True, slots=True)
class Row:
    """What one property of a type must be. Columns: type token (a pattern), path, expectation."""

    type: str
    path: tuple[str, ...]
    expected: Expectation
    unless: tuple[str, ...] = ()
    """Path of a property that, when it is true or set, makes the row beside the point."""


def row(type_token: str, path: str, expected: Expectation, unless: str = "") -> Row:
    """Return a row whose paths are written with dots."""
    return Row(type_token, tuple(path.split(".")), expected, tuple(unless.split(".")) if unless else ())


@dataclass(frozen=True, slots=True)
class Table:
    """The rows of one rule. Calling it gives the rule's check."""

    rows: tuple[Row, ...]

    def applies(self, type_token: str) -> bool:
        """Return whether a row is about a type."""
        return bool(_rows(self.rows, type_token))

    def __call__(self, resource: Resource, _: Surroundings) -> Iterator[str]:
        """Yield each property that is not as expected."""
        for one in _rows(self.rows, resource.type):
            if one.unless and want(resource.properties, *one.unless):
                continue
            for path in _places(resource.properties, one.path, ()):
                found = read(resource.properties, *path)
                if not one.expected.holds(found, path):
                    unset = "is not set; it " if isinstance(found, Missing) else ""
                    yield f"{resource.type} {resource.name}: {dotted(path)} {unset}must be {one.expected.words}"


@cache
def _rows(rows: tuple[Row, ...], type_token: str) -> tuple[Row, ...]:
    return tuple(one for one in rows if fnmatchcase(type_token, one.type))


def _places(properties: Any, rest: tuple[str, ...], done: FieldPath) -> Iterator[FieldPath]:
    """Yield the paths that a path with `EACH` in it stands for."""
    if EACH not in rest:
        yield (*done, *rest)
        return
    position = rest.index(EACH)
    here = (*done, *rest[:position])
    found = read(properties, *here)
    if isinstance(found, Unknown) and len(found.path) <= len(here):
        raise undecided(found.path)
    if isinstance(found, Missing):
        return
    for index in range(_length(properties, here)):
        yield from _places(properties, rest[position + 1 :], (*here, index))


def _length(properties: Any, path: FieldPath) -> int:
    """Return the length of a list whose items may be unknown."""
    for part in path:
        properties = properties[part]
    return len(properties) if isinstance(properties, list) else 0


def table_rule(*rows: Row, **words: Any) -> Rule:
    """Return the rule of some rows."""
    table = Table(rows)
    return Rule(applies=table.applies, check=table, **words)
