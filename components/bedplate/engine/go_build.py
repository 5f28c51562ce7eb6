"""Runs `go build` for the parts of an engine, says how far it is, and explains how it failed."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections import deque
from pathlib import Path
from typing import TYPE_CHECKING

from bedplate.engine.model import LANGUAGE_HOST, SHIM
from bedplate.engine.recipe import CLI_PACKAGE, HOST_PACKAGE, SDK_MODULE

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from bedplate.engine.model import Progress
    from bedplate.engine.recipe import Recipe

_REMEMBERED_LINES = 12

_UNREACHABLE = (
    "dial tcp",
    "no such host",
    "connection refused",
    "i/o timeout",
    "TLS handshake",
    "Forbidden",
    "Bad Gateway",
    "Proxy Authentication",
    "disabled by GOPROXY",
)
"""What Go's messages contain when a module cannot be downloaded (observed with Go 1.26)."""


class BuildError(Exception):
    """A build that did not work, with what would help."""

    def __init__(self, reason: str, remedy: str) -> None:
        super().__init__(reason)
        self.reason = reason
        self.remedy = remedy


def build_engine(recipe: Recipe, output: Path, ready_cli: Path | None, progress: Progress) -> None:
    """Put `pulumi`, the language host and its shim into a folder. Raises BuildError.

    `ready_cli` is a Pulumi CLI of the same modules that was built before.
    """
    if ready_cli is None:
        progress.stage(f"Building Pulumi {recipe.version} from Go modules (minutes, once per machine)")
        _go_build(recipe, CLI_PACKAGE, output / "pulumi", progress)
    else:
        shutil.copy2(ready_cli, output / "pulumi")
    progress.stage("Building the Python language host")
    _go_build(recipe, HOST_PACKAGE, output / LANGUAGE_HOST, progress)
    shim = output / SHIM
    shutil.copyfile(_sdk_directory(recipe) / "python" / "cmd" / SHIM, shim)
    shim.chmod(0o755)


def build_variables(variables: Mapping[str, str]) -> dict[str, str]:
    """Return the environment in which `go` runs.

    What would make the same sources give another engine is set or taken out: a workspace above the clone, a
    cross-compilation, a C compiler that happens to be there. Where modules come from is the user's to say.
    """
    taken_out = {"GOOS", "GOARCH", "GOFLAGS"}
    kept = {name: value for name, value in variables.items() if name not in taken_out}
    return kept | {"GO111MODULE": "on", "GOWORK": "off", "CGO_ENABLED": "0"}


def explain_failure(lines: Sequence[str], minimum_go: str) -> BuildError:
    """Turn the last lines of a failed `go build` into a reason and a remedy."""
    text = [line.strip() for line in lines if line.strip() and not line.startswith("go: downloading")]
    last = text[-1] if text else "go build failed without a message"
    if any("requires go >=" in line for line in text):
        return BuildError(last, f"install Go {minimum_go} or newer")
    if any("no space left on device" in line for line in text):
        return BuildError(last, "free 4 GB: Go keeps downloaded modules and compiled packages (`go env GOCACHE`)")
    if any(sign in line for line in text for sign in _UNREACHABLE):
        return BuildError(
            f"a Go module cannot be downloaded: {last}",
            "let Go reach a module proxy: set GOPROXY to one that this machine can reach",
        )
    return BuildError(
        "; ".join(text) or last,
        f"run the same command by hand to see all of it: cd tools/engine && go build {HOST_PACKAGE}",
    )


def _go_build(recipe: Recipe, package: str, output: Path, progress: Progress) -> None:
    command = ["go", "build", "-v", "-trimpath", "-mod=readonly", "-buildvcs=false"]
    command += ["-ldflags", recipe.linker_flags, "-o", str(output), package]
    last_lines: deque[str] = deque(maxlen=_REMEMBERED_LINES)
    compiled = 0
    with subprocess.Popen(
        command,
        cwd=recipe.directory,
        env=build_variables(os.environ),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        errors="replace",
    ) as process:
        assert process.stderr is not None  # noqa: S101 asked for above
        try:
            for line in process.stderr:
                last_lines.append(line.rstrip())
                if line.startswith("go: "):
                    progress.detail(line.removeprefix("go: ").strip())
                else:
                    compiled += 1
                    progress.detail(f"{compiled} packages compiled")
        except BaseException:  # also an interrupt: a build that nobody waits for must not go on
            process.terminate()
            raise
    if process.returncode != 0:
        raise explain_failure(last_lines, recipe.minimum_go)


def _sdk_directory(recipe: Recipe) -> Path:
    """Return the folder of the Pulumi SDK in Go's module cache; the build has just put it there."""
    answer = subprocess.run(
        ["go", "list", "-m", "-mod=readonly", "-f", "{{.Dir}}", SDK_MODULE],
        cwd=recipe.directory,
        env=build_variables(os.environ),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    if answer.returncode != 0:
        raise explain_failure(answer.stderr.splitlines(), recipe.minimum_go)
    return Path(answer.stdout.strip())
