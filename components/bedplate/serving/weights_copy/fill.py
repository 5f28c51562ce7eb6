"""Fills the bucket, once.

Each file passes through memory in parts, is compared with the digest that the repository states, and only then exists
in the bucket. The completion mark comes last, with the digests of all files; what was copied before an interruption is
not copied again.
"""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import asdict
from functools import partial
from typing import TYPE_CHECKING, Any

from .bucket import MARK, Bucket, quoted
from .files import Digest, File
from .web import CopyError, persistently

if TYPE_CHECKING:
    from .hub import Hub

PART_BYTES = 64 * 2**20
"""One part of an upload: S3 takes at most 10,000 of them, so files up to 640 GiB."""
READ_BYTES = 4 * 2**20


def fill(hub: Hub, bucket: Bucket) -> None:
    """Copy a model into the bucket, and mark the copy complete."""
    if persistently("completion mark", bucket.mark) is not None:
        print("the bucket holds a complete copy already")
        return
    files = persistently(f"{hub.repository} at {hub.revision}", hub.files)
    if not any(file.path.endswith(".safetensors") for file in files):
        raise CopyError(f"{hub.repository} at {hub.revision} has no .safetensors file")
    copied = []
    for file in files:
        copied.append(persistently(file.path, partial(_copy, hub, bucket, file)))
        print(f"{file.path}: {file.size} bytes", flush=True)
    content = {"repository": hub.repository, "revision": hub.revision, "files": [asdict(file) for file in copied]}
    text = json.dumps(content, indent=1).encode()
    persistently("completion mark", lambda: bucket.put(MARK, text, hashlib.sha256(text).hexdigest()))


def _copy(hub: Hub, bucket: Bucket, file: File) -> File:
    """Copy a file unless it is there, and return it with its SHA-256."""
    there = bucket.size_and_digest(file.path)
    if there and _already_there(file, there):
        return File(file.path, file.size, there[1])
    with hub.open(file.path) as content:
        if file.size <= PART_BYTES:
            return _copy_small(bucket, file, content)
        return _copy_large(bucket, file, content)


def _already_there(file: File, there: tuple[int, str]) -> bool:
    """Tell whether an object, of which size and noted SHA-256 are known, is a file's copy.

    Where the repository states a Git blob's SHA-1, there is nothing to compare the SHA-256 with, and the size suffices:
    below a commit's prefix only this program writes, and only what had the digest that the commit states.
    """
    size, digest = there
    if size != file.size or not digest:
        return False
    return digest == file.digest or not file.has_sha256


def _copy_small(bucket: Bucket, file: File, content: Any) -> File:
    digest, whole = Digest(file), content.read(file.size + 1)
    digest.add(whole)
    digest.check()
    bucket.put(file.path, whole, digest.sha256.hexdigest())
    return File(file.path, file.size, digest.sha256.hexdigest())


def _copy_large(bucket: Bucket, file: File, content: Any) -> File:
    """Copy in parts. The object appears with the last request, which is only sent when the digest is right."""
    if not file.has_sha256:
        raise CopyError(f"{file.path} has {file.size} bytes and no SHA-256")
    with bucket.ask("POST", file.path, "uploads=", headers={"x-amz-meta-sha256": file.digest}) as answer:
        upload = re.findall(r"<UploadId>([^<]+)</UploadId>", answer.read().decode())[0]
    session = f"uploadId={quoted(upload)}"
    try:
        digest = Digest(file)
        tags: list[str] = []
        while part := _read_part(content):
            digest.add(part)
            with bucket.ask("PUT", file.path, f"partNumber={len(tags) + 1}&{session}", body=part) as answer:
                tags.append(answer.headers["ETag"])
        digest.check()
    except BaseException:
        with bucket.ask("DELETE", file.path, session):
            pass
        raise
    parts = "".join(f"<Part><PartNumber>{n}</PartNumber><ETag>{tag}</ETag></Part>" for n, tag in enumerate(tags, 1))
    body = f"<CompleteMultipartUpload>{parts}</CompleteMultipartUpload>".encode()
    with bucket.ask("POST", file.path, session, body=body) as answer:
        if b"<Error>" in (text := answer.read()):  # S3 answers 200 before it knows
            raise OSError(text.decode(errors="replace"))
    return file


def _read_part(content: Any) -> bytes:
    """Return the next part; a connection gives less than it is asked for."""
    part = bytearray()
    while len(part) < PART_BYTES and (piece := content.read(min(READ_BYTES, PART_BYTES - len(part)))):
        part += piece
    return bytes(part)
