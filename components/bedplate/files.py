"""Files and folders that users name: written whole or not at all, and what the system refuses put into words."""

from __future__ import annotations

import stat
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from bedplate.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator

_READABLE = 0o644
"""The mode of a new file; a temporary file, which it is at first, is its owner's alone."""


@contextmanager
def refusals_told(path: Path, done: str) -> Iterator[None]:
    """Turn an `OSError` into `UsageError`: PATH cannot be DONE (written, read, …), and the system's reason."""
    try:
        yield
    except OSError as error:
        raise UsageError(f"{path} cannot be {done}: {error.strerror or error}") from None


def working_folder() -> Path:
    """Return the folder that the command runs in; raises `UsageError` when somebody has deleted it."""
    try:
        return Path.cwd()
    except FileNotFoundError:
        raise UsageError("the folder that this runs in does not exist any more", hint="cd into one that does") from None


def as_seen(path: Path) -> Path:
    """Return a path as a user of this process writes it: relative where it lies below the working folder."""
    folder = working_folder()
    return path.relative_to(folder) if path.is_relative_to(folder) else path


def write_whole(path: Path, text: str) -> None:
    """Write a file whole or not at all; raises `UsageError` when that is impossible.

    A file behind a link is replaced, not the link. What is no regular file (a device, a pipe) is written to.
    """
    with refusals_told(path, "written"):
        if path.exists() and not path.is_file():
            path.write_text(text, encoding="utf-8")
            return
        _replace(path.resolve(), text)


def _replace(path: Path, text: str) -> None:
    mode = stat.S_IMODE(path.stat().st_mode) if path.exists() else _READABLE
    with tempfile.NamedTemporaryFile(
        "w", encoding="utf-8", dir=path.parent, prefix=f".{path.name}.", delete=False
    ) as stream:
        draft = Path(stream.name)
        try:
            stream.write(text)
            stream.flush()
            draft.chmod(mode)
            draft.replace(path)
        finally:
            draft.unlink(missing_ok=True)
