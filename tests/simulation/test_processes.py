"""Children that are told to stop, and the code that is left of them."""

from __future__ import annotations

import signal
import sys
from typing import TYPE_CHECKING

import pytest

from bedplate.errors import StoppedError
from bedplate.simulation.processes import run_child

if TYPE_CHECKING:
    from pathlib import Path

# Sends a signal to the process that runs it, as a terminal or a job runner does, and ends with a code of its own
# once that has been passed on.
TOLD = """
import os, signal, sys, time
signal.signal(signal.{name}, lambda *_: sys.exit({code}))
time.sleep(0.3)
os.kill(os.getppid(), signal.{name})
time.sleep(60)
"""


@pytest.mark.parametrize(
    ("name", "code", "expected"), [("SIGINT", 1, 130), ("SIGINT", 7, 130), ("SIGTERM", 255, 143), ("SIGINT", 0, 0)]
)
def test_a_signal_is_passed_on_and_remembered(tmp_path: Path, name: str, code: int, expected: int) -> None:
    script = TOLD.format(name=name, code=code)
    done = run_child([sys.executable, "-c", script], tmp_path, {}, capture=True)
    assert (done.returncode, done.signal) == (expected, signal.Signals[name]), done.stderr
    with pytest.raises(StoppedError, match="interrupted; half is done") as error:
        done.raise_if_interrupted("half is done")
    assert error.value.exit_code == 128 + signal.Signals[name]


@pytest.mark.parametrize(("code", "expected"), [("sys.exit(3)", 3), ("os.kill(os.getpid(), 9)", 137)])
def test_a_child_that_nobody_stopped_here_keeps_its_code(tmp_path: Path, code: str, expected: int) -> None:
    done = run_child([sys.executable, "-c", f"import os, sys; {code}"], tmp_path, {}, capture=True)
    assert (done.returncode, done.signal) == (expected, 0)
    done.raise_if_interrupted("nothing")
