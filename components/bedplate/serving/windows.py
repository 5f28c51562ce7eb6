"""What is wrong with floors by the time of the week, seen by the clock that switches them.

KEDA's cron scaler (kedacore/keda v2.20.2) asks for the next start and the next end, and takes a window for open when
the end comes first. A time that the clock leaves out on some day is skipped on that day, whatever the window meant.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Literal
from zoneinfo import ZoneInfo

from bedplate.serving.schedule import MINUTES_PER_DAY, known_timezone, minutes

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from bedplate.serving.plan import ScheduleWindow

# Every rule for daylight saving shows itself within a year; the second is for rules by date, where weekdays move on.
_FIRST_DAY, _DAYS = date(2026, 1, 1), 2 * 365


@dataclass(frozen=True, slots=True)
class WindowProblem:
    """What is wrong with one window. `field` is the name of its value in the stack file, "" for the window itself."""

    index: int
    field: Literal["", "from", "to"]
    message: str
    hint: str


def window_problems(windows: Sequence[ScheduleWindow]) -> Iterator[WindowProblem]:
    """Yield what is wrong with an endpoint's windows. Days and time zones must be known ones."""
    for index, window in enumerate(windows):
        if minutes(window.end) <= minutes(window.start):
            yield WindowProblem(
                index, "to", f"{window.end} is not after {window.start}", "Write two windows to pass midnight."
            )
            continue
        yield from _skipped_times(index, window)
        if other := _hidden_behind(index, windows):
            yield WindowProblem(
                index,
                "",
                f"this window changes nothing: {_name(other)} asks for as many workers at all of its times, and the "
                "largest floor wins",
                "Remove it, raise its workers, or move it.",
            )


def _skipped_times(index: int, window: ScheduleWindow) -> Iterator[WindowProblem]:
    if day := first_skipped(window.start, window.days, window.timezone):
        yield WindowProblem(
            index,
            "from",
            f"there is no {window.start} on {day} in {window.timezone}: clocks are put forward, KEDA misses the start "
            "and has the floor up since the end before",
            "Begin an hour earlier or later.",
        )
    if day := first_skipped(window.end, window.days, window.timezone):
        yield WindowProblem(
            index,
            "to",
            f"there is no {window.end} on {day} in {window.timezone}: clocks are put forward, KEDA misses the end and "
            "there is no floor at all on that day",
            "End an hour earlier or later.",
        )


def first_skipped(time: str, days: Sequence[int], timezone: str) -> date | None:
    """Return a day of the week's `days` (cron's: 0 is Sunday) on which no clock of a time zone shows a time.

    >>> first_skipped("02:30", [0], "Europe/Paris")
    datetime.date(2026, 3, 29)
    >>> first_skipped("02:30", [1], "Europe/Paris") is None
    True
    """
    if not known_timezone(timezone):
        return None
    try:
        zone = ZoneInfo(timezone)
    except LookupError:  # no database of time zones on this machine
        return None
    at = timedelta(minutes=minutes(time))
    for number in range(_DAYS):
        day = _FIRST_DAY + timedelta(days=number)
        shown = datetime(day.year, day.month, day.day, tzinfo=zone) + at
        if day.isoweekday() % 7 in days and shown.astimezone(UTC).astimezone(zone).replace(tzinfo=None) != (
            shown.replace(tzinfo=None)
        ):
            return day
    return None


def _hidden_behind(index: int, windows: Sequence[ScheduleWindow]) -> ScheduleWindow | None:
    """Return a window that wins at all times of another one, if one alone does. Of two equals the first one counts.

    Only within a time zone: in two of them, windows that cover each other in winter may not in summer.
    """
    window = windows[index]
    for place, other in enumerate(windows):
        wins = other.workers > window.workers or (other.workers == window.workers and place < index)
        if place != index and wins and other.timezone == window.timezone and not _times(window) & ~_times(other):
            return other
    return None


def _times(window: ScheduleWindow) -> int:
    """Return the minutes of the week in a window, as bits."""
    start, end = minutes(window.start), minutes(window.end)
    return sum(((1 << (end - start)) - 1) << (day * MINUTES_PER_DAY + start) for day in window.days)


def _name(window: ScheduleWindow) -> str:
    return f"the one from {window.start} to {window.end} with {window.workers} workers"
