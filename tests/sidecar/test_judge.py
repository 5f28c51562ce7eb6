"""The rule, case by case: recorded courses of metrics, and when each is condemned."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bedplate_sidecar.judge import PAUSES_REMEMBERED, Judge, Limits, State, longest_habitual
from bedplate_sidecar.observation import Sample, Silence
from tests.sidecar.series import answered, busy, idle, lost, run, with_pauses

if TYPE_CHECKING:
    from collections.abc import Callable

LIMITS = Limits()
NO_CANARY = replace(LIMITS, canary=False)
HOUR = 3600.0


def hung(hangs_at: float, **kept: bool) -> Callable[[float], Sample]:
    """Return an engine that is busy until then."""
    return partial(busy, hangs_at=hangs_at, **kept)


def asks(until: float) -> Callable[[float], float]:
    """Return a canary that comes back until the engine hangs."""
    return lambda asked_at: answered(asked_at) if asked_at < until else lost(asked_at)


def after(seconds: float, then: Silence) -> Callable[[float], Sample | Silence]:
    """Return an engine that is busy, and then cannot be seen."""
    return lambda now: busy(now) if now < seconds else then


CONDEMNED: dict[str, tuple[Callable[[float], Sample | Silence], float, Limits]] = {
    "with requests in it": (hung(300), 300, LIMITS),
    "saying that it is idle (vllm#46811)": (hung(300, gauges_say_idle=True), 300, LIMITS),
    "while it was idle": (idle, 303, LIMITS),
    "HTTP side and all": (after(300, Silence.UNANSWERED), 300, LIMITS),
    "with requests in it, and no canary can be sent": (hung(300), 300, NO_CANARY),
    "answering nonsense": (after(300, Silence.UNREADABLE), 300, LIMITS),
}


@pytest.mark.parametrize("name", CONDEMNED)
def test_a_hung_engine_is_found_within_the_deadline_and_two_looks(name: str) -> None:
    engine, hangs_at, limits = CONDEMNED[name]
    found = run(engine, HOUR, asks(hangs_at), limits=limits).condemned_at
    assert found is not None
    assert hangs_at + limits.stall / 2 < found <= hangs_at + limits.stall + 2 * limits.period


def stale_gauge(now: float) -> Sample:
    """An idle engine whose gauge still tells of a request that was aborted long ago."""
    return idle(now, running=1)


def long_prefill(now: float) -> Sample:
    """No step has had output for an hour, and each has filled the cache a little more."""
    return Sample(steps=7, running=1, waiting=0, cache=now / 10_000, started=1.0)


def no_timestamps(now: float) -> Sample:
    """As prometheus_client's multi-process mode: no start time of the process."""
    return replace(busy(now), started=0.0)


LEFT_ALONE: dict[str, tuple[Callable[[float], Sample | Silence], Callable[[float], float], Limits]] = {
    "works": (busy, answered, LIMITS),
    "works, and its canaries are lost": (busy, lost, LIMITS),
    "works, without a start time": (no_timestamps, lost, LIMITS),
    "a step takes 100 s": (partial(busy, step=100.0), lost, LIMITS),
    "a prefill gives no token for an hour": (long_prefill, lost, LIMITS),
    "is idle": (idle, answered, LIMITS),
    "is idle, and no canary can be sent": (idle, lost, NO_CANARY),
    "is idle, and says that it has work": (stale_gauge, answered, LIMITS),
    "loads its model for an hour": (lambda _: Silence.REFUSED, lost, LIMITS),
    "answers nothing while it loads": (lambda _: Silence.UNANSWERED, lost, LIMITS),
    "cannot be seen, and gives tokens": (after(300, Silence.UNANSWERED), answered, LIMITS),
    "cannot be seen, and no canary can be sent": (after(300, Silence.UNANSWERED), lost, NO_CANARY),
    "tells nothing, and no canary can be sent": (after(300, Silence.UNREADABLE), lost, NO_CANARY),
    "has ended": (after(300, Silence.REFUSED), lost, LIMITS),
}


