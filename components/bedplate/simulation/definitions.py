"""Definitions of custom resources, from folders that the owner names: what a chart installs, and sim does not.

A file may be what `helm template --include-crds` prints: of everything in it only definitions are taken.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import yaml

from bedplate import catalog
from bedplate.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

DEFINITION = "CustomResourceDefinition"
_SUFFIXES = (".yaml", ".yml", ".json")
_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@dataclass(frozen=True, slots=True)
class Definitions:
    """The files of the folders, as text: parsing all of them would take longer than what they are needed for."""

    folders: tuple[Path, ...]
    texts: Mapping[Path, str]

    def find(self, api_version: str, kind: str) -> dict[str, Any] | None:
        """Return the definition of a kind in a version that it serves, or None; raises `UsageError` for a bad file."""
        group, _, version = api_version.rpartition("/")
        for path, text in self.texts.items():
            if group not in text or kind not in text:
                continue
            for one in _definitions(path, text):
                spec = one["spec"]
                served = {entry["name"] for entry in spec["versions"] if entry.get("served")}
                if (spec["group"], spec["names"]["kind"]) == (group, kind) and version in served:
                    # What a server made of it earlier is not part of a definition.
                    return {name: one[name] for name in ("apiVersion", "kind", "metadata", "spec")}
        return None

    def why_missing(self, api_version: str, kind: str, server: str) -> str:
        """Return who defines a kind that neither the server nor these folders have, and what to do about it."""
        chart = catalog.defining_chart(api_version.rpartition("/")[0])
        defines = f"the chart {chart.name} {chart.version} defines it" if chart else "no chart known here defines it"
        folders = ", ".join(str(folder) for folder in self.folders)
        lacks = f"{folders} lacks its definition too: put it there" if folders else "give a folder with it by --crds"
        return (
            f'no matches for kind "{kind}" in "{api_version}": {defines}, and charts are not installed by sim; '
            f"{lacks}, or apply it to {server} first"
        )


def read_definitions(folders: Sequence[Path]) -> Definitions:
    """Return the definitions in folders and the folders in them; raises `UsageError` for one without any."""
    texts: dict[Path, str] = {}
    for folder in folders:
        if not folder.is_dir():
            raise UsageError(f"--crds {folder}: there is no such folder")
        found = {
            path: text
            for path in sorted(folder.rglob("*"))
            if path.suffix in _SUFFIXES and path.is_file() and DEFINITION in (text := _text(path))
        }
        if not found:
            raise UsageError(
                f"--crds {folder}: no file in it holds a {DEFINITION}",
                hint=f"helm template --include-crds prints those of a chart; save it as a file in {folder}",
            )
        texts |= found
    return Definitions(tuple(folders), texts)


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{path}: cannot be read: {error}") from None


def _definitions(path: Path, text: str) -> Iterator[dict[str, Any]]:
    try:
        for one in yaml.load_all(text, Loader=_Loader):
            if isinstance(one, dict) and one.get("kind") == DEFINITION:
                _check(path, one)
                yield one
    except yaml.YAMLError as error:
        raise UsageError(f"{path}: cannot be read as YAML: {error}") from None


def _check(path: Path, definition: Mapping[str, Any]) -> None:
    try:
        spec = definition["spec"]
        _ = definition["metadata"]["name"], spec["group"], spec["names"]["kind"], spec["names"]["plural"]
        _ = [version["name"] for version in spec["versions"]]
    except (KeyError, TypeError):
        raise UsageError(f"{path}: a {DEFINITION} lacks a name, group, kind or versions") from None
