"""The public repository of a model, at one commit, whose files never change."""

from __future__ import annotations

import json
import re
import urllib.parse
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from .files import File
from .web import ask

if TYPE_CHECKING:
    from collections.abc import Mapping

WANTED = (".safetensors", ".json", ".txt", ".model", ".jinja", ".tiktoken")
"""Weights without code, configuration and tokenizer. Pickled weights and Python files could run code; no engine
gets them."""


@dataclass(frozen=True)
class Hub:
    """The public repository of a model, at one commit."""

    address: str
    repository: str
    revision: str
    token: str

    def _headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"} if self.token else {}

    def files(self) -> list[File]:
        """Return the files that an engine needs, with their digests."""
        url: str | None = f"{self.address}/api/models/{self.repository}/tree/{self.revision}?recursive=true"
        found = []
        while url:
            with ask("GET", url, self._headers()) as answer:
                found += json.load(answer)
                following = re.search(r'<([^>]+)>;\s*rel="next"', answer.headers.get("Link", ""))
                url = following[1] if following else None
        return [_file(entry) for entry in found if entry["type"] == "file" and _wanted(entry["path"])]

    def open(self, path: str) -> Any:
        """Return the content of a file, to be read in parts."""
        quoted = urllib.parse.quote(path)
        return ask("GET", f"{self.address}/{self.repository}/resolve/{self.revision}/{quoted}", self._headers())


def _file(entry: Mapping[str, Any]) -> File:
    large = entry.get("lfs")
    return File(entry["path"], large["size"] if large else entry["size"], large["oid"] if large else entry["oid"])


def _wanted(path: str) -> bool:
    """Tell whether an engine needs a file: not what lies in folders, which hold the same in other formats."""
    return "/" not in path and path.endswith(WANTED)
