"""The copy of a project on which a simulation's engine works, file by file."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING

from bedplate.files import as_seen, refusals_told
from bedplate.simulation.world_file import write_atomically

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

_NOT_COPIED = frozenset(
    {".git", ".venv", "venv", "node_modules", "__pycache__", ".mypy_cache", ".ruff_cache", ".pytest_cache"}
    | {".hypothesis", ".tox", ".pulumi", ".idea", ".vscode"}
)
_COPIED = "copied.json"


def copy_files(origin: Path, target: Path, home: Path, *, rewritten: Callable[[Path], bool]) -> list[Path]:
    """Make the copy like the original; files that commands wrote beside the copied ones stay.

    Files that are `rewritten` for the copy (asked by their path within the project) are not touched here: the
    original, which may point at something real, never stands in the copy. Returns their paths within the project.
    Raises `UsageError` for a file that cannot be read.
    """
    record = home / _COPIED
    before = set(json.loads(record.read_text())) if record.exists() else set()
    copied, left = set(), []
    for source in _files(origin, home):
        relative = source.relative_to(origin)
        if rewritten(relative):
            left.append(relative)
        elif not _copied(source, target / relative):
            continue
        copied.add(str(relative))
    for gone in before - copied:
        (target / gone).unlink(missing_ok=True)
    write_atomically(record, json.dumps(sorted(copied)))
    return left


def _copied(source: Path, file: Path) -> bool:
    """Copy a file where its copy differs; False when it is gone since it was listed: an editor's, a test's own."""
    draft = file.with_name(f".{file.name}.copy")
    with refusals_told(as_seen(source), "copied"):
        try:
            if not _is_copy(file, source):
                file.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(source, draft)
                draft.replace(file)
        except FileNotFoundError:
            return False
    return True


def _is_copy(file: Path, source: Path) -> bool:
    if not file.is_file():
        return False
    ours, theirs = file.stat(), source.stat()
    return (ours.st_size, ours.st_mtime_ns) == (theirs.st_size, theirs.st_mtime_ns)


def _files(folder: Path, home: Path) -> Iterator[Path]:
    with refusals_told(as_seen(folder), "read"):
        items = sorted(folder.iterdir())
    for item in items:
        if item.name in _NOT_COPIED or item.resolve() == home.resolve():
            continue
        if item.is_dir():
            if not (item / "pyvenv.cfg").exists():
                yield from _files(item, home)
        elif item.is_file():
            yield item
