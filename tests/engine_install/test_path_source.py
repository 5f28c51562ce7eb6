"""An engine on PATH: when it is used, and why it is not."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from bedplate.engine.model import LANGUAGE_HOST, SHIM, Engine, Unavailable
from bedplate.engine.path_source import find_host, from_path, read_version

if TYPE_CHECKING:
    from pathlib import Path

    from tests.engine_install.conftest import Machine


def test_a_whole_and_recent_installation_is_used(machine: Machine) -> None:
    pulumi = machine.add_pulumi("v3.272.0")
    machine.add(LANGUAGE_HOST)
    machine.add(SHIM)
    assert from_path() == Engine(pulumi, "3.272.0", "path")


@pytest.mark.parametrize(
    ("version", "others", "reason"),
    [
        (None, (LANGUAGE_HOST, SHIM), "no `pulumi` on PATH"),
        ("v3.100.0", (LANGUAGE_HOST, SHIM), "it is version 3.100.0, older than 3.250.0"),
        ("v4.0.0", (LANGUAGE_HOST, SHIM), "only 3.x is known to work"),
        ("Hello", (LANGUAGE_HOST, SHIM), "its version 'Hello' cannot be read"),
        ("v3.272.0", (), "has no pulumi-language-python beside it or on PATH"),
        ("v3.272.0", (SHIM,), "has no pulumi-language-python beside it or on PATH"),
        ("v3.272.0", (LANGUAGE_HOST,), "has no pulumi-language-python-exec beside it or on PATH"),
    ],
)
def test_anything_less_is_refused_with_its_reason(
    machine: Machine, version: str | None, others: tuple[str, ...], reason: str
) -> None:
    if version is not None:
        machine.add_pulumi(version)
    for name in others:
        machine.add(name)
    found = from_path()
    assert isinstance(found, Unavailable)
    assert reason in found.reason
    assert "install Pulumi 3.250.0 or newer" in found.remedy


def test_a_pulumi_that_fails_is_refused(machine: Machine) -> None:
    machine.add("pulumi", "raise SystemExit(3)")
    found = from_path()
    assert isinstance(found, Unavailable)
    assert "does not answer `pulumi version`" in found.reason


def test_a_file_that_is_no_program_has_no_version(tmp_path: Path) -> None:
    text = tmp_path / "pulumi"
    text.write_text("not a program", encoding="utf-8")
    assert read_version(text) is None
    assert read_version(tmp_path / "absent") is None


def test_a_linked_pulumi_finds_the_host_beside_the_real_one(machine: Machine, tmp_path: Path) -> None:
    real = tmp_path / "cellar" / "pulumi"
    machine.add_pulumi("v3.272.0", real)
    host = machine.add(LANGUAGE_HOST, directory=real)
    machine.add(SHIM, directory=real)
    link = machine.programs / "pulumi"
    link.symlink_to(real / "pulumi")
    assert from_path() == Engine(link, "3.272.0", "path")
    assert find_host(link, os.environ["PATH"]) == host


def test_a_host_elsewhere_on_path_will_do(machine: Machine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pulumi = machine.add_pulumi("v3.272.0")
    machine.add(LANGUAGE_HOST, directory=tmp_path / "more")
    machine.add(SHIM, directory=tmp_path / "more")
    monkeypatch.setenv("PATH", os.pathsep.join([str(machine.programs), str(tmp_path / "more")]))
    assert from_path() == Engine(pulumi, "3.272.0", "path")
