"""Progress in a log: every stage, and a detail now and then."""

from __future__ import annotations

from io import StringIO

import pytest
from rich.console import Console

from bedplate.engine.progress import LiveProgress, PlainProgress, elapsed


def test_a_log_gets_stages_at_once_and_details_every_half_minute() -> None:
    lines: list[str] = []
    now = 100.0
    with PlainProgress(lines.append, lambda: now) as progress:
        progress.stage("Building")
        for now in (101.0, 129.0, 131.0, 140.0, 165.0):
            progress.detail(f"{now:g}")
    assert lines == ["Building", "  0:31  131", "  1:05  165"]


def test_a_terminal_keeps_the_stages_and_not_the_details() -> None:
    screen = StringIO()
    with LiveProgress(Console(file=screen, force_terminal=True, width=60)) as progress:
        progress.stage("Building [bold]")
        progress.detail("12 packages [compiled]")
    assert "Building [bold]" in screen.getvalue()


@pytest.mark.parametrize(("seconds", "text"), [(0.4, "0:00"), (59.9, "0:59"), (125.0, "2:05"), (3600.0, "60:00")])
def test_elapsed_time_reads_as_a_clock(seconds: float, text: str) -> None:
    assert elapsed(seconds) == text
