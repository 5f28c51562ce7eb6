"""Asks a registry for the digest that a tag has now, as the OCI distribution specification 1.1 says ("Pulling
manifests"; tokens: distribution/distribution, docs/content/spec/auth/token.md).

Anonymously: only public images can be asked for, and no credential of this machine is looked for or sent.
"""

from __future__ import annotations

import hashlib
import http.client
import ipaddress
import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.error import HTTPError, URLError
from urllib.parse import urlencode, urlsplit
from urllib.request import HTTPRedirectHandler, Request, build_opener

from bedplate.errors import BedplateError, printable
from bedplate.images.reference import DIGEST

if TYPE_CHECKING:
    from bedplate.images.reference import Reference

INDEXES = ("application/vnd.oci.image.index.v1+json", "application/vnd.docker.distribution.manifest.list.v2+json")
"""What stands for an image of several processors. Its digest is right on all of them."""

MANIFESTS = ("application/vnd.oci.image.manifest.v1+json", "application/vnd.docker.distribution.manifest.v2+json")

SECONDS = 30.0
MOST_BYTES = 4 * 1024 * 1024
"""The largest manifest that a registry has to take (specification, "Pushing manifests")."""

_HOSTS = {"docker.io": "registry-1.docker.io"}
"""Where a registry answers that has another name in images (moby/moby registry/config.go, DefaultV2Registry)."""

_PARAMETER = re.compile(r'(\w+)="([^"]*)"')


@dataclass(frozen=True, slots=True)
class Found:
    """What a tag stands for now. `media_type` tells whether it is an image of one processor or of several."""

    digest: str
    media_type: str


class _Redirects(HTTPRedirectHandler):
    """Follows a redirect as `_allowed` does a first address, and takes the token along to the same server only."""

    def redirect_request(self, req: Request, fp: Any, code: int, msg: str, headers: Any, newurl: str) -> Request | None:
        _allowed(newurl)
        following = super().redirect_request(req, fp, code, msg, headers, newurl)
        if following is not None and urlsplit(newurl).netloc != urlsplit(req.full_url).netloc:
            following.remove_header("Authorization")
        return following


def resolve(image: Reference) -> Found:
    """Return the digest that an image's tag has in its registry now.

    Raises `BedplateError` when the registry cannot be reached, does not know the image or shows it to nobody without
    credentials, and when what it sends is not what it says.
    """
    host = _HOSTS.get(image.registry, image.registry)
    url = f"{'http' if _is_here(host) else 'https'}://{host}/v2/{image.repository}/manifests/{image.tag}"
    try:
        return _manifest(url, "")
    except _NeedsTokenError as challenge:
        token = _token(challenge.parameters, image)
    try:
        return _manifest(url, token)
    except _NeedsTokenError:
        raise BedplateError(f"{_server(url)} refuses its own token: the image may not be public") from None


class _NeedsTokenError(Exception):
    def __init__(self, parameters: dict[str, str]) -> None:
        super().__init__()
        self.parameters = parameters


def _manifest(url: str, token: str) -> Found:
    headers = {"Accept": ", ".join((*INDEXES, *MANIFESTS))} | ({"Authorization": f"Bearer {token}"} if token else {})
    body, answered = _get(url, headers)
    digest = f"sha256:{hashlib.sha256(body).hexdigest()}"
    said = answered.get("Docker-Content-Digest") or digest
    if said != digest:
        raise BedplateError(f"{_server(url)} says {printable(said)} of a manifest whose digest is {digest}")
    media_type = (answered.get("Content-Type") or "").partition(";")[0].strip()
    if media_type not in (*INDEXES, *MANIFESTS):
        raise BedplateError(f"{_server(url)} answers with {printable(media_type) or 'no type'}, which is no image")
    assert DIGEST.fullmatch(digest)  # noqa: S101  it was computed above
    return Found(digest, media_type)


def _token(parameters: dict[str, str], image: Reference) -> str:
    realm = parameters.get("realm", "")
    asked = {"service": parameters.get("service", ""), "scope": f"repository:{image.repository}:pull"}
    url = f"{realm}{'&' if '?' in realm else '?'}{urlencode({key: value for key, value in asked.items() if value})}"
    body, _ = _get(url, {"Accept": "application/json"})
    try:
        answer = json.loads(body)
        token = answer.get("token") or answer.get("access_token")
    except (ValueError, AttributeError):
        token = None
    if not isinstance(token, str) or not token.isprintable():
        raise BedplateError(f"{_server(url)} gives no token for {image.repository}")
    return token


def _get(url: str, headers: dict[str, str]) -> tuple[bytes, Any]:
    _allowed(url)
    request = Request(url, headers={"User-Agent": "bedplate", **headers})  # noqa: S310  `_allowed` checks the address
    try:
        with build_opener(_Redirects).open(request, timeout=SECONDS) as answer:
            body = answer.read(MOST_BYTES + 1)
            if len(body) > MOST_BYTES:
                raise BedplateError(f"{_server(url)} sends more than {MOST_BYTES // 2**20} MiB, which is no manifest")
            return body, answer.headers
    except HTTPError as error:
        challenge = error.headers.get("WWW-Authenticate") or ""
        if error.code == http.HTTPStatus.UNAUTHORIZED and challenge.lower().startswith("bearer "):
            raise _NeedsTokenError(dict(_PARAMETER.findall(challenge))) from None
        said = f"{error.code} {printable(str(error.reason))}{_why(error)}"
        raise BedplateError(f"{_server(url)} answers {said}") from None
    except (URLError, OSError, http.client.HTTPException) as error:
        reason = getattr(error, "reason", None) or error
        raise BedplateError(f"{_server(url)} cannot be reached: {printable(str(reason))}") from None


def _why(error: HTTPError) -> str:
    """Return a registry's own words, which the specification puts into a list of errors."""
    try:
        messages = [str(one.get("message") or one.get("code")) for one in json.loads(error.read(MOST_BYTES))["errors"]]
    except (ValueError, KeyError, TypeError, AttributeError, OSError):
        return ""
    return f" ({printable('; '.join(messages))})" if messages else ""


def _allowed(url: str) -> None:
    """Raise for an address that is not encrypted, unless it is on this machine: a registry of a test, for example."""
    parts = urlsplit(url)
    if parts.scheme != "https" and not (parts.scheme == "http" and _is_here(parts.netloc)):
        raise BedplateError(f"{printable(url)} is not encrypted, so what it answers may be anybody's")


def _is_here(netloc: str) -> bool:
    host = urlsplit(f"//{netloc}").hostname or ""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _server(url: str) -> str:
    return urlsplit(url).netloc
