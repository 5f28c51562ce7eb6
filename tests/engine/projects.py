"""Small projects for the real engine on simulated clouds, and what tests do with them."""

from __future__ import annotations

import hashlib
import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from bedplate import simulation

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from bedplate.simulation import Completed, World

SECONDS = 60.0
"""How long a test waits for something before it gives up."""


@dataclass(frozen=True, slots=True)
class Simulated:
    """A project on simulated clouds; each command works on a copy of it."""

    project: Path
    home: Path
    variables: Mapping[str, str] = field(default_factory=dict)

    def write(self, program: str, **stacks: str) -> None:
        """Write the program, and stack files by stack name (`dev` or `platform_prod`)."""
        (self.project / "__main__.py").write_text(program)
        for stack, text in stacks.items():
            (self.project / f"Pulumi.{stack.replace('_', '-')}.yaml").write_text(text)

    def pulumi(self, *arguments: str, faults: tuple[str, ...] = (), runner: str | None = None) -> Completed:
        """Run a pulumi command to its end; its exit code is the caller's to check."""
        command = [*arguments, "--non-interactive", "--color=never"]
        return simulation.run(
            self.project, command, home=self.home, faults=faults, runner=runner, env=self._given(), capture=True
        )

    def up(self, *arguments: str, faults: tuple[str, ...] = (), runner: str | None = None) -> Completed:
        """Run `pulumi up` without a preview."""
        return self.pulumi("up", "--yes", "--skip-preview", *arguments, faults=faults, runner=runner)

    def start(self, *arguments: str, fault: str) -> subprocess.Popen[str]:
        """Start `bedplate sim --fault … -- pulumi …` as a program of its own."""
        command = [sys.executable, "-m", "bedplate.cli.main", "sim", "--home", str(self.home), "--fault", fault]
        return subprocess.Popen(
            [*command, "--", "pulumi", *arguments, "--color=never"],
            cwd=self.project,
            env=self._given(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    @property
    def world(self) -> World:
        """The world as it is in the file now."""
        return simulation.world(self.home)

    def _given(self) -> dict[str, str]:
        return {**os.environ, **self.variables}


def new_project(folder: Path, settings: str = "", **variables: str) -> Simulated:
    """Make a project without a program, with the virtual environment that the tests run in."""
    project = folder / "project"
    project.mkdir()
    runtime = f"name: fixture\nruntime:\n  name: python\n  options: {{toolchain: pip, virtualenv: {sys.prefix}}}\n"
    (project / "Pulumi.yaml").write_text(runtime + settings)
    (project / "Pulumi.dev.yaml").write_text("config:\n  aws:region: us-east-2\n")
    return Simulated(project, folder / "simulation", variables)


def digest(folder: Path) -> dict[str, str]:
    """Return what every file below a folder holds, as digests."""
    files = (file for file in sorted(folder.rglob("*")) if file.is_file())
    return {str(file.relative_to(folder)): hashlib.sha256(file.read_bytes()).hexdigest() for file in files}


def wait_until(happened: Callable[[], bool]) -> None:
    """Wait until something happened; fails the test when it does not."""
    deadline = time.monotonic() + SECONDS
    while not happened():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.05)


def children(pid: int) -> list[int]:
    """Return the processes that a process started (Linux)."""
    task = f"/proc/{pid}/task/{pid}/children"
    with open(task, encoding="ascii") as file:  # noqa: PTH123
        return [int(child) for child in file.read().split()]


def descendants(pid: int) -> list[int]:
    """Return the processes that a process and its children started."""
    found = children(pid)
    return found + [below for child in found for below in descendants(child)]


def is_alive(pid: int) -> bool:
    """Return whether a process runs; one that only waits to be collected does not."""
    try:
        with open(f"/proc/{pid}/stat", encoding="ascii") as file:  # noqa: PTH123
            return file.read().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def kill(pid: int) -> None:
    """Kill a process that this test started, without a chance to clean up."""
    os.kill(pid, signal.SIGKILL)
