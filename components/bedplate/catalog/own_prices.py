"""Prices that a project brings itself: what its contract says, and what the catalog does not know.

The files have the names and columns of the catalog's (`prices-aws.csv`, `services-gcp.csv`), and pass the same guards.
Only `source` is free text: who said so, and where. They win over the catalog's prices for the same thing in the same
place. They belong to the platform team as the caps do, and lie beside them: a change cannot bring prices of its own.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from bedplate.catalog.tables import CLOUDS, CellError, read, refuse
from bedplate.errors import Problem, nearest

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bedplate.catalog.tables import Row

OWN_PRICES_FOLDER = Path("policies") / "prices"
"""Where a project keeps them, below its Pulumi.yaml."""

FILES = tuple(f"{kind}-{cloud}.csv" for kind in ("prices", "services") for cloud in CLOUDS)
"""What may lie there; of tables alone, so that a note beside them does no harm."""

_folder: Path | None = None


def use_own_prices(folder: Path) -> None:
    """Let every price that is asked for from now on come from a folder first, if it exists.

    It is read when a price is first needed; what is wrong in it is an `InputError` then.
    """
    global _folder
    _folder = folder if folder.is_dir() else None


def own_prices_folder() -> Path | None:
    """Return the folder in use, or None."""
    return _folder


def own_rows(name: str, columns: Sequence[str], folder: Path | None) -> list[Row]:
    """Return the rows of one of the project's own files; none where it has no such file.

    Raises `InputError` for a day that is still to come, and for a file in the folder that nobody would read.
    """
    if folder is None:
        return []
    refuse(strange_files(folder))
    if not (folder / name).exists():
        return []
    rows = read(name, columns, folder, own=True)
    refuse(days_to_come(rows, latest_today()))
    return rows


def strange_files(folder: Path) -> list[Problem]:
    """Return the tables of a folder whose name is none of those that are read: prices that would count nowhere."""
    found = sorted(path for path in folder.iterdir() if path.suffix.casefold() == ".csv" and path.name not in FILES)
    return [
        Problem(
            "no prices are read from a file of this name",
            file=str(path),
            allowed=FILES,
            nearest=nearest(path.name, FILES),
        )
        for path in found
    ]


def days_to_come(rows: Sequence[Row], today: date) -> list[Problem]:
    """Return the rows whose price nobody can have seen yet: it would stay fresh for longer than prices may."""
    return [
        row.problem(f"{day} is still to come; it is the day on which the source said so", "as_of")
        for row in rows
        if (day := _day(row)) is not None and day > today
    ]


def latest_today() -> date:
    """Return today's date where it is latest: at UTC+14 (the time zone Pacific/Kiritimati)."""
    return (datetime.now(UTC) + timedelta(hours=14)).date()


def _day(row: Row) -> date | None:
    try:
        return row.day("as_of")
    except CellError:  # whoever makes something of the row tells it
        return None
