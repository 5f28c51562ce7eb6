"""Consoles that read well on a terminal, in a log and in a file."""

from __future__ import annotations

from rich.console import Console

WIDTH_OF_A_LOG = 120
"""Columns where no terminal says how wide it is."""


def console(*, stderr: bool = False) -> Console:
    """Return a console; it has colours only on a terminal, and none where NO_COLOR is set."""
    made = Console(stderr=stderr, highlight=False)
    if not made.is_terminal:
        made.width = WIDTH_OF_A_LOG
    return made
