"""A file of a model, and whether a content that arrives in parts is that file."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from .web import CopyError

SHA256_DIGITS = 64


@dataclass(frozen=True)
class File:
    """A file of a model: `digest` is the SHA-256 of its content, or a Git blob's SHA-1 where the repository has no
    other."""

    path: str
    size: int
    digest: str

    @property
    def has_sha256(self) -> bool:
        """Whether its digest is the SHA-256, which the repository states of large files alone."""
        return len(self.digest) == SHA256_DIGITS


class Digest:
    """The digest of a content that arrives in parts, of the kind that is expected."""

    def __init__(self, file: File) -> None:
        self.sha256 = hashlib.sha256()
        self._blob = hashlib.sha1(f"blob {file.size}\0".encode(), usedforsecurity=False)
        self._file = file
        self._size = 0

    def add(self, content: bytes) -> None:
        """Take the next part in; raises CopyError as soon as there is more than the file has."""
        self._size += len(content)
        if self._size > self._file.size:
            raise CopyError(f"{self._file.path} is larger than the {self._file.size} bytes that it should have")
        self.sha256.update(content)
        self._blob.update(content)

    def check(self) -> None:
        """Raise CopyError when the content is not the file's, and OSError when the connection ended too early."""
        if self._size < self._file.size:
            raise OSError(f"the connection ended after {self._size} of {self._file.size} bytes")
        expected = self._file.digest
        found = self.sha256.hexdigest() if self._file.has_sha256 else self._blob.hexdigest()
        if found != expected:
            raise CopyError(f"{self._file.path} does not have the digest {expected}: {found}, {self._size} bytes")
