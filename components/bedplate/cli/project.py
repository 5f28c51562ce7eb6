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


def permitted_types_beside(caps: Path) -> tuple[str, ...]:
    """Return the types that the platform team lets be without a price: `unpriced_types` of settings.yaml beside caps.

    Nothing where the file is missing or wrong; the policies say so, which read all of it.
    """
    import yaml

    try:
        settings = yaml.safe_load((caps.resolve().parent / "settings.yaml").read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError):
        return ()
    types = settings.get("unpriced_types") if isinstance(settings, dict) else None
    return tuple(str(one) for one in types) if isinstance(types, list) else ()
