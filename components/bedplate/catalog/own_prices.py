"""Prices that a project brings itself: what its contract says, and what the catalog does not know.

The files have the names and columns of the catalog's (`prices-aws.csv`, `services-gcp.csv`), and pass the same guards.
Only `source` is free text: who said so, and where. They win over the catalog's prices for the same thing in the same
place. They belong to the platform team as the caps do, and lie beside them: a change cannot bring prices of its own.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from bedplate.catalog.tables import read

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bedplate.catalog.tables import Row

OWN_PRICES_FOLDER = Path("policies") / "prices"
"""Where a project keeps them, below its Pulumi.yaml."""

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
    """Return the rows of one of the project's own files; none where it has no such file."""
    if folder is None or not (folder / name).exists():
        return []
    return read(name, columns, folder, own=True)
