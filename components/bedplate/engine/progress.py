"""Shows how far an installation is: one live line on a terminal, a line now and then elsewhere."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from rich.console import Console

    from bedplate.engine.model import Progress

_PLAIN_INTERVAL_SECONDS = 30.0


class LiveProgress:
    """Each stage as a line, and below it a live one with the elapsed time. Use it as a context manager."""

    def __init__(self, console: Console) -> None:
        from rich.progress import Progress as Display
        from rich.progress import SpinnerColumn, TextColumn, TimeElapsedColumn

        self._display = Display(
            SpinnerColumn(),
            TimeElapsedColumn(),
            TextColumn("{task.description}", markup=False),
            console=console,
            transient=True,
        )
        self._task = self._display.add_task("")

    def __enter__(self) -> Progress:
        self._display.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._display.stop()

    def stage(self, text: str) -> None:
        """Leave the stage on the screen, and go on below it."""
        self._display.console.print(text, markup=False, highlight=False)
        self._display.update(self._task, description="")

    def detail(self, text: str) -> None:
        """Replace the text of the live line."""
        self._display.update(self._task, description=text)


class PlainProgress:
    """Lines for a log: every stage, and a detail at most every half minute. Use it as a context manager."""

    def __init__(self, write: Callable[[str], None], clock: Callable[[], float] = time.monotonic) -> None:
        self._write = write
        self._clock = clock
        self._started = self._last = clock()

    def __enter__(self) -> Progress:
        return self

    def __exit__(self, *_: object) -> None:
        return None

    def stage(self, text: str) -> None:
        """Write the stage."""
        self._last = self._clock()
        self._write(text)

    def detail(self, text: str) -> None:
        """Write the detail if nothing was written for a while."""
        now = self._clock()
        if now - self._last < _PLAIN_INTERVAL_SECONDS:
            return
        self._last = now
        self._write(f"  {elapsed(now - self._started)}  {text}")


def progress_for_people() -> LiveProgress | PlainProgress:
    """Progress on standard error, so that what a command prints stays usable in a script."""
    from rich.console import Console

    console = Console(stderr=True)
    if console.is_terminal:
        return LiveProgress(console)
    return PlainProgress(lambda line: print(line, file=sys.stderr, flush=True))


def elapsed(seconds: float) -> str:
    """Return a duration as a clock shows it: `2:05`."""
    minutes, rest = divmod(int(seconds), 60)
    return f"{minutes}:{rest:02d}"