@pytest.mark.parametrize("name", LEFT_ALONE)
def test_an_engine_that_does_not_hang_is_never_condemned(name: str) -> None:
    engine, canary, limits = LEFT_ALONE[name]
    assert run(engine, HOUR, canary, limits=limits).condemned_at is None


def test_failing_looks_alone_condemn_nobody_where_canaries_are_turned_away() -> None:
    assert run(after(300, Silence.UNANSWERED), HOUR, refuses=True).condemned_at is None


def test_the_gauges_decide_where_canaries_are_turned_away() -> None:
    found = run(hung(300), HOUR, refuses=True).condemned_at
    assert found is not None
    assert 420 <= found <= 420 + 2 * LIMITS.period
    assert run(stale_gauge, HOUR, answered).condemned_at is None


def with_the_step(length: float, until: float) -> Callable[[float], float]:
    """Return a canary that comes with the end of the step in which it was asked for, until the engine hangs."""
    return lambda asked_at: length - asked_at % length if asked_at < until else lost(asked_at)


def test_slow_steps_earn_a_longer_deadline_within_bounds() -> None:
    steps_of_50 = run(partial(busy, step=50.0, hangs_at=2000), HOUR, with_the_step(50, 2000))
    assert steps_of_50.condemned_at is not None
    assert 2000 + 4 * 50 - 10 <= steps_of_50.condemned_at <= 2000 + 4 * 55 + 2 * LIMITS.period
    limits = Limits(stall=310)
    steps_of_300 = run(partial(busy, step=300.0, hangs_at=6000), 2 * HOUR, with_the_step(300, 6000), limits=limits)
    assert steps_of_300.condemned_at is not None
    assert 6000 + limits.stall < steps_of_300.condemned_at <= 6000 + limits.longest_stall + 2 * limits.period


@pytest.mark.parametrize(
    ("slow_steps", "deadline"),
    [(0, 120), (1, 120), (2, 120), (3, 400), (4, 400)],
    ids=["no slow step", "one", "two", "three", "four"],
)
def test_an_engine_that_hangs_after_a_few_slow_steps_is_found_like_any_other(slow_steps: int, deadline: int) -> None:
    """60 steps, one that takes 100 s, 60 steps, and so on: an exception is no habit."""
    pauses = tuple((60.0 + 160 * number, 100.0) for number in range(slow_steps))
    hangs_at = 60.0 + 160 * slow_steps + 30

    def canary(asked_at: float) -> float:
        ends = [start + length for start, length in pauses if start < asked_at < start + length]
        return ends[0] - asked_at if ends else asks(hangs_at)(asked_at)

    found = run(partial(with_pauses, pauses=pauses, hangs_at=hangs_at), HOUR, canary).condemned_at
    assert found is not None
    assert hangs_at + deadline - LIMITS.period <= found <= hangs_at + 1.1 * deadline + 2 * LIMITS.period


def test_before_its_first_token_an_engine_may_compile() -> None:
    def fresh(now: float) -> Sample:
        return Sample(steps=0, running=1, waiting=0, started=1.0)

    found = run(fresh, HOUR, lost).condemned_at
    assert found is not None
    assert LIMITS.first_token <= found <= LIMITS.first_token + 2 * LIMITS.period


def test_the_verdict_falls_with_progress() -> None:
    def recovers(now: float) -> Sample:
        return busy(now, hangs_at=300) if now < 600 else busy(now)

    result = run(recovers, 700, lambda asked_at: 600 - asked_at if 300 <= asked_at < 600 else 0.5)
    assert result.condemned_at is not None
    assert result.last.state is State.WORKING


def test_the_verdict_falls_when_the_engine_is_restarted() -> None:
    def restarted(now: float) -> Sample | Silence:
        if now < 500:
            return busy(now, hangs_at=300)
        return Silence.REFUSED if now < 560 else replace(busy(now - 560), started=560.0)

    result = run(restarted, 560, asks(300))
    assert result.condemned_at is not None
    states = [judgement.state for now, judgement in result.judgements if now >= 500]
    assert set(states) == {State.STARTING, State.WORKING}


