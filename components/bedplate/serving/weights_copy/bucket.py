"""The bucket: signed requests about its objects, and the mark of a complete copy."""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import urllib.error
import urllib.parse
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any

from .files import File
from .web import CopyError, ask

if TYPE_CHECKING:
    from collections.abc import Mapping

MARK = "complete.json"
EMPTY = hashlib.sha256(b"").hexdigest()
LONG_AGO = datetime.min.replace(tzinfo=UTC)
MISSING = 404
TOKEN_FILE = "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"  # noqa: S105  a variable's name


@dataclass
class Credentials:
    """The pod's own AWS credentials, from the agent that EKS Pod Identity runs on each node."""

    _values: dict[str, str] = field(default_factory=dict)
    _until: datetime = LONG_AGO
    _lock: Lock = field(default_factory=Lock)

    def get(self) -> dict[str, str]:
        """Return access key, secret and session token; the agent is asked again before they expire."""
        with self._lock:
            if datetime.now(UTC) >= self._until:
                try:
                    url, file = os.environ["AWS_CONTAINER_CREDENTIALS_FULL_URI"], os.environ[TOKEN_FILE]
                except KeyError as error:
                    raise CopyError(f"the pod started without an identity: {error} is not set") from None
                token = Path(file).read_text("utf-8").strip()
                with ask("GET", url, {"Authorization": token}) as answer:
                    self._values = json.load(answer)
                expires = datetime.fromisoformat(self._values["Expiration"].replace("Z", "+00:00"))
                self._until = expires - timedelta(minutes=5)
            return self._values


@dataclass
class Bucket:
    """An S3 bucket at `address`, below `prefix`."""

    address: str
    region: str
    prefix: str
    credentials: Credentials = field(default_factory=Credentials)

    def ask(
        self, method: str, path: str, query: str = "", body: bytes = b"", headers: Mapping[str, str] | None = None
    ) -> Any:
        """Return the answer to a signed request about an object."""
        key = urllib.parse.quote(f"/{self.prefix}/{path}")
        url = f"{self.address}{key}" + (f"?{query}" if query else "")
        signed = self._signed(method, url, body, headers or {})
        return ask(method, url, signed, body if method in ("PUT", "POST") else None)

    def _signed(self, method: str, url: str, body: bytes, headers: Mapping[str, str]) -> dict[str, str]:
        """Return headers with a signature (AWS Signature Version 4)."""
        credentials = self.credentials.get()
        parts = urllib.parse.urlsplit(url)
        now = datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ")
        digest = hashlib.sha256(body).hexdigest() if body else EMPTY
        all_headers = {
            **{name.lower(): value for name, value in headers.items()},
            "host": parts.netloc,
            "x-amz-content-sha256": digest,
            "x-amz-date": now,
            **({"x-amz-security-token": credentials["Token"]} if credentials["Token"] else {}),
        }
        names = ";".join(sorted(all_headers))
        lines = "".join(f"{name}:{all_headers[name].strip()}\n" for name in sorted(all_headers))
        pairs = urllib.parse.parse_qsl(parts.query, keep_blank_values=True)
        query = "&".join(f"{quoted(name)}={quoted(value)}" for name, value in sorted(pairs))
        canonical = "\n".join((method, parts.path, query, lines, names, digest))
        scope = f"{now[:8]}/{self.region}/s3/aws4_request"
        text = "\n".join(("AWS4-HMAC-SHA256", now, scope, hashlib.sha256(canonical.encode()).hexdigest()))
        key = f"AWS4{credentials['SecretAccessKey']}".encode()
        for part in scope.split("/"):
            key = hmac.new(key, part.encode(), hashlib.sha256).digest()
        signature = hmac.new(key, text.encode(), hashlib.sha256).hexdigest()
        identity = f"{credentials['AccessKeyId']}/{scope}"
        all_headers["Authorization"] = (
            f"AWS4-HMAC-SHA256 Credential={identity}, SignedHeaders={names}, Signature={signature}"
        )
        del all_headers["host"]  # the client writes it
        return all_headers

    def mark(self) -> list[File] | None:
        """Return the files of a complete copy, or None as long as there is none."""
        try:
            with self.ask("GET", MARK) as answer:
                content = json.load(answer)
        except urllib.error.HTTPError as error:
            if error.code == MISSING:
                return None
            raise
        return [File(**one) for one in content["files"]]

    def size_and_digest(self, path: str) -> tuple[int, str] | None:
        """Return the size of an object and the digest noted when it was written, or None when there is none."""
        try:
            with self.ask("HEAD", path) as answer:
                return int(answer.headers["Content-Length"]), answer.headers.get("x-amz-meta-sha256", "")
        except urllib.error.HTTPError as error:
            if error.code == MISSING:
                return None
            raise

    def put(self, path: str, content: bytes, digest: str) -> None:
        """Write an object at once."""
        with self.ask("PUT", path, body=content, headers={"x-amz-meta-sha256": digest}):
            pass


def quoted(text: str) -> str:
    return urllib.parse.quote(text, safe="-_.~")
