"""Fetches a complete copy from the bucket to a folder on the node's drives.

Each missing file comes from where an earlier attempt stopped, and gets its name only when its digest is right. One
process at a time works on a folder.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from .files import Digest, File
from .web import CopyError, persistently

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .bucket import Bucket

READ_BYTES = 4 * 2**20
PARALLEL_FILES = 8
LOOK_AGAIN_SECONDS = 15.0


def fetch(bucket: Bucket, folder: Path, most_bytes: int, wait_seconds: float) -> None:
    """Bring a complete copy from the bucket to a folder; returns when every file is there and right."""
    files = _wait_for_mark(bucket, wait_seconds)
    size = sum(file.size for file in files)
    if size > most_bytes:
        raise CopyError(f"the weights have {size} bytes, and the cache may take {most_bytes}")
    folder.mkdir(parents=True, exist_ok=True)
    with _alone_in(folder):
        missing = [file for file in files if _lacks(folder, file)]
        needed = sum(file.size - _partial(folder, file) for file in missing)
        free = shutil.disk_usage(folder).free
        if needed > free:
            raise CopyError(f"{needed} bytes are missing, and the drive has room for {free}")
        with ThreadPoolExecutor(PARALLEL_FILES) as pool:
            work = [pool.submit(persistently, file.path, partial(_download, bucket, folder, file)) for file in missing]
            for done in work:
                done.result()
    print(f"{len(files)} files, {size} bytes, {len(missing)} of them brought now")


def _wait_for_mark(bucket: Bucket, seconds: float) -> list[File]:
    until = time.monotonic() + seconds
    while (files := persistently("completion mark", bucket.mark)) is None:
        if time.monotonic() >= until:
            raise CopyError(f"{bucket.prefix} is not complete in the bucket after {seconds:.0f} s: see the job")
        print("waiting for the bucket to be filled", flush=True)
        time.sleep(min(LOOK_AGAIN_SECONDS, seconds))
    for file in files:
        if PurePosixPath(file.path).name != file.path or file.path in ("", ".", ".."):
            raise CopyError(f"{file.path!r} is no plain file name")
    return files


@contextmanager
def _alone_in(folder: Path) -> Iterator[None]:
    """Hold the folder's lock; it is free again when the process ends, however it ends."""
    with (folder / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _lacks(folder: Path, file: File) -> bool:
    path = folder / file.path
    return not path.exists() or path.stat().st_size != file.size


def _partial(folder: Path, file: File) -> int:
    path = folder / f"{file.path}.part"
    return min(path.stat().st_size, file.size) if path.exists() else 0


def _download(bucket: Bucket, folder: Path, file: File) -> None:
    """Bring one file, from where an earlier attempt stopped."""
    part = folder / f"{file.path}.part"
    digest = Digest(file)
    with part.open("a+b") as target:
        target.seek(0)
        if target.seek(0, os.SEEK_END) > file.size:
            target.truncate(0)
        target.seek(0)
        while piece := target.read(READ_BYTES):
            digest.add(piece)
        have = target.tell()
        if have < file.size:
            with bucket.ask("GET", file.path, headers={"Range": f"bytes={have}-"}) as answer:
                while piece := answer.read(READ_BYTES):
                    digest.add(piece)
                    target.write(piece)
    try:
        digest.check()
    except CopyError as error:
        part.unlink()
        raise OSError(str(error)) from None  # once more, from the beginning
    part.replace(folder / file.path)
