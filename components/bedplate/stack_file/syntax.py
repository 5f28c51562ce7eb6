"""YAML syntax errors in words that help, at the place where the mistake is."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import yaml

from bedplate.stack_file.source import Place

if TYPE_CHECKING:
    from bedplate.errors import Problem
    from bedplate.stack_file.source import Source

_TAB_IN_INDENTATION = re.compile(r" *\t")

# From a part of what libyaml and PyYAML say to what it means in a stack file, and what to do.
_EXPLANATIONS = {
    "mapping values are not allowed": (
        "no key can stand here",
        "Compare the indentation with the line above; a text that holds `: ` needs quotes.",
    ),
    "could not find expected ':'": ("a key without its colon", "Write `key: value`."),
    "did not find expected key": (
        "not indented as a key of the mapping above",
        "Keys of one mapping start in the same column.",
    ),
    "expected <block end>": (
        "not indented as a key of the mapping above",
        "Keys of one mapping start in the same column.",
    ),
    "did not find expected '-' indicator": (
        "a list ends here without its end",
        "Items of a list start with `- ` in the same column.",
    ),
    "did not find expected ',' or ']'": ("the list [ … ] is not closed", "Close it with `]`."),
    "expected ',' or ']'": ("the list [ … ] is not closed", "Close it with `]`."),
    "did not find expected ',' or '}'": ("the mapping { … } is not closed", "Close it with `}`."),
    "expected ',' or '}'": ("the mapping { … } is not closed", "Close it with `}`."),
    "found unexpected end of stream": ("the quotation is not closed", "Close it with the same quotation mark."),
    "cannot start any token": ("a value cannot start with this character", "Put the value in quotes."),
    "unknown escape character": (
        "no such escape sequence in double quotes",
        "Use single quotes for a text with backslashes.",
    ),
}


def syntax_problem(source: Source, error: yaml.YAMLError) -> Problem:
    """Return a parser's error as a problem: a tab used as indentation first, since it explains most others."""
    if not isinstance(error, yaml.MarkedYAMLError):
        return source.problem(f"not valid YAML: {error}", Place(1, 1))
    mark = error.problem_mark or error.context_mark
    place = source.place(mark.index) if mark else Place(1, 1)
    tab = _tab_before(source, place)
    if tab:
        return source.problem(
            "a tab is used as indentation, which YAML forbids", tab, hint="Indent with spaces; set your editor to it."
        )
    message, hint = _explained(error.problem or "")
    if "not closed" in message and error.context_mark:
        place = source.place(error.context_mark.index)
    return source.problem(f"not valid YAML: {message}", place, hint=hint)


def _explained(said: str) -> tuple[str, str]:
    for part, explanation in _EXPLANATIONS.items():
        if part in said:
            return explanation
    return said or "cannot be read", ""


def _tab_before(source: Source, place: Place) -> Place | None:
    """Return the last tab in an indentation, at most one line above the place at which the parser gave up."""
    for number in range(place.line, max(0, place.line - 2), -1):
        match = _TAB_IN_INDENTATION.match(source.line(number))
        if match:
            return Place(number, match.end())
    return None
