"""The project that a stack file belongs to, and what its platform team keeps there."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


def project_root(file: Path) -> Path:
    """Return the folder of the Pulumi project that a stack file belongs to: the nearest one with a Pulumi.yaml."""
    start = file.resolve().parent
    for folder in (start, *start.parents):
        if (folder / "Pulumi.yaml").is_file():
            return folder
    return start


def use_prices_of_project(file: Path) -> None:
    """Let prices come from the project of a stack file first, as they do when Pulumi runs it."""
    from bedplate import catalog

    catalog.use_own_prices(project_root(file) / catalog.OWN_PRICES_FOLDER)


def use_prices_beside(caps: Path) -> None:
    """Let prices come first from beside a file of caps: who takes caps from the base branch takes prices from there."""
    from bedplate import catalog

    catalog.use_own_prices(caps.resolve().parent / catalog.OWN_PRICES_FOLDER.name)
