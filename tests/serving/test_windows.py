"""Floors by the time of the week: what KEDA's clock would make of them."""

from __future__ import annotations

from datetime import date

import pytest
from pydantic import ValidationError

from bedplate.preconditions import stack_problems
from bedplate.serving.plan import ScheduleWindow
from bedplate.serving.windows import WindowProblem, first_skipped, window_problems
from tests.support.endpoints import serving_stack

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


@pytest.mark.parametrize(
    "change",
    [{"workers": 0}, {"from": "08:00", "to": "08:00"}, {"from": "20:00", "to": "08:00"}, {"workers": -1}],
    ids=["no workers", "start is end", "past midnight", "fewer than none"],
)
def test_a_stack_file_cannot_even_say_it(change: dict[str, object]) -> None:
    """KEDA refuses such a trigger, or has it open all night; the rules of the file say so first."""
    window = {"days": "mon-fri", "from": "08:00", "to": "20:00", "timezone": "UTC", "workers": 2}
    with pytest.raises(ValidationError):
        serving_stack({"endpoints.chat.scaling.schedule": [window | change]})


@pytest.mark.parametrize(
    ("windows", "field"),
    [
        ([{"days": "sun", "from": "02:30", "to": "06:00", "timezone": "Europe/Paris", "workers": 2}], (0, "from")),
        (
            [
                {"days": "mon", "from": "08:00", "to": "20:00", "timezone": "UTC", "workers": 3},
                {"days": "mon", "from": "09:00", "to": "10:00", "timezone": "UTC", "workers": 2},
            ],
            (1,),
        ),
        ([{"days": "mon", "from": "08:00", "to": "20:00", "timezone": "UTC", "workers": 1}], (0, "workers")),
        ([{"days": "mon", "from": "08:00", "to": "20:00", "timezone": "UTC", "workers": 9}], (0, "workers")),
    ],
    ids=["a skipped start", "behind a larger one", "not above the minimum", "above the maximum"],
)
def test_the_plan_refuses_it_where_it_is_written(windows: list[object], field: tuple[object, ...]) -> None:
    (problem,) = stack_problems(serving_stack({"endpoints.chat.scaling.schedule": windows}))
    assert problem.field == ("endpoints", "chat", "scaling", "schedule", *field)


def test_a_drain_longer_than_the_gateways_is_refused() -> None:
    (problem,) = stack_problems(serving_stack({"endpoints.chat.timings": {"drain_seconds": 601}}))
    assert problem.field == ("endpoints", "chat", "timings", "drain_seconds")
