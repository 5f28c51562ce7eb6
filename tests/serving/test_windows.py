"""Floors by the time of the week: what KEDA's clock would make of them."""

from __future__ import annotations

from datetime import date

import pytest

from bedplate.serving.plan import ScheduleWindow
from bedplate.serving.windows import WindowProblem, first_skipped, window_problems

WEEKDAYS = (1, 2, 3, 4, 5)
OFFICE = ScheduleWindow(WEEKDAYS, "08:00", "20:00", "Europe/Paris", 3)


def found(*windows: ScheduleWindow) -> list[tuple[int, str]]:
    return [(problem.index, problem.field) for problem in window_problems(windows)]


def only(*windows: ScheduleWindow) -> WindowProblem:
    (problem,) = window_problems(windows)
    return problem


@pytest.mark.parametrize(
    "windows",
    [
        (),
        (OFFICE,),
        (OFFICE, ScheduleWindow(WEEKDAYS, "12:00", "14:00", "Europe/Paris", 5)),
        (OFFICE, ScheduleWindow(WEEKDAYS, "19:00", "21:00", "Europe/Paris", 2)),
        (OFFICE, ScheduleWindow((0, 6), "10:00", "12:00", "Europe/Paris", 2)),
        (OFFICE, ScheduleWindow(WEEKDAYS, "12:00", "14:00", "Europe/Berlin", 2)),
        (ScheduleWindow((0,), "02:30", "06:00", "UTC", 2),),
        (ScheduleWindow(WEEKDAYS, "02:30", "06:00", "Europe/Paris", 2),),
        (ScheduleWindow((0,), "03:00", "06:00", "Europe/Paris", 2),),
        (ScheduleWindow((0,), "01:59", "06:00", "Europe/Paris", 2),),
    ],
    ids=[
        "none",
        "one",
        "a peak within a floor",
        "overlapping",
        "other days",
        "another time zone",
        "no daylight saving",
        "clocks change on Sundays",
        "the first minute after the gap",
        "the last minute before the gap",
    ],
)
def test_windows_that_do_what_they_say(windows: tuple[ScheduleWindow, ...]) -> None:
    assert found(*windows) == []


@pytest.mark.parametrize("end", ["08:00", "06:00"])
def test_a_window_ends_after_it_began(end: str) -> None:
    assert found(ScheduleWindow((1,), "08:00", end, "UTC", 2)) == [(0, "to")]


@pytest.mark.parametrize(
    ("window", "field", "loss"),
    [
        (ScheduleWindow((0,), "02:30", "06:00", "Europe/Paris", 2), "from", "misses the start"),
        (ScheduleWindow((0,), "01:00", "02:00", "Europe/Paris", 2), "to", "no floor at all"),
        (ScheduleWindow((0, 1), "02:00", "03:00", "America/New_York", 2), "from", "2026-03-08"),
        (ScheduleWindow((5,), "02:15", "06:00", "Asia/Jerusalem", 2), "from", "2026-03-27"),
    ],
)
def test_a_time_that_a_clock_leaves_out(window: ScheduleWindow, field: str, loss: str) -> None:
    problem = only(window)
    assert problem.field == field
    assert loss in problem.message


def test_a_time_that_comes_twice_is_no_problem() -> None:
    """In autumn 02:30 is there twice: KEDA takes the first one that is still to come."""
    assert first_skipped("02:30", [0], "Europe/Paris") == date(2026, 3, 29)
    assert first_skipped("01:30", [0], "Europe/London") == date(2026, 3, 29)
    assert first_skipped("01:30", [0], "Europe/Paris") is None


@pytest.mark.parametrize(
    ("windows", "index"),
    [
        ((OFFICE, ScheduleWindow((2,), "09:00", "10:00", "Europe/Paris", 2)), 1),
        ((ScheduleWindow((2,), "09:00", "10:00", "Europe/Paris", 2), OFFICE), 0),
        ((OFFICE, OFFICE), 1),
    ],
    ids=["behind a larger one", "whatever the order", "twice the same"],
)
def test_a_window_that_changes_nothing(windows: tuple[ScheduleWindow, ...], index: int) -> None:
    assert found(*windows) == [(index, "")]
    assert "largest floor wins" in only(*windows).message


def test_an_unknown_time_zone_is_for_others_to_say() -> None:
    assert found(ScheduleWindow((0,), "02:30", "06:00", "Europe/Atlantis", 2)) == []
