"""A code host on 127.0.0.1 that keeps comments in pages, as GitHub and GitLab do."""

from __future__ import annotations

import json
import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

if TYPE_CHECKING:
    from collections.abc import Iterator

TOKEN = "the-token"
PER_PAGE = 100
BOT = {"login": "github-actions[bot]", "id": 7}
OTHER = {"login": "somebody", "id": 8}


@dataclass(slots=True)
class Host:
    """What the server holds and has seen. `next_page` overrides where it says that the next page is."""

    comments: list[dict[str, Any]] = field(default_factory=list)
    pulls: list[dict[str, Any]] = field(default_factory=list)
    requests: list[tuple[str, str]] = field(default_factory=list)
    next_page: str = ""
    refuse: dict[str, int] = field(default_factory=dict)
    redirect: str = ""
    root: str = ""

    def add(self, text: str, author: dict[str, Any] = BOT, **more: Any) -> None:
        """Add a comment; both hosts' names of the author are there."""
        self.comments.append({"id": 1000 + len(self.comments), "body": text, "user": author, "author": author, **more})

    def texts(self) -> list[str]:
        """Return the texts of all comments."""
        return [comment["body"] for comment in self.comments]

    def answer(self, method: str, path: str, body: dict[str, Any]) -> Any:
        """Do what a request asks for; None means that there is no such thing."""
        if path.endswith("/user"):
            return BOT
        if path.endswith("/pulls"):
            return self.pulls
        if method == "GET":
            return self.comments
        if method == "POST":
            self.add(body["body"])
            return self.comments[-1]
        identity = int(path.rpartition("/")[2])
        found = [comment for comment in self.comments if comment["id"] == identity]
        if found:
            found[0]["body"] = body["body"]
        return found[0] if found else None


class Handler(BaseHTTPRequestHandler):
    """Answers requests from the `Host` that its server carries."""

    @property
    def host(self) -> Host:
        """What the server holds."""
        assert isinstance(self.server, CommentServer)
        return self.server.host

    def do_GET(self) -> None:
        self._answer("GET")

    def do_POST(self) -> None:
        self._answer("POST")

    def do_PATCH(self) -> None:
        self._answer("PATCH")

    def do_PUT(self) -> None:
        self._answer("PUT")

    def _answer(self, method: str) -> None:
        self.host.requests.append((method, self.path))
        parts = urlsplit(self.path)
        length = int(self.headers.get("Content-Length") or 0)
        body = json.loads(self.rfile.read(length)) if length else {}
        if self.host.redirect:
            self._send(302, {}, {"Location": self.host.redirect})
        elif TOKEN not in (self.headers.get("Authorization") or self.headers.get("PRIVATE-TOKEN") or ""):
            self._send(401, {"message": "Bad credentials"})
        elif method in self.host.refuse:
            self._send(self.host.refuse[method], {"message": "Resource not accessible by integration"})
        else:
            self._page(parts.path, parts.query, self.host.answer(method, parts.path, body))

    def _page(self, path: str, query: str, answer: Any) -> None:
        if not isinstance(answer, list):
            self._send(404 if answer is None else 200, answer or {"message": "Not Found"})
            return
        page = int(parse_qs(query).get("page", ["1"])[0])
        links = {}
        if page * PER_PAGE < len(answer):
            here = f"{self.host.root}{path}?per_page={PER_PAGE}"
            following = self.host.next_page or f"{here}&page={page + 1}"
            links["Link"] = f'<{here}>; rel="first", <{following}>; rel="next"'
        self._send(200, answer[(page - 1) * PER_PAGE : page * PER_PAGE], links)

    def _send(self, status: int, value: Any, headers: dict[str, str] | None = None) -> None:
        data = json.dumps(value).encode()
        self.send_response(status)
        for name, text in {"Content-Length": str(len(data)), **(headers or {})}.items():
            self.send_header(name, text)
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_: Any) -> None:
        """Keep the output of tests clean."""


class CommentServer(ThreadingHTTPServer):
    """A server with what it holds."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.host = Host(root=f"http://127.0.0.1:{self.server_port}")


@contextmanager
def serving() -> Iterator[Host]:
    """Serve a host on a free port of 127.0.0.1 until the block ends."""
    server = CommentServer()
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield server.host
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
