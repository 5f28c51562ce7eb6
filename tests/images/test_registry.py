"""Digests come from registries: with a token for anybody, over redirects, and never from what does not fit."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import pytest

from bedplate.errors import BedplateError
from bedplate.images.reference import Reference
from bedplate.images.registry import MOST_BYTES, resolve
from tests.images.registries import INDEX, MANIFEST, TOKEN, Registry, serving

CONTENT = {"schemaVersion": 2, "manifests": []}


@pytest.fixture
def registry() -> Iterator[Registry]:
    with serving() as served:
        yield served


def image(registry: Registry, repository: str = "team/app") -> Reference:
    return Reference(registry.host, repository, "1")


@pytest.mark.parametrize("media_type", [INDEX, MANIFEST])
@pytest.mark.parametrize("needs_token", [False, True])
def test_the_digest_of_a_tag(registry: Registry, media_type: str, needs_token: bool) -> None:
    registry.needs_token = needs_token
    digest = registry.put("team/app", "1", CONTENT, media_type)
    found = resolve(image(registry))
    assert (found.digest, found.media_type) == (digest, media_type)
    accepted = registry.asked[-1][1]["Accept"]
    assert INDEX in accepted
    assert accepted.index(INDEX) < accepted.index(MANIFEST), "one digest for all processors where there is one"


def test_a_token_is_for_one_repository_to_read(registry: Registry) -> None:
    registry.needs_token = True
    registry.put("team/app", "1", CONTENT)
    resolve(image(registry))
    paths = [path for path, _ in registry.asked]
    assert paths[1] == "/token?service=registry&scope=repository%3Ateam%2Fapp%3Apull"
    assert "Authorization" not in registry.asked[1][1]


def test_a_registry_that_says_no_digest_is_believed_by_its_content(registry: Registry) -> None:
    registry.digest = ""
    digest = registry.put("team/app", "1", CONTENT)
    assert resolve(image(registry)).digest == digest


def test_a_redirect_is_followed_without_the_token(registry: Registry) -> None:
    with serving() as other:
        registry.needs_token = True
        digest = other.put("team/app", "1", CONTENT)
        registry.elsewhere = f"http://{other.host}"
        assert resolve(image(registry)).digest == digest
        assert all("Authorization" not in headers for _, headers in other.asked)


def test_the_token_stays_with_who_gave_it(registry: Registry) -> None:
    with serving() as other:
        registry.needs_token = True
        registry.put("team/app", "1", CONTENT)
        other.needs_token = True
        other.realm = f"http://{registry.host}/token"
        other.elsewhere = ""
        other.put("team/app", "1", CONTENT)
        resolve(image(other))
        sent = [headers["Authorization"] for _, headers in other.asked if "Authorization" in headers]
        assert sent == [f"Bearer {TOKEN} repository:team/app:pull"]


def refused(registry: Registry, repository: str = "team/app") -> str:
    with pytest.raises(BedplateError) as error:
        resolve(image(registry, repository))
    return error.value.message


def test_an_image_that_is_not_there(registry: Registry) -> None:
    assert refused(registry) == f"{registry.host} answers 404 Not Found (manifest unknown)"


def test_a_digest_that_is_not_that_of_the_content(registry: Registry) -> None:
    registry.put("team/app", "1", CONTENT)
    registry.digest = f"sha256:{'0' * 64}"
    assert "of a manifest whose digest is sha256:" in refused(registry)


def test_what_is_no_image(registry: Registry) -> None:
    registry.put("team/app", "1", CONTENT, "text/html; charset=utf-8")
    assert refused(registry).endswith("answers with text/html, which is no image")


def test_more_than_a_manifest_may_be(registry: Registry) -> None:
    registry.put("team/app", "1", "x" * (MOST_BYTES + 1))
    assert "sends more than 4 MiB" in refused(registry)


@pytest.mark.parametrize("realm", ["http://registry.example.com/token", "file:///etc/passwd"])
def test_a_token_is_not_asked_for_in_the_clear(registry: Registry, realm: str) -> None:
    registry.needs_token, registry.realm = True, realm
    assert "is not encrypted" in refused(registry)


def test_a_redirect_into_the_clear_is_not_followed(registry: Registry) -> None:
    registry.elsewhere = "http://registry.example.com"
    assert "is not encrypted" in refused(registry)


def test_nobody_answers() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with pytest.raises(BedplateError, match=f"127.0.0.1:{port} cannot be reached: "):
        resolve(Reference(f"127.0.0.1:{port}", "team/app", "1"))
