"""Requests to the interface of a code host: JSON, page by page, with a token that goes nowhere else."""

from __future__ import annotations

import ipaddress
import json
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.error import HTTPError, URLError
from urllib.parse import urlsplit
from urllib.request import HTTPRedirectHandler, Request, build_opener

from bedplate.errors import BedplateError, UsageError, printable

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

SECONDS = 30.0
MOST_PAGES = 1000
"""Pages of 100: more than any pull request has. It ends a server that never stops to name a next page."""

NEXT_PAGE = re.compile(r'<([^>]+)>\s*;[^,]*\brel="?next"?')


class _NoRedirects(HTTPRedirectHandler):
    """Follows no redirect: the token would follow it too, wherever it leads."""

    def redirect_request(self, *_: Any, **__: Any) -> None:
        return None


@dataclass(frozen=True, slots=True)
class Api:
    """The interface at `root`; `headers` hold the token, which is in no message and no representation."""

    root: str
    headers: Mapping[str, str] = field(repr=False)

    def pages(self, path: str) -> Iterator[Any]:
        """Yield every element of a list that comes in pages."""
        url = f"{self.root}/{path}"
        for _ in range(MOST_PAGES):
            elements, following = self._send("GET", url, None)
            if not isinstance(elements, list):
                raise BedplateError(f"GET {_place(url)}: the answer is no list")
            yield from elements
            if not following:
                return
            if _origin(following) != _origin(self.root):
                raise BedplateError(f"GET {_place(url)}: the next page is on another server, which gets no token")
            url = following
        raise BedplateError(f"GET {_place(url)}: more than {MOST_PAGES} pages")

    def send(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> Any:
        """Send one request and return the answer; raises BedplateError with the server's own words."""
        answer, _ = self._send(method, f"{self.root}/{path}", body)
        return answer

    def _send(self, method: str, url: str, body: Mapping[str, Any] | None) -> tuple[Any, str]:
        data = None if body is None else json.dumps(body).encode()
        headers = {**self.headers, "Accept": "application/json", "User-Agent": "bedplate"}
        if data is not None:
            headers["Content-Type"] = "application/json"
        request = Request(url, data, headers, method=method)  # noqa: S310  `checked_root` allows https alone
        try:
            with build_opener(_NoRedirects).open(request, timeout=SECONDS) as answer:
                text = answer.read().decode()
                following = NEXT_PAGE.search(answer.headers.get("Link") or "")
        except HTTPError as error:
            raise RefusedError(method, url, error.code, _words(error)) from None
        except (URLError, TimeoutError, UnicodeDecodeError) as error:
            reason = getattr(error, "reason", error)
            raise BedplateError(f"{method} {_place(url)}: {printable(str(reason))}") from None
        try:
            return json.loads(text) if text else None, following[1] if following else ""
        except ValueError:
            raise BedplateError(f"{method} {_place(url)}: the answer is no JSON") from None


class RefusedError(BedplateError):
    """The server answered, and refused; `status` is its HTTP status."""

    def __init__(self, method: str, url: str, status: int, words: str) -> None:
        hint = "may the token write comments there?" if status in (401, 403, 404) else ""
        super().__init__(f"{method} {_place(url)}: {status} {words}".rstrip(), hint=hint)
        self.status = status


def checked_root(url: str) -> str:
    """Return the address of an interface; raises UsageError when a token would travel in the clear."""
    parts = urlsplit(url)
    if parts.scheme == "https" or (parts.scheme == "http" and _is_this_machine(parts.hostname or "")):
        return url.rstrip("/")
    raise UsageError(f"{printable(url)} is not https: a token would travel in the clear")


def _is_this_machine(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _origin(url: str) -> tuple[str, str]:
    parts = urlsplit(url)
    return parts.scheme, parts.netloc


def _place(url: str) -> str:
    """Return an address without its query: that is where a token would be, if somebody put one there."""
    parts = urlsplit(url)
    return printable(f"{parts.scheme}://{parts.hostname}{parts.path}")


def _words(error: HTTPError) -> str:
    try:
        answer = json.loads(error.read().decode(errors="replace"))
    except (ValueError, OSError):
        return ""
    said = answer.get("message") or answer.get("error") if isinstance(answer, dict) else ""
    return printable(str(said))[:300] if said else ""
