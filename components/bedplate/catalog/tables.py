"""Reading `catalog/data/*.csv`: rows that know their line, typed cells, and problems that name both.

A cell that cannot be read does not stop the reading: all problems of a file are raised together as one
`InputError`, because whoever adds rows to the catalog wants to see every mistake at once.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from bedplate.errors import InputError, Problem, UsageError, listing, nearest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from bedplate.errors import FieldPath

DATA = Path(__file__).with_name("data")
CLOUDS = ("aws", "azure", "gcp")
OTHER_NAMES = {
    "amazon": "aws",
    "eks": "aws",
    "google": "gcp",
    "google-cloud": "gcp",
    "gke": "gcp",
    "microsoft": "azure",
    "aks": "azure",
}
"""What people call a cloud besides its name here: its owner, its Kubernetes service."""

T = TypeVar("T")


class CellError(ValueError):
    """A cell that cannot be read; `column` is where it stands."""

    def __init__(self, column: str, message: str) -> None:
        super().__init__(message)
        self.column = column


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a data file: `cells` by column name, all text, surrounding blanks removed.

    `own` marks a line of the project's own files, whose sources are free text.
    """

    file: str
    line: int
    cells: dict[str, str]
    own: bool = False

    def text(self, column: str) -> str:
        """Return the cell as it stands; empty where nothing is known."""
        return self.cells[column]

    def required(self, column: str) -> str:
        """Return the cell, which must not be empty."""
        if value := self.cells[column]:
            return value
        raise CellError(column, "must not be empty")

    def integer(self, column: str) -> int | None:
        """Return a whole number, or `None` for an empty cell."""
        return self._parsed(column, int, "a whole number")

    def number(self, column: str) -> float | None:
        """Return a number, or `None` for an empty cell."""
        return self._parsed(column, float, "a number")

    def decimal(self, column: str) -> Decimal | None:
        """Return an exact decimal (money), or `None` for an empty cell."""
        return self._parsed(column, Decimal, "a decimal number")

    def day(self, column: str) -> date | None:
        """Return an ISO date, or `None` for an empty cell."""
        return self._parsed(column, date.fromisoformat, "a date like 2026-07-20")

    def required_day(self, column: str) -> date:
        """Return an ISO date, which must be given."""
        self.required(column)
        day = self.day(column)
        assert day is not None  # noqa: S101 - a cell that is not empty parses or raises
        return day

    def source(self) -> str:
        """Return the references behind the row's `source` keys (`a+b`), which must all be in sources.csv."""
        if self.own:
            return self.required("source")
        keys = self.required("source").split("+")
        known = references()
        for key in keys:
            if key not in known:
                raise CellError("source", f"{key!r} is not in sources.csv")
        return "; ".join(known[key] for key in keys)

    def _parsed(self, column: str, parse: Callable[[str], T], meant: str) -> T | None:
        value = self.cells[column]
        if not value:
            return None
        try:
            return parse(value)
        except (ValueError, InvalidOperation):
            raise CellError(column, f"{value!r} is not {meant}") from None

    def problem(self, message: str, column: str = "") -> Problem:
        """Return a problem that stands at this row."""
        field: FieldPath = (column,) if column else ()
        return Problem(message, field=field, file=self.file, line=self.line)


def read(name: str, columns: Sequence[str], folder: Path | None = None, *, own: bool = False) -> list[Row]:
    """Return the rows of a data file whose header must be exactly `columns`.

    Raises `InputError` for another header, a row of another length, or what is no UTF-8.
    """
    path = (folder or DATA) / name
    shown = "/".join(path.parts[-3:])
    with path.open(encoding="utf-8-sig", newline="") as file:  # Excel's "CSV UTF-8" begins with a byte order mark
        reader = csv.reader(_text(file, shown))
        header = next(reader, [])
        if header != list(columns):
            found = ",".join(header) or "none"
            raise InputError([Problem(f"the columns must be {','.join(columns)}, not {found}", file=shown, line=1)])
        rows, problems = [], []
        for cells in reader:
            if len(cells) != len(header):
                message = f"{len(cells)} cells where the header has {len(header)} columns"
                problems.append(Problem(message, file=shown, line=reader.line_num))
                continue
            rows.append(Row(shown, reader.line_num, dict(zip(header, map(str.strip, cells), strict=True)), own))
    if problems:
        raise InputError(problems)
    return rows


def _text(lines: Iterable[str], shown: str) -> Iterator[str]:
    """Yield lines; raises `InputError` where they are no UTF-8, as from a spreadsheet in an older encoding."""
    try:
        yield from lines
    except UnicodeDecodeError as error:
        message = f"the file is not UTF-8 (byte 0x{error.object[error.start]:02x}); save it as UTF-8"
        raise InputError([Problem(message, file=shown)]) from None


def build(rows: Sequence[Row], make: Callable[[Row], T]) -> list[T]:
    """Return `make(row)` for every row; raises one `InputError` with every cell that could not be read."""
    built, problems = [], []
    for row in rows:
        try:
            built.append(make(row))
        except CellError as error:
            problems.append(row.problem(str(error), error.column))
    if problems:
        raise InputError(problems)
    return built


def refuse(problems: Sequence[Problem]) -> None:
    """Raise `InputError` when there are problems."""
    if problems:
        raise InputError(problems)


def known_cloud(cloud: str) -> str:
    """Return `cloud` when the catalog has data for it; raises `UsageError` with the nearest name otherwise."""
    if cloud in CLOUDS:
        return cloud
    meant = OTHER_NAMES.get(cloud.casefold()) or nearest(cloud, CLOUDS)
    hint = f"did you mean {meant!r}?" if meant else f"the catalog has {listing(CLOUDS)}"
    raise UsageError(f"the catalog has no cloud {cloud!r}", hint=hint)


@cache
def references() -> dict[str, str]:
    """Return every source key and what it refers to."""
    return {row.required("key"): row.required("reference") for row in read("sources.csv", ("key", "reference"))}
