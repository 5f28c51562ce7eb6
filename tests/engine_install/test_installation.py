"""Which way to an engine is taken, what is said when none leads there, and how an engine is run."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from bedplate.engine.installation import environment, first_available, install, locate
from bedplate.engine.model import LANGUAGE_HOST, SHIM, Engine, Progress, Unavailable
from bedplate.engine.progress import PlainProgress
from bedplate.errors import BedplateError

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.engine_install.conftest import Machine

ENGINES = {
    "path": Engine(Path("/usr/bin/pulumi"), "3.272.0", "path"),
    "official": Engine(Path("/cache/official/bin/pulumi"), "3.272.0", "official"),
    "built": Engine(Path("/cache/built/pulumi"), "3.250.0", "built"),
}


@pytest.mark.parametrize(
    ("available", "taken", "asked"),
    [
        (("path", "official", "built"), "path", ["path"]),
        (("official", "built"), "official", ["path", "official"]),
        (("built",), "built", ["path", "official", "built"]),
    ],
)
def test_the_first_way_that_works_is_taken_and_no_other_is_tried(
    available: tuple[str, ...], taken: str, asked: list[str]
) -> None:
    tried: list[str] = []

    def way(name: str) -> Callable[[Progress], Engine | Unavailable]:
        def attempt(_progress: Progress) -> Engine | Unavailable:
            tried.append(name)
            return ENGINES[name] if name in available else Unavailable(name, "not there", "get it")

        return attempt

    said: list[str] = []
    with PlainProgress(said.append) as progress:
        engine = first_available([way(name) for name in ENGINES], progress)
    assert (engine.origin, tried) == (taken, asked)
    assert said == [f"Passed over {name}: not there" for name in asked[:-1]]


def test_when_no_way_works_the_message_says_why_each_failed_and_what_would_help(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    machine.add_pulumi("v3.100.0")
    monkeypatch.setattr("bedplate.engine.official_source.why_unreachable", lambda address, seconds: "no network")
    with pytest.raises(BedplateError) as caught:
        install()
    assert caught.value.exit_code == 1
    assert caught.value.message.splitlines() == [
        "no Pulumi engine can be installed. Tried, in this order:",
        f"  pulumi on PATH: {machine.programs / 'pulumi'} cannot be used: it is version 3.100.0, older than 3.250.0",
        "  official download: no network",
        "  build from Go modules: no `go` on PATH",
    ]
    remedies = caught.value.hint.splitlines()
    assert remedies[0] == "Any one of these is enough:"
    assert [line.split()[1] for line in remedies[1:]] == ["install", "allow", "install"]


def test_locating_an_engine_changes_nothing(machine: Machine) -> None:
    assert locate() is None
    assert not machine.cache.exists()


def test_an_engine_on_path_needs_no_cache(machine: Machine) -> None:
    machine.add_pulumi("v3.272.0")
    machine.add(LANGUAGE_HOST)
    machine.add(SHIM)
    assert install().origin == "path"
    assert not machine.cache.exists()


@pytest.mark.parametrize(
    ("given", "path"),
    [
        ({"PATH": "/usr/bin:/bin"}, "/cache/built:/usr/bin:/bin"),
        ({"PATH": ""}, "/cache/built"),
        ({}, "/cache/built"),
    ],
)
def test_the_environment_puts_the_engine_first(given: dict[str, str], path: str) -> None:
    added = environment(ENGINES["built"], given)
    assert added["PATH"] == path
    assert added["PULUMI_SKIP_UPDATE_CHECK"] == "true"


def test_python_keeps_bytecode_in_the_environment_of_an_engine() -> None:
    given = os.environ | {"PYTHONDONTWRITEBYTECODE": "1"}
    question = "import sys; print(sys.dont_write_bytecode)"
    answer = subprocess.check_output(
        [sys.executable, "-c", question], env=given | environment(ENGINES["built"], given), text=True
    )
    assert answer == "False\n"
