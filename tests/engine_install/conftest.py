"""A machine with nothing on it: an empty PATH and an empty cache, to which tests add programs."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class Machine:
    """What the code under test sees: the folder on PATH, and the cache."""

    programs: Path
    cache: Path

    def add(self, name: str, script: str = "", directory: Path | None = None) -> Path:
        """Put a Python script on PATH, or into another folder, as a program."""
        return add_program((directory or self.programs) / name, script)

    def add_pulumi(self, version: str, directory: Path | None = None) -> Path:
        """Add a `pulumi` that answers `pulumi version`."""
        return self.add("pulumi", f"print({version!r})", directory)

    def engines(self) -> list[str]:
        """Return the names of everything in the cache of engines."""
        directory = self.cache / "engine"
        return sorted(path.name for path in directory.iterdir()) if directory.exists() else []


def add_program(path: Path, script: str) -> Path:
    """Write an executable Python script."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!{sys.executable} -IS\n{script}\n", encoding="utf-8")
    path.chmod(0o755)
    return path


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Machine:
    """Return an empty machine that the process under test believes to run on."""
    empty = Machine(tmp_path / "bin", tmp_path / "cache")
    empty.programs.mkdir()
    monkeypatch.setenv("PATH", str(empty.programs))
    monkeypatch.setenv("BEDPLATE_CACHE", str(empty.cache))
    return empty
