"""Requests, and which failures pass by themselves."""

from __future__ import annotations

import os
import time
import urllib.error
import urllib.parse
import urllib.request
from http.client import HTTPException
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

T = TypeVar("T")

ATTEMPTS = 5
TIMEOUT_SECONDS = 60


class CopyError(Exception):
    """The copy cannot go on; the message is for people."""


class _KeepTokenHome(urllib.request.HTTPRedirectHandler):
    """Follows redirections, and does not show the token to another host."""

    def redirect_request(
        self, req: urllib.request.Request, fp: Any, code: int, msg: str, headers: Any, newurl: str
    ) -> urllib.request.Request | None:
        request = super().redirect_request(req, fp, code, msg, headers, newurl)
        if request is not None and urllib.parse.urlsplit(newurl).netloc != urllib.parse.urlsplit(req.full_url).netloc:
            request.remove_header("Authorization")
        return request


_OPENER = urllib.request.build_opener(_KeepTokenHome)


def ask(method: str, url: str, headers: Mapping[str, str], body: bytes | None = None) -> Any:
    """Return the answer to a request; raises `urllib.error.HTTPError` for statuses from 400 on."""
    if not url.startswith(("https://", "http://")):
        raise CopyError(f"{url} is not a web address")
    request = urllib.request.Request(url, data=body, method=method, headers=dict(headers))  # noqa: S310  checked above
    return _OPENER.open(request, timeout=TIMEOUT_SECONDS)


def persistently(what: str, work: Callable[[], T]) -> T:
    """Return what `work` returns, trying again after failures that pass: dropped connections, 429 and 5xx."""
    for attempt in range(1, ATTEMPTS + 1):
        try:
            return work()
        except urllib.error.HTTPError as error:
            if error.code not in (408, 429) and error.code < 500:
                raise CopyError(f"{what}: {error.code} {error.reason}") from None
            problem: Exception = error
        except (OSError, HTTPException) as error:
            problem = error
        if attempt < ATTEMPTS:
            time.sleep(float(os.environ.get("BEDPLATE_RETRY_SECONDS", "2")) * attempt)
    raise CopyError(f"{what}: {problem} ({ATTEMPTS} attempts)")
