"""Building with `go`: the environment it gets, its failures explained, and the cache it fills."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from bedplate.engine.go_source import build, installed_build
from bedplate.engine.go_toolchain import GoModule, build_variables, explain_failure, installed_go
from bedplate.engine.installation import install, locate
from bedplate.engine.model import LANGUAGE_HOST, SHIM, Engine, Silence, Unavailable
from bedplate.engine.recipe import GoRelease, find_recipe

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.engine_install.conftest import Machine


def test_go_runs_in_an_environment_that_gives_the_same_engine_everywhere() -> None:
    given = {
        "GOOS": "windows",
        "GOARCH": "arm64",
        "GOFLAGS": "-mod=mod",
        "CGO_ENABLED": "1",
        "GOWORK": "/x/go.work",
        "GOPROXY": "https://proxy.example.com",
        "HOME": "/home/mara",
    }
    assert build_variables(given) == {
        "CGO_ENABLED": "0",
        "GOWORK": "off",
        "GO111MODULE": "on",
        "GOPROXY": "https://proxy.example.com",
        "HOME": "/home/mara",
    }


@pytest.mark.parametrize(
    ("lines", "reason", "remedy"),
    [
        (
            ["go: go.mod requires go >= 1.25.11 (running go 1.22.2; GOTOOLCHAIN=local)"],
            "requires go >= 1.25.11",
            "install Go 1.25.11 or newer",
        ),
        (
            [
                "go: downloading github.com/pulumi/esc v0.25.0",
                'cmd.go:1:2: esc@v0.25.0: Get "https://proxy/esc.zip": dial tcp: lookup proxy: no such host',
            ],
            "a Go module cannot be downloaded",
            "GOPROXY",
        ),
        (
            ["x.go:1:2: github.com/pulumi/esc@v0.25.0: reading https://proxy/esc.zip: 403 Forbidden"],
            "a Go module cannot be downloaded",
            "GOPROXY",
        ),
        (["write /cache/x: no space left on device"], "no space left", "free 4 GB"),
        (["# bedplate/tools/engine/language-host", "./main.go:3:1: syntax error"], "syntax error", "by hand"),
        (["go: downloading github.com/pulumi/esc v0.25.0"], "without a message", "by hand"),
        ([], "without a message", "by hand"),
    ],
)
def test_a_failed_build_is_explained(lines: list[str], reason: str, remedy: str) -> None:
    failure = explain_failure(lines, GoModule(Path("tools/engine"), "1.25.11", ""), [HOST])
    assert reason in failure.reason
    assert remedy in failure.remedy


FAKE_GO = """
import os, pathlib, sys, time
words = sys.argv[1:]
log = pathlib.Path(LOG)
if words[0] == "version":
    print("go version go1.99.0 linux/amd64")
elif words[0] == "list":
    print(SDK)
else:
    with log.open("a") as out:
        print(words[-1], file=out)
    BUILD
    output = pathlib.Path(words[words.index("-o") + 1])
    output.write_text(f"#!{sys.executable} -IS\\nprint('vVERSION')\\n")
    output.chmod(0o755)
