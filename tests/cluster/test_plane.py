"""The control plane itself: what it leaves behind, and what it says when it does not start."""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
from pathlib import Path

import pytest

from bedplate.errors import BedplateError
from tests.engine.projects import is_alive, wait_until
from tests.support.control_plane.plane import running
from tests.support.control_plane.programs import PROGRAMS, install

pytestmark = pytest.mark.cluster

ROOT = Path(__file__).parents[2]
STARTER = """
import json, sys
from pathlib import Path
from tests.support.control_plane.plane import running
from tests.support.control_plane.programs import install
with running(install(), Path(sys.argv[1])) as plane:
    print(json.dumps(plane.pids), flush=True)
    sys.stdin.read()
"""


@pytest.mark.parametrize("how", ["kill", "terminate", "close"])
def test_nothing_is_left_when_its_starter_ends(tmp_path: Path, how: str) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", STARTER, str(tmp_path)],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as starter:
        assert starter.stdin is not None
        assert starter.stdout is not None
        pids = json.loads(starter.stdout.readline())
        assert set(pids) == {name for name in PROGRAMS.names if name not in ("kubectl", "credentials")}
        assert all(is_alive(pid) for pid in pids.values())
        if how == "close":
            starter.stdin.close()
        else:
            getattr(starter, how)()
        starter.wait(30)
        wait_until(lambda: not any(is_alive(pid) for pid in pids.values()))


def test_a_program_that_does_not_start_is_named_with_its_log(tmp_path: Path) -> None:
    programs, directory = tmp_path / "programs", tmp_path / "plane"
    programs.mkdir()
    directory.mkdir()
    for name in PROGRAMS.names:
        (programs / name).symlink_to(install() / name)
    broken = programs / "kube-scheduler"
    broken.unlink()
    broken.write_text("#!/bin/sh\necho 'unknown flag: --nonsense' >&2; exit 3\n")
    broken.chmod(0o755)
    with (
        pytest.raises(BedplateError, match="kube-scheduler ended with 3:\nunknown flag: --nonsense"),
        running(programs, directory),
    ):
        pytest.fail("it is ready")
    assert processes_of(directory) == []


def processes_of(directory: Path) -> list[str]:
    """Return the command lines of running processes that name a folder (Linux)."""
    lines = []
    for file in Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError):  # it ended meanwhile
            lines.append(file.read_bytes().replace(b"\0", b" ").decode(errors="replace"))
    return [line for line in lines if str(directory) in line]
