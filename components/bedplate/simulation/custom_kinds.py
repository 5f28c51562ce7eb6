"""Kinds that charts define, on a test cluster: put there when a stack needs them, and taken away with its last object.

Their definitions carry a label, so that they are found again by a later command, which need not know the folder.
"""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from bedplate.errors import BedplateError, listing
from bedplate.node_pools.labels import DOMAIN
from bedplate.simulation.definitions import DEFINITION
from bedplate.simulation.requests import Refusal

if TYPE_CHECKING:
    from collections.abc import Callable

    from bedplate.simulation.definitions import Definitions
    from bedplate.simulation.kubernetes_client import KubernetesClient

API_VERSION = "apiextensions.k8s.io/v1"
PATH = f"/apis/{API_VERSION}/customresourcedefinitions"

_LABEL = f"{DOMAIN}/defined-by"
_SECONDS = 30.0
"""How long a server may take to serve a kind, or to stop serving it."""
_POLL_SECONDS = 0.1
_NOT_FOUND = 404
_CONFLICT = 409


@dataclass(frozen=True, slots=True)
class CustomKinds:
    """The kinds of one server that sim has to do with. Safe to use from several threads.

    `changes` tells what was put there and taken away, for the end of the command.
    """

    client: KubernetesClient
    manager: str
    definitions: Definitions
    changes: list[str] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def define(self, api_version: str, kind: str) -> None:
        """Put the definition of a kind on the server that lacks it; raises `Refusal` where that is not possible.

        A kind without a definition at hand is left to whoever applies an object of it, and learns that it is missing.
        """
        with self._lock:
            if self.client.kind(api_version, kind) is not None:
                return
            definition = self.definitions.find(api_version, kind)
            if definition is None:
                return
            name = definition["metadata"]["name"]
            self._create(name, definition)
            self._wait_until_served(name, api_version, kind)
            self.changes.append(f"{name} is defined on {self.client.access.server} now, from --crds")

    def remove(self) -> None:
        """Take away every definition that sim put there, unless objects of somebody else would go with it."""
        answer = self.client.request("GET", PATH, query={"labelSelector": f"{_LABEL}={self.manager}"})
        for definition in answer.body.get("items") or [] if answer.ok else []:
            name = definition["metadata"]["name"]
            kept = self._why_kept(definition) or self._delete(name, definition["metadata"]["uid"])
            server = self.client.access.server
            stays = f"{name} stays defined on {server}: {kept}"
            self.changes.append(stays if kept else f"{name} is not defined on {server} any more")

    def _delete(self, name: str, uid: str) -> str:
        """Delete the very definition that was looked at, and return why that was not possible, or nothing."""
        path = f"{PATH}/{name}"
        answer = self.client.request("DELETE", path, {"preconditions": {"uid": uid}})
        if not answer.ok:
            return answer.message
        self._wait(lambda: self.client.request("GET", path).status == _NOT_FOUND, name)
        return ""

    def _create(self, name: str, definition: dict[str, Any]) -> None:
        metadata = definition["metadata"]
        labels = {**(metadata.get("labels") or {}), _LABEL: self.manager}
        body = {**definition, "metadata": {**metadata, "labels": labels}}
        # Not applied but created: one of this name that serves other versions is somebody else's.
        answer = self.client.request("POST", PATH, body, query={"fieldManager": self.manager})
        if answer.status == _CONFLICT:
            raise Refusal(f"{DEFINITION} {name!r} already exists with other versions, and sim does not change it")
        if not answer.ok:
            raise Refusal(f"{DEFINITION} {name!r}: {answer.message}")

    def _wait_until_served(self, name: str, api_version: str, kind: str) -> None:
        def served() -> bool:
            conditions = self.client.request("GET", f"{PATH}/{name}").body.get("status", {}).get("conditions") or ()
            established = any(one["type"] == "Established" and one["status"] == "True" for one in conditions)
            return established and self.client.kind(api_version, kind) is not None

        self._wait(served, name)

    def _wait(self, done: Callable[[], bool], name: str) -> None:
        deadline = time.monotonic() + _SECONDS
        while not done():
            if time.monotonic() > deadline:
                raise BedplateError(f"{self.client.access.server} needs more than {_SECONDS:.0f} s for {name}")
            time.sleep(_POLL_SECONDS)

    def _why_kept(self, definition: dict[str, Any]) -> str:
        """Return why a definition cannot go: objects of it would go as well, and sim has none left. Or nothing."""
        spec = definition["spec"]
        version = next(entry["name"] for entry in spec["versions"] if entry["served"])
        answer = self.client.request("GET", f"/apis/{spec['group']}/{version}/{spec['names']['plural']}")
        if not answer.ok:
            return f"its objects cannot be listed: {answer.message}"
        left = [str(item["metadata"]["name"]) for item in answer.body["items"]]
        return f"sim did not make {listing(left)}" if left else ""
