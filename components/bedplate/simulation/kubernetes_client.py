"""Speaks to a Kubernetes API server: plain HTTP, so that every verdict is the server's own word.

A client library would check objects itself, and reject unknown fields before the server sees them.
"""

from __future__ import annotations

import http.client
import json
import re
import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode, urlsplit

from bedplate.errors import BedplateError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bedplate.simulation.kubeconfig import Access

JSON = "application/json"
APPLY = "application/apply-patch+yaml"
MERGE = "application/merge-patch+json"

_TIMEOUT_SECONDS = 60.0
_WARNING = re.compile(r'299 \S+ "((?:[^"\\]|\\.)*)"')


@dataclass(frozen=True, slots=True)
class Answer:
    """What the server said. `warnings` are those of its admission policies and of deprecated APIs."""

    status: int
    body: dict[str, Any]
    warnings: tuple[str, ...] = ()

    @property
    def ok(self) -> bool:
        """Whether the request was granted."""
        return self.status < 300

    @property
    def message(self) -> str:
        """Why it was not."""
        return str(self.body.get("message") or f"HTTP {self.status}")


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind as the server knows it: `plural` in its paths, and whether its objects live in namespaces."""

    api_version: str
    plural: str
    namespaced: bool

    def path(self, namespace: str, name: str = "") -> str:
        """Return the path of an object, or of all objects of the kind where no name is given."""
        root = f"/apis/{self.api_version}" if "/" in self.api_version else f"/api/{self.api_version}"
        place = f"/namespaces/{quote(namespace)}" if self.namespaced and namespace else ""
        return f"{root}{place}/{self.plural}" + (f"/{quote(name)}" if name else "")


@dataclass(frozen=True, slots=True)
class KubernetesClient:
    """One API server. Safe to use from several threads: each request has a connection of its own."""

    access: Access
    _kinds: dict[str, dict[str, Kind]] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def request(
        self,
        method: str,
        path: str,
        body: Mapping[str, Any] | None = None,
        *,
        content_type: str = JSON,
        headers: Mapping[str, str] | None = None,
        query: Mapping[str, str] | None = None,
    ) -> Answer:
        """Send one request. Raises `BedplateError` when the server cannot be reached or does not speak Kubernetes."""
        sent = {"Accept": JSON, "Content-Type": content_type, "User-Agent": "bedplate-sim", **(headers or {})}
        if self.access.token:
            sent["Authorization"] = f"Bearer {self.access.token}"
        target = f"{path}?{urlencode(query)}" if query else path
        address = urlsplit(self.access.server)
        connection = http.client.HTTPSConnection(
            address.hostname or "", address.port or 443, timeout=_TIMEOUT_SECONDS, context=self.access.tls
        )
        try:
            connection.request(method, address.path + target, None if body is None else json.dumps(body), sent)
            response = connection.getresponse()
            text = response.read()
            return Answer(response.status, _object(text), _warnings(response.headers.get_all("Warning") or []))
        except (OSError, http.client.HTTPException) as error:
            raise BedplateError(f"cannot reach the API server {self.access.server}: {error}") from error
        finally:
            connection.close()

    def kind(self, api_version: str, kind: str) -> Kind | None:
        """Return a kind from the server's discovery, or None where it serves no such kind."""
        with self._lock:
            known = self._kinds.get(api_version)
        if known is None or kind not in known:  # a CRD may have come since
            known = self._discover(api_version)
            with self._lock:
                self._kinds[api_version] = known
        return known.get(kind)

    def apply(self, manifest: Mapping[str, Any], *, manager: str, dry_run: bool = False, force: bool = False) -> Answer:
        """Apply an object server-side, with unknown fields refused.

        A field that another manager has set otherwise is a conflict, unless it is taken over by force.
        """
        kind = self.kind(manifest["apiVersion"], manifest["kind"])
        if kind is None:
            return Answer(404, {"message": f'no matches for kind "{manifest["kind"]}" in "{manifest["apiVersion"]}"'})
        path = kind.path(manifest["metadata"].get("namespace", ""), manifest["metadata"]["name"])
        query = {"fieldManager": manager, "fieldValidation": "Strict", "force": str(force).lower()}
        query |= {"dryRun": "All"} if dry_run else {}
        return self.request("PATCH", path, manifest, content_type=APPLY, query=query)

    def _discover(self, api_version: str) -> dict[str, Kind]:
        answer = self.request("GET", f"/apis/{api_version}" if "/" in api_version else f"/api/{api_version}")
        return {
            entry["kind"]: Kind(api_version, entry["name"], bool(entry["namespaced"]))
            for entry in answer.body.get("resources") or []
            if "/" not in entry["name"]  # a subresource
        }


def _object(text: bytes) -> dict[str, Any]:
    """Return an answer's object; `/readyz` and errors of proxies are no JSON, and come as a message."""
    try:
        body = json.loads(text)
    except ValueError:
        body = None
    return body if isinstance(body, dict) else {"message": text.decode(errors="replace").strip()}


def _warnings(headers: list[str]) -> tuple[str, ...]:
    return tuple(re.sub(r"\\(.)", r"\1", text) for header in headers for text in _WARNING.findall(header))
