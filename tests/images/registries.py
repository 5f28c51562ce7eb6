"""A registry on 127.0.0.1 that speaks the distribution specification: manifests by tag, tokens, redirects, errors."""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

INDEX = "application/vnd.oci.image.index.v1+json"
MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"
TOKEN = "token-for-anybody"


@dataclass(slots=True)
class Registry:
    """What it holds, by repository and tag, how it behaves, and what it was asked."""

    images: dict[tuple[str, str], tuple[bytes, str]] = field(default_factory=dict)
    needs_token: bool = False
    realm: str = ""
    digest: str | None = None
    """Instead of the right one: another, or an empty text for none."""

    elsewhere: str = ""
    """Where it redirects to, if it does."""

    asked: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    host: str = ""

    def put(self, repository: str, tag: str, content: object, media_type: str = INDEX) -> str:
        """Hold an image, and return the digest of its manifest."""
        body = json.dumps(content).encode()
        self.images[repository, tag] = (body, media_type)
        return f"sha256:{hashlib.sha256(body).hexdigest()}"


@contextmanager
def serving() -> Iterator[Registry]:
    """Run a registry for as long as the context lasts."""
    registry = Registry()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            url = urlsplit(self.path)
            registry.asked.append((self.path, dict(self.headers)))
            if url.path == "/token":
                scope = parse_qs(url.query)["scope"][0]
                return self._send(200, json.dumps({"token": f"{TOKEN} {scope}"}).encode())
            if registry.elsewhere:
                return self._send(307, b"", Location=f"{registry.elsewhere}{self.path}")
            _, _, *repository, _, tag = url.path.split("/")
            name = "/".join(repository)
            granted = f"Bearer {TOKEN} repository:{name}:pull"
            if registry.needs_token and self.headers.get("Authorization") != granted:
                realm = registry.realm or f"http://{registry.host}/token"
                challenge = f'Bearer realm="{realm}",service="registry",scope="repository:{name}:pull"'
                return self._send(401, b"", **{"WWW-Authenticate": challenge})
            if (name, tag) not in registry.images:
                errors = {"errors": [{"code": "MANIFEST_UNKNOWN", "message": "manifest unknown"}]}
                return self._send(404, json.dumps(errors).encode())
            body, media_type = registry.images[name, tag]
            digest = f"sha256:{hashlib.sha256(body).hexdigest()}" if registry.digest is None else registry.digest
            headers = {"Content-Type": media_type} | ({"Docker-Content-Digest": digest} if digest else {})
            return self._send(200, body, **headers)

        def _send(self, code: int, body: bytes, **headers: str) -> None:
            self.send_response(code)
            for name, value in {"Content-Length": str(len(body)), **headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    registry.host = f"127.0.0.1:{server.server_port}"
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield registry
    finally:
        server.shutdown()
        server.server_close()