def test_a_new_start_time_begins_a_new_life() -> None:
    """Two lives in a row hang before their first token, the second for less than its deadline."""

    def restarted(now: float) -> Sample:
        return Sample(steps=0, running=1, waiting=0, started=1.0 if now < 500 else 500.0)

    result = run(restarted, 700, lost)
    assert result.condemned_at is not None
    assert not any(judgement.wedged for now, judgement in result.judgements if now >= 500)


def test_counters_that_begin_again_begin_a_new_life() -> None:
    """It may compile before its first token, as the first one could."""

    def restarted(now: float) -> Sample:
        return replace(busy(now), started=0.0) if now < 500 else Sample(steps=0, running=1, waiting=0)

    found = run(restarted, HOUR, asks(500)).condemned_at
    assert found is not None
    assert found >= 500 + LIMITS.first_token


def test_time_in_which_the_watcher_did_not_run_does_not_count() -> None:
    """The node freezes for ten minutes, and in the middle of a long step the engine with it."""

    def thawed(now: float) -> Sample:
        return busy(now, hangs_at=260) if now < 920 else busy(now)

    result = run(thawed, 1000, lambda asked_at: lost(asked_at) if asked_at < 920 else 0.5, looks=awake)
    assert result.condemned_at is None
    assert run(thawed, 1000, asks(260)).condemned_at is not None


def awake(now: float) -> bool:
    """Whether the node is not frozen."""
    return not 310 < now < 900


def test_a_lost_canary_of_an_engine_that_went_on_working_condemns_nobody() -> None:
    """It was asked in a pause, and its answer got lost; later ones come."""

    def pauses(now: float) -> Sample:
        return idle(now) if now < 60 else replace(idle(now), steps=8, tokens=60)

    def first_is_lost(asked_at: float) -> float:
        return lost(asked_at) if asked_at < 60 else answered(asked_at)

    assert run(pauses, HOUR, first_is_lost).condemned_at is None


def test_work_that_comes_after_a_long_idle_time_gets_the_whole_deadline() -> None:
    def wakes(now: float) -> Sample:
        return idle(now, running=float(now >= 1000))

    found = run(wakes, HOUR, limits=NO_CANARY).condemned_at
    assert found is not None
    assert 1000 + LIMITS.stall <= found


def test_one_question_at_a_time_and_none_while_tokens_flow() -> None:
    asked = [now for now, judgement in run(hung(300), 420, asks(300)).judgements if judgement.ask]
    assert len(asked) == 1
    assert asked[0] >= 300 + LIMITS.stall / 4


@given(st.lists(st.sampled_from([*Silence, "sample"]), min_size=10, max_size=400), st.integers(1, 23))
def test_whoever_shows_progress_between_any_two_samples_is_never_condemned(looks: list[object], every: int) -> None:
    """Whatever fails in between: with a sample at least every `every` looks (of 5 s, below the deadline)."""
    judge, steps = Judge(LIMITS), 0
    for number, look in enumerate(looks):
        if look == "sample" or number % every == 0:
            steps += 1
            seen: Sample | Silence = Sample(steps=steps, running=1, waiting=0)
        else:
            assert isinstance(look, Silence)
            seen = look
        assert not judge.look(number * 5.0, seen).wedged


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([], 0.0),
        ([9.0, 9.0], 0.0),
        ([7.0, 9.0, 8.0], 7.0),
        ([float(n) for n in range(1, 101)], 98.0),
        ([1.0] * 198 + [9.0, 9.0], 1.0),
        ([1.0] * 297 + [9.0] * 3, 1.0),
        ([1.0] * 296 + [9.0] * 4, 9.0),
    ],
)
def test_the_longest_habitual_pause_was_reached_by_three_and_exceeded_by_few(
    values: list[float], expected: float
) -> None:
    assert longest_habitual(values) == expected


@pytest.mark.parametrize("remembered", [3, 100, 199, 200, 299, 300, 301, 400, PAUSES_REMEMBERED])
def test_a_habit_is_what_three_and_more_than_one_in_a_hundred_reached(remembered: int) -> None:
    """The sentence of docs/guide/liveness.md and sidecar/README.md."""
    for long in range(min(remembered, 12) + 1):
        habit = long >= 3 and long > remembered / 100
        assert (longest_habitual([1.0] * (remembered - long) + [9.0] * long) == 9.0) is habit
