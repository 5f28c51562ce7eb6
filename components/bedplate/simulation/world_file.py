"""The world: every resource that the simulated clouds hold, in one file that can be read and edited.

It is what the real clouds are to a real stack: it outlives the engine, it forgets nothing that the state
forgets, and someone else may change it. Each resource is serialized once when it changes, so that writing the
whole file after every operation stays cheap.
"""

from __future__ import annotations

import json
import os
import threading
from dataclasses import asdict, dataclass, field, replace
from typing import TYPE_CHECKING, Any

from bedplate.errors import BedplateError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

Properties = dict[str, Any]
"""Plain JSON values by property name, as a provider sees them."""

_VERSION = 1


@dataclass(frozen=True, slots=True)
class Resource:
    """One resource that a simulated cloud holds."""

    token: str
    id: str
    """The identity that the cloud gave it: random where the real cloud's is."""

    place: str
    """Where it lives: `aws/us-east-2`, or `kubernetes/` and the URL of the API server."""

    urn: str
    """Who created it; in the real clouds ownership tags say so."""

    inputs: Properties = field(default_factory=dict)
    outputs: Properties = field(default_factory=dict)
    seed: str = ""
    """Random digits from which its identity and its outputs follow."""

    revision: int = 1
    """How many inputs it has had: 1 when created, one more with every change."""

    failure: str = ""
    """Why it is only half made; empty for a healthy resource."""

    @property
    def name(self) -> str:
        """The name that the program gave it."""
        return self.urn.split("::", 3)[-1]

    @property
    def stack(self) -> str:
        """The stack that created it."""
        return self.urn.split("::")[0].rpartition(":")[2]

    @property
    def key(self) -> str:
        """What tells it from every other resource of the world."""
        return f"{self.token}|{self.place}|{self.id}"


class World:
    """The resources of one sim home, kept in one file. Safe to use from several threads of one process."""

    def __init__(self, file: Path) -> None:
        self.file = file
        self.lock = threading.RLock()
        self._resources: dict[str, Resource] = {}
        self._texts: dict[str, str] = {}
        for resource in _read(file):
            self._set(resource)

    def __iter__(self) -> Iterator[Resource]:
        with self.lock:
            return iter(list(self._resources.values()))

    def __len__(self) -> int:
        return len(self._resources)

    def get(self, token: str, place: str, identity: str) -> Resource | None:
        """Return the resource with this identity, or None where the world holds none."""
        return self._resources.get(f"{token}|{place}|{identity}")

    def of_type(self, token: str) -> list[Resource]:
        """Return the resources of a type."""
        return [resource for resource in self if resource.token == token]

    def named(self, name: str) -> list[Resource]:
        """Return the resources that programs gave this name."""
        return [resource for resource in self if resource.name == name]

    def put(self, resource: Resource) -> None:
        """Add or replace a resource, and write the file."""
        with self.lock:
            self._set(resource)
            self._write()

    def change(self, resource: Resource, **changes: Any) -> Resource:
        """Replace fields of a resource, write the file, and return the new resource."""
        changed = replace(resource, **changes)
        self.put(changed)
        return changed

    def remove(self, *resources: Resource) -> None:
        """Take resources out of the world, and write the file; those that are gone already are ignored."""
        with self.lock:
            for resource in resources:
                self._resources.pop(resource.key, None)
                self._texts.pop(resource.key, None)
            self._write()

    def _set(self, resource: Resource) -> None:
        self._resources[resource.key] = resource
        self._texts[resource.key] = json.dumps(asdict(resource), sort_keys=True)

    def _write(self) -> None:
        body = ",\n".join(self._texts.values())
        write_atomically(self.file, f'{{"version": {_VERSION}, "resources": [\n{body}\n]}}\n')


def write_atomically(file: Path, text: str) -> None:
    """Write a file whole or not at all; the folder is made where it is missing."""
    file.parent.mkdir(parents=True, exist_ok=True)
    draft = file.with_name(f".{file.name}.{os.getpid()}.{threading.get_ident()}")
    draft.write_text(text, encoding="utf-8")
    draft.replace(file)


def _read(file: Path) -> list[Resource]:
    if not file.exists():
        return []
    try:
        document = json.loads(file.read_text(encoding="utf-8"))
        if document["version"] != _VERSION:
            raise BedplateError(f"{file}: written by another version of Bedplate", hint="bedplate sim --reset")
        return [Resource(**entry) for entry in document["resources"]]
    except (ValueError, KeyError, TypeError) as error:
        raise BedplateError(f"{file}: not a world file: {error}", hint="bedplate sim --reset") from error
