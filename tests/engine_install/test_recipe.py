"""The key under which a built engine is kept: it changes with whatever changes the engine, and only with that."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from bedplate.engine.go_source import Manifest, is_engine_of
from bedplate.engine.recipe import GoRelease, Recipe, digest, engine_key, find_recipe, parse_go_version
from bedplate.engine.requirements import requirements, why_not_good_enough

if TYPE_CHECKING:
    from pathlib import Path

GO = GoRelease("go1.26.8", "linux/amd64")

GO_MOD = """module engine

go 1.25.11

require (
	github.com/pulumi/pulumi/pkg/v3 v3.250.0 // indirect
	github.com/pulumi/pulumi/sdk/v3 v3.250.0
)
"""


def recipe_in(directory: Path, **changed: str) -> Recipe:
    files = {
        "go.mod": GO_MOD,
        "go.sum": "x h1:y\n",
        "language-host/main.go": "package main\n",
        "language-host/main_test.go": "package main\n",
    }
    for name, content in (files | changed).items():
        path = directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, encoding="utf-8")
    return Recipe(directory)


@pytest.mark.parametrize(
    ("changed", "same"),
    [
        ({}, True),
        ({"language-host/main_test.go": "package main // tested better\n"}, True),
        ({"README.md": "words\n"}, True),
        ({"go.sum": "x h1:z\n"}, False),
        ({"go.mod": GO_MOD.replace("pkg/v3 v3.250.0", "pkg/v3 v3.251.0")}, False),
        ({"language-host/main.go": "package main // other\n"}, False),
        ({"language-host/more.go": "package main\n"}, False),
    ],
)
def test_the_key_follows_the_sources(tmp_path: Path, changed: dict[str, str], same: bool) -> None:
    before = engine_key(recipe_in(tmp_path / "before"), GO)
    after = engine_key(recipe_in(tmp_path / "after", **changed), GO)
    assert (before == after) is same


@pytest.mark.parametrize("other", [GoRelease("go1.26.9", "linux/amd64"), GoRelease("go1.26.8", "linux/arm64")])
def test_the_key_follows_the_go_release_and_the_platform(tmp_path: Path, other: GoRelease) -> None:
    recipe = recipe_in(tmp_path)
    assert engine_key(recipe, GO) != engine_key(recipe, other)


def test_a_changed_language_host_does_not_change_what_the_cli_is_built_from(tmp_path: Path) -> None:
    before = recipe_in(tmp_path / "before")
    after = recipe_in(tmp_path / "after", **{"language-host/main.go": "package main // other\n"})
    assert before.modules_digest == after.modules_digest
    assert before.sources_digest != after.sources_digest


def test_neighbouring_parts_do_not_run_together() -> None:
    assert digest({"a": b"bc"}) != digest({"ab": b"c"})
    assert digest({"a": b"1", "b": b"2"}) == digest({"b": b"2", "a": b"1"})
    assert digest({"a": b"1", "b": b"2"}) != digest({"a": b"2", "b": b"1"})


@pytest.mark.parametrize(
    ("answer", "release"),
    [
        ("go version go1.26.8 linux/amd64\n", GO),
        ("go version go1.27rc1 X:nocoverageredesign darwin/arm64\n", GoRelease("go1.27rc1", "darwin/arm64")),
        ("zsh: command not found: go\n", None),
        ("", None),
    ],
)
def test_the_go_release_is_read_from_go_version(answer: str, release: GoRelease | None) -> None:
    assert parse_go_version(answer) == release


def test_go_mod_without_a_version_is_named(tmp_path: Path) -> None:
    recipe = recipe_in(tmp_path, **{"go.mod": "module engine\n"})
    with pytest.raises(ValueError, match="does not name the version of the Pulumi CLI"):
        _ = recipe.version


@pytest.mark.parametrize(
    ("change", "go", "usable"),
    [
        ({}, GO, True),
        ({}, None, True),
        ({}, GoRelease("go1.27.0", "linux/amd64"), False),
        ({"sources": "other"}, GO, False),
        ({"sources": "other"}, None, False),
        ({"platform": "linux/arm64"}, GO, False),
    ],
)
def test_which_built_engine_belongs_to_a_recipe(
    tmp_path: Path, change: dict[str, str], go: GoRelease | None, usable: bool
) -> None:
    recipe = recipe_in(tmp_path)
    fields = {
        "version": "3.250.0",
        "sources": recipe.sources_digest,
        "modules": recipe.modules_digest,
        "go": GO.version,
        "platform": GO.platform,
    }
    assert is_engine_of(Manifest(**(fields | change)), recipe, go) is usable


def test_the_clone_pins_an_engine_that_is_good_enough() -> None:
    recipe = find_recipe()
    assert recipe is not None
    assert why_not_good_enough(recipe.version, requirements().minimum) == ""
