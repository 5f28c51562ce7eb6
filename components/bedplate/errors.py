"""Errors that a user sees, and the exit code each one means.

Exit code 2 is bad input (the user can fix it in a file or on the command line), 1 is a failure (something that was
asked for could not be done), 130 an interrupt (128 and the signal's number, as shells have it). Commands let these
errors travel to `cli.main`, which prints them without a traceback; any other exception is a defect of Bedplate and
keeps its traceback.
"""

from __future__ import annotations

from dataclasses import dataclass
from difflib import SequenceMatcher, get_close_matches
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

EXCERPT_WIDTH = 100
"""Characters of a source line that a message shows."""

MOST_LIKE = 8
"""Words that may be as like what was written as the best one."""

FieldPath = tuple[str | int, ...]
"""Where a value stands inside `bedplate:stack`, for example `("node_pools", "h100", "offers", 0, "machine")`."""


class BedplateError(Exception):
    """Something that was asked for could not be done; exit code 1."""

    exit_code = 1

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class UsageError(BedplateError):
    """Bad input that has no place in a file: an option, an argument, a missing file; exit code 2."""

    exit_code = 2


class StoppedError(BedplateError):
    """Somebody stopped what ran; exit code 128 and the number of the signal."""

    def __init__(self, message: str, *, signal: int) -> None:
        super().__init__(message)
        self.exit_code = 128 + signal


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong with what a user wrote.

    `line` and `column` count from 1; 0 means that the place is not known (the value came without a file).
    `allowed` lists what may stand there; `nearest` is the one of those that was probably meant. `source` is the
    line of the file, shown with a caret below the column; it stays empty where showing it would show a secret.
    `about_key` says that the field's key is wrong (unknown, misnamed), not its value; `decides`, that whatever else
    is wrong with the field follows from this (its value cannot be read, or must not be shown).
    """

    message: str
    field: FieldPath = ()
    file: str = ""
    line: int = 0
    column: int = 0
    allowed: tuple[str, ...] = ()
    nearest: str = ""
    hint: str = ""
    source: str = ""
    about_key: bool = False
    decides: bool = False

    def place(self) -> str:
        """Return `file:line:column`, as far as it is known."""
        return printable(":".join([self.file, *(str(n) for n in (self.line, self.column) if n)])) if self.file else ""

    def as_json(self) -> dict[str, object]:
        """Return the problem for machines; what is not known is null or empty."""
        return {
            "file": self.file,
            "line": self.line or None,
            "column": self.column or None,
            "field": list(self.field),
            "message": self.message,
            "allowed": list(self.allowed),
            "nearest": self.nearest,
            "hint": self.hint,
        }

    def render(self) -> str:
        """Return the problem as `file:line:column: field: message`, then the line, what is allowed and the hint."""
        head = ": ".join(part for part in (self.place(), dotted(self.field), self.message) if part)
        if self.nearest:
            head += f"; did you mean {self.nearest!r}?"
        lines = [head, *self._excerpt()]
        if self.allowed:
            lines.append(f"    allowed: {listing(self.allowed, near=self.nearest)}")
        if self.hint:
            lines.append(f"    {self.hint}")
        return "\n".join(printable(line) for line in lines)

    def _excerpt(self) -> list[str]:
        """Return the line with a caret below the column; of a long line, the part around it."""
        if not self.source or not self.line:
            return []
        start = max(0, self.column - EXCERPT_WIDTH // 2) if len(self.source) > EXCERPT_WIDTH else 0
        text = self.source[start : start + EXCERPT_WIDTH].replace("\t", " ").rstrip()
        number = f"{self.line:>5}"
        return [f"{number} | {text}", f"{' ' * len(number)} | {' ' * (self.column - 1 - start)}^"]


class InputError(BedplateError):
    """Everything that is wrong with one input, found in one reading; exit code 2."""

    exit_code = 2

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__("\n".join(problem.render() for problem in problems))
        self.problems = tuple(problems)


def printable(text: str) -> str:
    """Return text without what a terminal would obey (escape sequences) or hide (bidirectional controls)."""
    return "".join(character if character.isprintable() else "\N{REPLACEMENT CHARACTER}" for character in text)


def dotted(path: FieldPath) -> str:
    """Return a field path as users write it: `node_pools.h100.offers[0].machine`."""
    text = ""
    for part in path:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else part
    return text


def nearest(value: object, allowed: Iterable[str]) -> str:
    """Return the allowed word that `value` is most probably a misspelling of, or an empty string.

    Case does not count. Of words that share as many characters, the one that fewer slips of a finger lead to is meant.
    """
    written = str(value).casefold()
    spelled = {word.casefold(): word for word in reversed(list(allowed))}
    matches = get_close_matches(written, spelled, n=MOST_LIKE, cutoff=0.6)
    if not matches:
        return ""
    return spelled[min(matches, key=lambda word: (-SequenceMatcher(None, word, written).ratio(), slips(written, word)))]


def slips(written: str, meant: str) -> int:
    """Return how many letters too many, too few, wrong or swapped with the next lie between two words.

    >>> slips("us-esat-1", "us-east-1"), slips("us-esat-1", "us-west-1")
    (1, 2)
    """
    before: list[int] = []
    row = list(range(len(meant) + 1))
    for i, letter in enumerate(written, start=1):
        above, row = row, [i]
        for j, other in enumerate(meant, start=1):
            cost = min(row[-1] + 1, above[j] + 1, above[j - 1] + (letter != other))
            if i > 1 and j > 1 and (letter, written[i - 2]) == (meant[j - 2], other):
                cost = min(cost, before[j - 2] + 1)
            row.append(cost)
        before = above
    return row[-1]


def listing(words: Sequence[str], limit: int = 12, *, near: str = "") -> str:
    """Return words as a comma-separated list that stays readable when there are many.

    Where some are left out, those most like the word `near` come first.
    """
    if len(words) <= limit:
        return ", ".join(words)
    first = get_close_matches(near, words, n=limit, cutoff=0) if near else words[:limit]
    return f"{', '.join(first)} and {len(words) - limit} more"
