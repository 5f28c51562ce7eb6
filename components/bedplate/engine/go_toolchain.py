"""Runs `go build`, says how far it is, and explains how it failed. Knows nothing of what is built."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections import deque
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from bedplate.engine.recipe import GoRelease, parse_go_version

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from bedplate.engine.model import Progress

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


@dataclass(frozen=True, slots=True)
class GoModule:
    """A folder with a go.mod, and how what is in it is built. `minimum_go` is what its go.mod asks for, `tags` choose
    among the files of a package."""

    directory: Path
    minimum_go: str
    linker_flags: str
    tags: tuple[str, ...] = ()


def installed_go() -> GoRelease | None:
    """Return the Go release on PATH, without letting it switch to another one that it would download."""
    if shutil.which("go") is None:
        return None
    try:
        answer = subprocess.run(
            ["go", "version"],
            env=os.environ | {"GOTOOLCHAIN": "local"},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=20,
            check=True,
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return parse_go_version(answer.stdout)


def build_variables(variables: Mapping[str, str]) -> dict[str, str]:
    """Return the environment in which `go` runs.

    What would make the same sources give another program is set or taken out: a workspace above the clone, a
    cross-compilation, a C compiler that happens to be there. Where modules come from is the user's to say.
    """
    taken_out = {"GOOS", "GOARCH", "GOFLAGS"}
    kept = {name: value for name, value in variables.items() if name not in taken_out}
    return kept | {"GO111MODULE": "on", "GOWORK": "off", "CGO_ENABLED": "0"}


def go_build(module: GoModule, packages: Sequence[str], output: Path, progress: Progress) -> None:
    """Compile packages: one to the file `output`, several into the folder `output`. Raises BuildError."""
    command = ["go", "build", "-v", "-trimpath", "-mod=readonly", "-buildvcs=false"]
    command += ["-tags", ",".join(module.tags)] if module.tags else []
    command += ["-ldflags", module.linker_flags, "-o", str(output), *packages]
    last_lines: deque[str] = deque(maxlen=_REMEMBERED_LINES)
    compiled = 0
    with subprocess.Popen(
        command,
        cwd=module.directory,
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
        raise explain_failure(last_lines, module, packages)


def module_directory(module: GoModule, name: str) -> Path:
    """Return the folder of a required module in Go's module cache. Raises BuildError."""
    answer = subprocess.run(
        ["go", "list", "-m", "-mod=readonly", "-f", "{{.Dir}}", name],
        cwd=module.directory,
        env=build_variables(os.environ),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    if answer.returncode != 0:
        raise explain_failure(answer.stderr.splitlines(), module, ())
    return Path(answer.stdout.strip())


def explain_failure(lines: Sequence[str], module: GoModule, packages: Sequence[str]) -> BuildError:
    """Turn the last lines of a failed `go` command into a reason and a remedy."""
    text = [line.strip() for line in lines if line.strip() and not line.startswith("go: downloading")]
    last = text[-1] if text else "go build failed without a message"
    if any("requires go >=" in line for line in text):
        return BuildError(last, f"install Go {module.minimum_go} or newer")
    if any("no space left on device" in line for line in text):
        return BuildError(last, "free 4 GB: Go keeps downloaded modules and compiled packages (`go env GOCACHE`)")
    if any(sign in line for line in text for sign in _UNREACHABLE):
        return BuildError(
            f"a Go module cannot be downloaded: {last}",
            "let Go reach a module proxy: set GOPROXY to one that this machine can reach",
        )
    by_hand = " ".join(("go build", *packages)) if packages else "go mod download"
    return BuildError(
        "; ".join(text) or last,
        f"run the same by hand to see all of it: cd tools/{module.directory.name} && {by_hand}",
    )
