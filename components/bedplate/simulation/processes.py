"""Runs the engine as a child, and passes on to it what this process is told."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from bedplate.errors import StoppedError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class Completed:
    """How a command ended. What it wrote is empty when it was not captured."""

    returncode: int
    stdout: str = ""
    stderr: str = ""
    signal: int = 0
    """What this process was told meanwhile, and passed on; 0 for nothing."""

    def raise_if_interrupted(self, state: str) -> None:
        """Raise `StoppedError` when somebody stopped the command; `state` says how things stand."""
        if self.signal:
            raise StoppedError(f"interrupted; {state}", signal=self.signal)


def run_child(
    command: Sequence[str], folder: Path, variables: Mapping[str, str], *, capture: bool, quiet: bool = False
) -> Completed:
    """Run a command to its end. SIGINT and SIGTERM go on to it, and it decides what becomes of them.

    A command that they stopped has the code that shells give it, whatever its own was.

    At a terminal the child stays in the terminal's process group, so that it can ask questions; Ctrl-C reaches
    both then. Elsewhere it gets a group of its own, so that an interrupt arrives once, by way of this process.
    `quiet` sends what it writes to standard error: standard output belongs to the command that was asked for.
    """
    shared = sys.stdin is not None and sys.stdin.isatty() and not capture
    pipe = subprocess.PIPE if capture else None
    child = subprocess.Popen(
        command,
        cwd=folder,
        env=dict(variables),
        stdin=None if shared else subprocess.DEVNULL,
        stdout=pipe or (sys.stderr if quiet else None),
        stderr=pipe,
        text=True,
        process_group=None if shared else 0,
    )
    with _forwarding(child, interrupts=not shared) as told:
        stdout, stderr = child.communicate()
    signal_told = told[-1] if told else 0
    return Completed(_code(child.returncode, signal_told), stdout or "", stderr or "", signal_told)


def _code(code: int, told: int) -> int:
    """An exit code as shells give it, and so people's scripts expect it: a signal's number and 128."""
    if told and code:
        return 128 + told
    return code if code >= 0 else 128 - code  # a child that a signal ended has a negative code


@contextmanager
def _forwarding(child: subprocess.Popen[str], *, interrupts: bool) -> Iterator[list[int]]:
    """Pass signals on while the child runs, and list them; only a process's main thread may ask for them."""
    told: list[int] = []
    if threading.current_thread() is not threading.main_thread():
        yield told
        return

    def forward(number: int, _frame: Any) -> None:
        told.append(number)
        if number != signal.SIGINT or interrupts:
            child.send_signal(number)

    before = {number: signal.signal(number, forward) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield told
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
