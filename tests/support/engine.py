"""The Pulumi engine that tests run, and `pulumi` commands on throw-away state."""

from __future__ import annotations

import os
import subprocess
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from bedplate.engine import Engine, environment, install

if TYPE_CHECKING:
    from pathlib import Path

COMMAND_TIMEOUT_SECONDS = 120.0


@cache
def installed_engine() -> Engine:
    """Return the engine of this machine, after installing it if need be. Raises BedplateError if none can be had."""
    return install()


@dataclass(frozen=True, slots=True)
class Workspace:
    """A folder for projects, with a home, a file backend and a passphrase of its own: no login is ever used."""

    directory: Path

    def variables(self, **more: str) -> dict[str, str]:
        """Return the environment variables for `pulumi` in this workspace."""
        own = {
            "PULUMI_HOME": str(self.directory / "home"),
            "PULUMI_BACKEND_URL": f"file://{self.directory / 'state'}",
            "PULUMI_CONFIG_PASSPHRASE": "test",
            "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
        }
        return os.environ | environment(installed_engine()) | own | more

    def pulumi(self, *arguments: str, cwd: Path, **more: str) -> subprocess.CompletedProcess[str]:
        """Run a `pulumi` command to its end; its exit code is the caller's to check."""
        return subprocess.run(
            [installed_engine().pulumi, *arguments, "--non-interactive", "--color=never"],
            cwd=cwd,
            env=self.variables(**more),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=COMMAND_TIMEOUT_SECONDS,
            check=False,
        )

    def start(self, *arguments: str, cwd: Path, **more: str) -> subprocess.Popen[str]:
        """Start a `pulumi` command as the leader of a process group, as a shell does."""
        return subprocess.Popen(
            [installed_engine().pulumi, *arguments, "--non-interactive", "--color=never"],
            cwd=cwd,
            env=self.variables(**more),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )


def new_workspace(directory: Path) -> Workspace:
    """Make the folders of a workspace."""
    (directory / "home").mkdir()
    (directory / "state").mkdir()
    return Workspace(directory)
