"""A model repository and a bucket, as real HTTP servers on 127.0.0.1, that note every request and fail on demand."""

from __future__ import annotations

import hashlib
import json
import re
import threading
import urllib.parse
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

SECRET = "the secret of the agent"
IDENTITY = {
    "AccessKeyId": "ASIAEXAMPLE",
    "SecretAccessKey": "secret",
    "Token": "session",
    "Expiration": "2999-01-01T00:00:00Z",
}


@dataclass
class Storage:
    """What is stored, what was asked for, and what goes wrong next."""

    model: dict[str, bytes]
    large: frozenset[str] = frozenset()
    objects: dict[str, tuple[bytes, str]] = field(default_factory=dict)
    uploads: dict[str, dict[int, bytes]] = field(default_factory=dict)
    digests: dict[str, str] = field(default_factory=dict)
    requests: list[tuple[str, str, dict[str, str]]] = field(default_factory=list)
    failures: list[tuple[str, str, int]] = field(default_factory=list)
    """Method, part of the path, status: each is used up by one request; status 0 cuts the answer in half."""
    address: str = ""
    elsewhere: str = ""

    def asked(self, method: str, part: str) -> int:
        """Return how many requests of a method had this in their path."""
        return sum(verb == method and part in path for verb, path, _ in self.requests)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    storage: Storage

    def log_message(self, *args: object) -> None:
        pass

    def _handle(self) -> None:
        storage, path = self.storage, urllib.parse.unquote(self.path)
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        storage.requests.append((self.command, path, {name.lower(): value for name, value in self.headers.items()}))
        status = self._planned_failure(path)
        if status > 0:
            return self._answer(status, b"")
        if path.startswith("/agent"):
            right = self.headers["Authorization"] == SECRET
            return self._answer(200 if right else 401, json.dumps(IDENTITY).encode() if right else b"")
        if path.startswith("/api/models/"):
            return self._answer(200, json.dumps([self._entry(name) for name in storage.model]).encode())
        if "/resolve/" in path:
            return self._answer(302, b"", {"Location": f"{storage.elsewhere}/content/{path.rpartition('/')[2]}"})
        if path.startswith("/content/"):
            return self._answer(200, storage.model[path.rpartition("/")[2]], cut=status == 0)
        if "AWS4-HMAC-SHA256 Credential=ASIAEXAMPLE/" not in self.headers.get("Authorization", ""):
            return self._answer(403, b"")
        return self._object(path, body, cut=status == 0)

    do_GET = do_PUT = do_POST = do_DELETE = do_HEAD = _handle  # noqa: N815  names that http.server looks for

    def _planned_failure(self, path: str) -> int:
        for failure in self.storage.failures:
            if failure[0] == self.command and failure[1] in path:
                self.storage.failures.remove(failure)
                return failure[2]
        return -1

    def _entry(self, name: str) -> dict[str, object]:
        content = self.storage.model[name]
        blob = hashlib.sha1(f"blob {len(content)}\0".encode() + content).hexdigest()
        entry: dict[str, object] = {"type": "file", "path": name, "size": len(content), "oid": blob}
        if name in self.storage.large:
            digest = self.storage.digests.get(name) or hashlib.sha256(content).hexdigest()
            entry["lfs"] = {"oid": digest, "size": len(content)}
        return entry

    def _object(self, path: str, body: bytes, *, cut: bool) -> None:
        key, _, query = path.lstrip("/").partition("?")
        digest, objects, uploads = self.headers.get("x-amz-meta-sha256", ""), self.storage.objects, self.storage.uploads
        if self.command in ("GET", "HEAD"):
            if key not in objects:
                return self._answer(404, b"")
            content, noted = objects[key]
            start = int((re.findall(r"bytes=(\d+)-", self.headers.get("Range", "")) or ["0"])[0])
            return self._answer(206 if start else 200, content[start:], {"x-amz-meta-sha256": noted}, cut=cut)
        if query.startswith("uploads"):
            uploads[key] = {0: digest.encode()}
            return self._answer(200, b"<X><UploadId>an/upload+id</UploadId></X>")
        if self.command == "PUT" and "partNumber" in query:
            number = int(re.findall(r"partNumber=(\d+)", query)[0])
            uploads[key][number] = body
            return self._answer(200, b"", {"ETag": f'"{number}"'})
        if self.command == "DELETE":
            uploads.pop(key, None)
            return self._answer(204, b"")
        if self.command == "POST":
            parts = uploads.pop(key)
            objects[key] = (b"".join(parts[n] for n in sorted(parts) if n), parts[0].decode())
            return self._answer(200, b"<CompleteMultipartUploadResult/>")
        objects[key] = (body, digest)
        return self._answer(200, b"")

    def _answer(self, status: int, body: bytes, headers: dict[str, str] | None = None, *, cut: bool = False) -> None:
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body[: len(body) // 2] if cut else body)
        if cut:
            self.close_connection = True


@contextmanager
def served(storage: Storage) -> Iterator[Storage]:
    """Serve at two addresses, as a model repository and its content network are two hosts."""
    handler = type("Handler", (_Handler,), {"storage": storage})
    servers = [ThreadingHTTPServer(("127.0.0.1", 0), handler) for _ in range(2)]
    for server in servers:
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, daemon=True).start()
    storage.address, storage.elsewhere = (f"http://127.0.0.1:{server.server_port}" for server in servers)
    try:
        yield storage
    finally:
        for server in servers:
            server.shutdown()
            server.server_close()
