"""Telling a lack of capacity from a lack of quota from a lack of permission, by the error codes a cloud returns.

The three call for opposite reactions: another zone or a later hour, a quota request, a change of permissions.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Literal, cast, get_args

from bedplate.catalog.tables import CellError, build, known_cloud, read

if TYPE_CHECKING:
    from bedplate.catalog.tables import Row

COLUMNS = ("kind", "code", "with", "meaning", "source", "as_of")

FailureKind = Literal["capacity", "quota", "permission"]


@dataclass(frozen=True, slots=True)
class ErrorCode:
    """An error code, as a whole word of a message; `also` is a text the message must contain besides."""

    kind: FailureKind
    code: str
    also: str
    meaning: str
    pattern: re.Pattern[str]

    def matches(self, text: str) -> bool:
        """Return whether an error message carries this code."""
        return bool(self.pattern.search(text)) and self.also.casefold() in text.casefold()


def classify_error(cloud: str, text: str) -> FailureKind | None:
    """Return what an error message of a cloud is about, or `None` when no known code stands in it.

    Codes are compared as whole words and without regard to case, in the order of the data file, so the more
    exact rows come first. Raises `UsageError` for an unknown cloud.
    """
    return next((code.kind for code in _codes(known_cloud(cloud)) if code.matches(text)), None)


@cache
def _codes(cloud: str) -> tuple[ErrorCode, ...]:
    return tuple(build(read(f"errors-{cloud}.csv", COLUMNS), parse))


def parse(row: Row) -> ErrorCode:
    """Return one error code; raises `CellError` for a cell that cannot be read."""
    kind = row.required("kind")
    if kind not in get_args(FailureKind):
        raise CellError("kind", f"{kind!r} is not one of {', '.join(get_args(FailureKind))}")
    row.source()
    row.required_day("as_of")
    code = row.required("code")
    return ErrorCode(
        kind=cast("FailureKind", kind),
        code=code,
        also=row.text("with"),
        meaning=row.text("meaning"),
        pattern=re.compile(rf"(?<![A-Za-z0-9_]){re.escape(code)}(?![A-Za-z0-9_])", re.IGNORECASE),
    )
