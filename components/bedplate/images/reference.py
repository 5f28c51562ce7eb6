"""The name of a container image, taken apart as container runtimes do (distribution/reference, normalize.go)."""

from __future__ import annotations

import re
from dataclasses import dataclass

from bedplate.errors import UsageError

DIGEST = re.compile(r"sha256:[0-9a-f]{64}")

_DEFAULT_REGISTRY = "docker.io"
_OFFICIAL = "library"
"""Where Docker Hub keeps images whose name has one word: `alpine` is `docker.io/library/alpine`."""

_REPOSITORY = re.compile(r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*(?:/[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*)*")
_TAG = re.compile(r"\w[\w.-]{0,127}", re.ASCII)
_REGISTRY = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?(?::\d{1,5})?|\[[0-9a-fA-F:]+\](?::\d{1,5})?")


@dataclass(frozen=True, slots=True)
class Reference:
    """An image in a registry: by `tag`, by `digest`, or by both, of which a runtime then takes the digest."""

    registry: str
    repository: str
    tag: str = ""
    digest: str = ""

    def __str__(self) -> str:
        """Return the whole name, with the registry that a short one leaves out."""
        tag = f":{self.tag}" if self.tag else ""
        return f"{self.registry}/{self.repository}{tag}" + (f"@{self.digest}" if self.digest else "")


def parse_reference(text: str) -> Reference:
    """Return what the name of an image says; raises `UsageError` for a text that names none."""
    name, _, digest = text.partition("@")
    registry, path = _registry(name)
    repository, _, tag = path.partition(":")
    right = (
        _REGISTRY.fullmatch(registry)
        and _REPOSITORY.fullmatch(repository)
        and (_TAG.fullmatch(tag) if ":" in path else True)
        and (DIGEST.fullmatch(digest) if "@" in text else True)
    )
    if not right:
        raise UsageError(f"{text!r} is not the name of a container image", hint="registry.example.com/engine:1.2")
    if registry == _DEFAULT_REGISTRY and "/" not in repository:
        repository = f"{_OFFICIAL}/{repository}"
    return Reference(registry, repository, tag, digest)


def names_registry(text: str) -> bool:
    """Return whether an image's name begins with a registry; one without may be in an account's own."""
    first, slash, _ = text.partition("/")
    return bool(slash) and ("." in first or ":" in first or first == "localhost")


def _registry(name: str) -> tuple[str, str]:
    if not names_registry(name):
        return _DEFAULT_REGISTRY, name
    registry, _, path = name.partition("/")
    return registry, path
