"""Each rule of the timings: what it says, and where exactly it begins."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bedplate.serving.timings import Timings, rollout_problems, timing_problems

DECLARED = Timings()


def test_the_declared_timings_break_no_rule() -> None:
    assert timing_problems(DECLARED, longest_request_seconds=300, load_seconds=1800) == []
    assert DECLARED.restart_seconds == 120 + 2 * (2 + 4) + 2 * 5 + 5 + 2
    assert DECLARED.slow_restart_seconds == DECLARED.restart_seconds + 480
    assert DECLARED.first_restart_seconds == DECLARED.restart_seconds + 180


@pytest.mark.parametrize(
    ("rule", "allowed", "refused"),
    [
        ("pre-stop", {"pre_stop_seconds": 10}, {"pre_stop_seconds": 9}),
        ("drain", {"termination_grace_seconds": 325}, {"termination_grace_seconds": 324}),
        ("shutdown", {"shutdown_seconds": 1}, {"shutdown_seconds": 0}),
        ("startup", {"progress_deadline_seconds": 3600}, {"progress_deadline_seconds": 3599}),
        ("readiness-timeout", {"readiness_timeout_seconds": 5}, {"readiness_timeout_seconds": 6}),
        ("liveness-timeout", {"liveness_timeout_seconds": 1}, {"liveness_timeout_seconds": 0}),
        ("restart", {"stall_seconds": 121}, {"stall_seconds": 122}),
        ("restart", {"watch_timeout_seconds": 3, "watch_period_seconds": 3}, {"watch_period_seconds": 3}),
        ("restart", {"watch_period_seconds": 1, "watch_timeout_seconds": 5}, {"watch_timeout_seconds": 5}),
        ("watch", {"longest_stall_seconds": 120}, {"longest_stall_seconds": 119}),
        ("stall", {"stall_seconds": 60}, {"stall_seconds": 59}),
    ],
)
def test_a_rule_begins_where_it_says(rule: str, allowed: dict[str, int], refused: dict[str, int]) -> None:
    assert timing_problems(replace(DECLARED, **allowed)) == []
    assert [problem.rule for problem in timing_problems(replace(DECLARED, **refused))] == [rule]


def test_the_longest_request_and_loading_must_fit() -> None:
    (longest,) = timing_problems(DECLARED, longest_request_seconds=301)
    assert longest.rule == "longest-request"
    assert "shutdown_seconds 300 is below the longest request, 301 s" in longest.message
    (load,) = timing_problems(DECLARED, load_seconds=1801)
    assert load.rule == "load"
    assert "startup budget of 1800 s is below the 1801 s" in load.message


@pytest.mark.parametrize(
    ("max_surge", "max_unavailable", "workers", "allowed"),
    [(1, 0, 1, True), (0, 1, 2, True), (0, 1, 1, False), (1, 1, 1, False), (0, 2, 2, False), (0, 0, 3, False)],
)
def test_a_rollout_leaves_a_worker_and_replaces_one(
    max_surge: int, max_unavailable: int, workers: int, *, allowed: bool
) -> None:
    problems = rollout_problems(max_surge, max_unavailable, workers)
    assert [problem.rule for problem in problems] == ([] if allowed else ["rollout"])
