"""The stack files that this repository ships: its own stacks, and one folder per example."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True, slots=True)
class Example:
    """One stack file. `folder` is what `bedplate sim --stacks` takes; None for the project's own stacks."""

    file: Path
    folder: Path | None

    @property
    def stack(self) -> str:
        """The name of the Pulumi stack."""
        return self.file.name.removeprefix("Pulumi.").removesuffix(".yaml")

    def __str__(self) -> str:
        return self.folder.name if self.folder else self.stack


def own_stacks() -> list[Example]:
    """Return the project's own stacks."""
    return [Example(file, None) for file in sorted((ROOT / "stacks").glob("Pulumi.*.yaml"))]


def examples() -> list[Example]:
    """Return the stacks below examples/, sorted by folder."""
    return [Example(file, file.parent) for file in sorted((ROOT / "examples").glob("*/Pulumi.*.yaml"))]
