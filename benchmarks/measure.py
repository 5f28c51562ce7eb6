"""CPU seconds of whole processes, children included: what a benchmark compares."""

from __future__ import annotations

import os
import resource
import statistics
import subprocess
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence


def cpu_seconds(action: Callable[[], object]) -> float:
    """Return the user and system time that the processes started by `action` used until they ended."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    action()
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return (after.ru_utime - before.ru_utime) + (after.ru_stime - before.ru_stime)


def command_cpu(command: Sequence[str]) -> float:
    """Return the CPU seconds of a command; raises CalledProcessError when it fails."""
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}
    return cpu_seconds(lambda: subprocess.run(command, check=True, stdout=subprocess.DEVNULL, env=environment))


def median_of(runs: int, measure: Callable[[], float]) -> float:
    """Return the median of several measurements, after one that only warms caches."""
    measure()
    return statistics.median(measure() for _ in range(runs))


def machine() -> str:
    """Return what the figures were measured on."""
    return f"{os.cpu_count()} cores, Python {sys.version.split()[0]}, {sys.platform}"