"""

CLI, HOST = "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi", "./language-host"


@pytest.fixture
def add_go(machine: Machine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Path]:
    """Return a function that puts a `go` on PATH which writes programs instead of compiling them."""
    monkeypatch.setattr(
        "bedplate.engine.installation.download", lambda progress: Unavailable("official download", "no network", "")
    )
    sdk = tmp_path / "sdk"
    (sdk / "python" / "cmd").mkdir(parents=True)
    (sdk / "python" / "cmd" / SHIM).write_text("shim", encoding="utf-8")
    recipe = find_recipe()
    assert recipe is not None

    def add(during_build: str = "pass", version: str = recipe.version) -> Path:
        log = tmp_path / "built.log"
        script = FAKE_GO.replace("LOG", repr(str(log))).replace("SDK", repr(str(sdk)))
        machine.add("go", script.replace("BUILD", during_build).replace("VERSION", version))
        return log

    return add


def test_an_engine_is_built_once_and_found_again(machine: Machine, add_go: Callable[..., Path]) -> None:
    log = add_go()
    assert locate() is None
    engine = install()
    assert engine.origin == "built"
    assert {path.name for path in engine.pulumi.parent.iterdir()} == {"engine.json", "pulumi", LANGUAGE_HOST, SHIM}
    assert os.access(engine.pulumi.parent / SHIM, os.X_OK)
    assert install() == locate() == engine
    assert log.read_text(encoding="utf-8").split() == [CLI, HOST]


def test_an_engine_is_still_found_when_go_is_gone(machine: Machine, add_go: Callable[..., Path]) -> None:
    add_go()
    engine = install()
    (machine.programs / "go").unlink()
    assert installed_go() is None
    assert locate() == engine


def test_an_engine_with_a_part_missing_is_built_again(machine: Machine, add_go: Callable[..., Path]) -> None:
    log = add_go()
    engine = install()
    (engine.pulumi.parent / LANGUAGE_HOST).unlink()
    assert locate() is None
    assert install() == engine
    assert log.read_text(encoding="utf-8").split() == [CLI, HOST, CLI, HOST]


def test_only_the_language_host_is_built_when_only_that_changed(machine: Machine, add_go: Callable[..., Path]) -> None:
    log = add_go()
    manifest = install().pulumi.parent / "engine.json"
    recipe = find_recipe()
    assert recipe is not None
    before = manifest.read_text(encoding="utf-8")
    manifest.write_text(before.replace(recipe.sources_digest, "an older language host"), encoding="utf-8")
    manifest.parent.rename(manifest.parent.with_name("built-older"))
    assert isinstance(build(Silence()), Engine)
    assert log.read_text(encoding="utf-8").split() == [CLI, HOST, HOST]


@pytest.mark.parametrize(
    ("during_build", "version", "reason"),
    [
        ("sys.exit('x.go:1:2: dial tcp 10.0.0.1:443: connection refused')", None, "module cannot be downloaded"),
        ("pass", "3.1.0", "what was built does not run"),
    ],
)
def test_a_build_that_fails_leaves_nothing(
    machine: Machine, add_go: Callable[..., Path], during_build: str, version: str | None, reason: str
) -> None:
    add_go(during_build, **({"version": version} if version else {}))
    (machine.cache / "engine").mkdir(parents=True)
    found = build(Silence())
    assert isinstance(found, Unavailable)
    assert reason in found.reason
    assert machine.engines() == []
    assert installed_build() is None


def start_install() -> subprocess.Popen[str]:
    patched = (
        "import bedplate.engine.installation as i\n"
        "from bedplate.engine.model import Unavailable\n"
        "i.download = lambda progress: Unavailable('official download', 'no network', '')\n"
        "print(i.install().pulumi)\n"
    )
    return subprocess.Popen([sys.executable, "-c", patched], stdout=subprocess.PIPE, text=True)


def wait_for(path: Path) -> None:
    deadline = time.monotonic() + 20
    while not path.exists():
        assert time.monotonic() < deadline, f"{path} does not appear"
        time.sleep(0.02)


def test_two_installations_at_once_build_once(machine: Machine, add_go: Callable[..., Path]) -> None:
    log = add_go("time.sleep(0.3)")
    both = [start_install(), start_install()]
    outputs = {process.communicate(timeout=60)[0] for process in both}
    assert [process.returncode for process in both] == [0, 0]
    assert len(outputs) == 1
    assert log.read_text(encoding="utf-8").split() == [CLI, HOST]


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_an_interrupted_build_leaves_no_engine_and_does_not_block_the_next(
    machine: Machine, add_go: Callable[..., Path], how: signal.Signals
) -> None:
    log = add_go("time.sleep(3)")
    process = start_install()
    wait_for(log)
    process.send_signal(how)
    assert process.wait(20) != 0
    assert locate() is None
    add_go()
    assert install().pulumi.exists()
    assert [name for name in machine.engines() if name.startswith(".unfinished")] == []


def test_without_go_there_is_a_plain_reason(machine: Machine) -> None:
    found = build(Silence())
    assert isinstance(found, Unavailable)
    assert found.reason == "no `go` on PATH"
    assert found.remedy.startswith("install Go 1.")


def test_a_go_that_does_not_work_is_no_go(machine: Machine) -> None:
    machine.add("go", "raise SystemExit(2)")
    assert installed_go() is None
    machine.add("go", "print('go version go1.26.8 linux/amd64')")
    assert installed_go() == GoRelease("go1.26.8", "linux/amd64")
