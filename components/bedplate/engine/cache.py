"""The folder outside the clone where what was built is kept, and how it is put there whole or not at all."""

from __future__ import annotations

import contextlib
import os
import shutil
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from bedplate.errors import BedplateError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from bedplate.engine.model import Progress

_UNFINISHED = ".unfinished-"
_LOCK_POLL_SECONDS = 0.2


def cache_directory(variables: Mapping[str, str], home: Path) -> Path:
    """Return where Bedplate keeps what it can make again.

    `$BEDPLATE_CACHE`, else `$XDG_CACHE_HOME/bedplate`, else `~/.cache/bedplate`. As the XDG Base Directory
    Specification wants, a relative `XDG_CACHE_HOME` is ignored.
    """
    if own := variables.get("BEDPLATE_CACHE"):
        return Path(own).expanduser().absolute()
    shared = Path(variables.get("XDG_CACHE_HOME") or ".")
    return (shared if shared.is_absolute() else home / ".cache") / "bedplate"


def engines_directory() -> Path:
    """Return the folder that holds one folder per engine."""
    return cache_directory(os.environ, Path.home()) / "engine"


@contextlib.contextmanager
def exclusive(directory: Path, progress: Progress) -> Iterator[None]:
    """Let one process at a time change a folder; the others wait. The kernel lets go when a process dies."""
    try:
        directory.mkdir(parents=True, exist_ok=True)
        with (directory / ".lock").open("w") as handle:
            if not _try_lock(handle.fileno()):
                progress.stage(f"Waiting for another installation in {directory}")
                while not _try_lock(handle.fileno()):
                    time.sleep(_LOCK_POLL_SECONDS)
            _remove_unfinished(directory)
            yield
    except OSError as error:
        raise _cannot_write(directory, error) from error


def _try_lock(descriptor: int) -> bool:
    if sys.platform == "win32":
        return True  # no engine is installed on Windows; installation.py says so before it comes here
    import fcntl

    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _remove_unfinished(directory: Path) -> None:
    """Remove what installations that were killed have left; nobody works on it, because the lock is ours."""
    for leftover in directory.glob(f"{_UNFINISHED}*"):
        shutil.rmtree(leftover, ignore_errors=True)


@contextlib.contextmanager
def workspace(directory: Path) -> Iterator[Path]:
    """Yield an empty folder inside `directory`, which is gone after the block unless it was published."""
    work = Path(tempfile.mkdtemp(prefix=_UNFINISHED, dir=directory))
    try:
        yield work
    finally:
        shutil.rmtree(work, ignore_errors=True)


def publish(work: Path, target: Path) -> None:
    """Make a finished workspace the folder `target` in one step, so that it is never seen half done."""
    work.chmod(0o755)
    if target.exists():  # it failed its check, or it would have been used instead
        shutil.rmtree(target)
    work.rename(target)


def _cannot_write(directory: Path, error: OSError) -> BedplateError:
    return BedplateError(
        f"cannot install anything in {directory}: {error}",
        hint="Set BEDPLATE_CACHE to a folder that can be written and has 500 MB free.",
    )
