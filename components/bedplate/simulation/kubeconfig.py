"""Reads the kubeconfig of a test cluster, and refuses what could lead to a real one.

Read is the file that was named, never `$KUBECONFIG` or `~/.kube/config`. A cluster on this machine is reached at a
loopback address, over TLS, without a proxy; what looks otherwise may end at a cluster that people depend on:
`kubectl proxy` listens on plain HTTP, tunnels name the server that they really lead to, and credential plugins belong
to clouds.
"""

from __future__ import annotations

import base64
import binascii
import ipaddress
import ssl
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import yaml

from bedplate.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping

_ONLY_LOCAL = "sim applies to a test cluster on this machine and to nothing else; for a real one, use pulumi itself"
_TUNNELS = {"proxy-url": "goes through a proxy", "tls-server-name": "is known by another name, as behind a tunnel"}


@dataclass(frozen=True, slots=True)
class Access:
    """How to speak to one API server: its address, the TLS context with client certificate, and a bearer token."""

    server: str
    tls: ssl.SSLContext
    token: str = ""
    context: str = ""


def read_kubeconfig(path: Path) -> Access:
    """Return the access that a kubeconfig's current context gives.

    Raises `UsageError` for a file that is none, and for a server that may not be on this machine.
    """
    document = _document(path)
    context = str(document.get("current-context") or "")
    chosen = _named(path, document, "context", context)
    cluster = _named(path, document, "cluster", str(chosen.get("cluster") or ""))
    user = _named(path, document, "user", str(chosen.get("user") or "")) if chosen.get("user") else {}
    server = str(cluster.get("server") or "").rstrip("/")
    refuse_remote(path, server, cluster)
    if plugin := next((name for name in ("exec", "auth-provider") if user.get(name)), ""):
        raise UsageError(f"{path}: its user logs in with a credential plugin ({plugin})", hint=_ONLY_LOCAL)
    return Access(server, _tls(path, cluster, user), _token(path, user), context)


def refuse_remote(path: Path, server: str, cluster: Mapping[str, Any]) -> None:
    """Raise `UsageError` unless a server is reached on this machine, directly and over TLS."""
    address = urlsplit(server)
    if not _is_loopback(address.hostname or ""):
        raise UsageError(f"{path}: server {server or '(none)'} is not on this machine", hint=_ONLY_LOCAL)
    if address.scheme != "https":
        raise UsageError(
            f"{path}: server {server} does not use TLS; `kubectl proxy` and the like lead to another cluster",
            hint=_ONLY_LOCAL,
        )
    for key, what in _TUNNELS.items():
        if cluster.get(key):
            raise UsageError(f"{path}: server {server} {what} ({key}: {cluster[key]})", hint=_ONLY_LOCAL)


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _document(path: Path) -> dict[str, Any]:
    try:
        document = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"cannot read the kubeconfig {path}: {error}") from None
    except yaml.YAMLError as error:
        raise UsageError(f"{path}: not YAML: {str(error).splitlines()[0]}") from None
    if not isinstance(document, dict) or not document.get("clusters"):
        raise UsageError(f"{path}: not a kubeconfig: it has no clusters")
    return document


def _named(path: Path, document: Mapping[str, Any], kind: str, name: str) -> Mapping[str, Any]:
    """Return the entry of a name: `contexts: [{name: x, context: {...}}]`, and likewise for clusters and users."""
    for entry in document.get(f"{kind}s") or []:
        if isinstance(entry, dict) and entry.get("name") == name:
            found = entry.get(kind)
            return found if isinstance(found, dict) else {}
    raise UsageError(f"{path}: no {kind} is named {name!r}")


def _tls(path: Path, cluster: Mapping[str, Any], user: Mapping[str, Any]) -> ssl.SSLContext:
    context = ssl.create_default_context()
    try:
        if cluster.get("insecure-skip-tls-verify"):
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
        elif authority := _content(path, cluster, "certificate-authority"):
            context = ssl.create_default_context(cadata=authority.decode())
        certificate, key = _content(path, user, "client-certificate"), _content(path, user, "client-key")
        if certificate and key:
            _load_client_certificate(context, certificate, key)
    except (ssl.SSLError, ValueError) as error:
        raise UsageError(f"{path}: a certificate or key cannot be used: {error}") from None
    return context


def _load_client_certificate(context: ssl.SSLContext, certificate: bytes, key: bytes) -> None:
    """Load a certificate that Python's ssl takes from files only; nobody else can read them, and they do not stay."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "client.pem"
        file.write_bytes(certificate + b"\n" + key)
        context.load_cert_chain(file)


def _content(path: Path, entry: Mapping[str, Any], name: str) -> bytes:
    """Return what a kubeconfig has in base64 (`name-data`) or in a file (`name`), or nothing."""
    if data := entry.get(f"{name}-data"):
        try:
            return base64.b64decode(str(data), validate=True)
        except binascii.Error as error:
            raise UsageError(f"{path}: {name}-data is not base64: {error}") from None
    return _file(path, entry, name)


def _token(path: Path, user: Mapping[str, Any]) -> str:
    return str(user.get("token") or "") or _file(path, user, "tokenFile").decode().strip()


def _file(path: Path, entry: Mapping[str, Any], name: str) -> bytes:
    """Return the content of the file that an entry names, relative to the kubeconfig, or nothing."""
    if not entry.get(name):
        return b""
    file = path.parent / str(entry[name])
    try:
        return file.read_bytes()
    except OSError as error:
        raise UsageError(f"{path}: {name}: {error}") from None
