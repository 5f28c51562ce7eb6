"""The programs of the control plane: built once, whole or not at all, of the release that stacks get. No plane runs."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from bedplate import catalog
from bedplate.errors import BedplateError
from tests.support.control_plane.programs import PROGRAMS, install

GO = """#!{python} -IS
import pathlib, sys
words = sys.argv[1:]
if words[0] == "version":
    print("go version go1.99.0 linux/amd64")
    raise SystemExit
with open({log!r}, "a") as log:
    print(*words, file=log)
{during}
for package in words[words.index("-o") + 2:]:
    name = "server" if package.endswith("/v3") else package.rpartition("/")[2]
    program = pathlib.Path(words[words.index("-o") + 1]) / name
    program.touch()
    program.chmod(0o755)
"""


@pytest.fixture
def add_go(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Path]:
    """Return a function that makes a `go` the only program on PATH, which makes files and compiles nothing."""
    (tmp_path / "bin").mkdir()
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    monkeypatch.setenv("BEDPLATE_CACHE", str(tmp_path / "cache"))

    def add(during: str = "") -> Path:
        log = tmp_path / "built.log"
        program = tmp_path / "bin" / "go"
        program.write_text(GO.format(python=sys.executable, log=str(log), during=during))
        program.chmod(0o755)
        return log

    return add


def kept(folder: Path) -> list[str]:
    return sorted(path.name for path in (folder / "cache" / "control-plane").iterdir() if path.name != ".lock")


def test_the_release_is_the_one_that_stacks_get_by_default() -> None:
    (default,) = (version for version in catalog.kubernetes_versions("aws") if version.is_default)
    assert PROGRAMS.version.rpartition(".")[0] == default.version


def test_programs_are_built_once_and_found_again(tmp_path: Path, add_go: Callable[..., Path]) -> None:
    log = add_go()
    programs = install()
    assert {path.name for path in programs.iterdir()} == set(PROGRAMS.names)
    assert all(os.access(programs / name, os.X_OK) for name in PROGRAMS.names)
    assert install() == programs
    assert len(log.read_text().splitlines()) == 1
    assert kept(tmp_path) == [programs.name]


def test_they_know_their_version(add_go: Callable[..., Path]) -> None:
    log = add_go()
    install()
    assert f"-X k8s.io/component-base/version.gitVersion=v{PROGRAMS.version}" in log.read_text()


def test_programs_with_one_missing_are_built_again(add_go: Callable[..., Path]) -> None:
    log = add_go()
    (install() / "kube-scheduler").unlink()
    install()
    assert len(log.read_text().splitlines()) == 2


def test_a_build_that_fails_leaves_nothing_and_says_what_helps(tmp_path: Path, add_go: Callable[..., Path]) -> None:
    add_go("sys.exit('x.go:1:2: dial tcp 10.0.0.1:443: connection refused')")
    with pytest.raises(BedplateError, match="a Go module cannot be downloaded") as caught:
        install()
    assert "GOPROXY" in caught.value.hint
    assert kept(tmp_path) == []


def test_without_go_the_reason_is_plain(add_go: Callable[..., Path]) -> None:
    with pytest.raises(BedplateError, match="no `go` on PATH") as caught:
        install()
    assert caught.value.hint.startswith("Install Go 1.")
