"""What the plan says of hung engines, held against the watcher's own judge with the arguments that endpoints pass."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from bedplate.serving.timings import HOOK_EXTENSION_SECONDS, Timings
from bedplate.serving.workload import deployment
from bedplate_sidecar.judge import PAUSES_REMEMBERED
from bedplate_sidecar.observation import Sample
from bedplate_sidecar.settings import read_settings
from tests.sidecar.series import busy, lost, run, with_pauses
from tests.support.endpoints import planned

if TYPE_CHECKING:
    from collections.abc import Callable

    from bedplate_sidecar.judge import Limits

GUIDE = Path(__file__).parents[2] / "docs" / "guide"
TIMINGS = Timings()
ONE_SLOW_STEP = ((60.0, 100.0),)
SLOW_STEPS = tuple((300.0 * number, 100.0 if number < 5 else 200.0) for number in range(1, 10))
"""Those of 100 s earn an engine the time for those of 200 s, and these all that can be earned."""


def passed_limits() -> Limits:
    """Return what the watcher makes of the arguments that an endpoint gives it."""
    spec = deployment(planned(), "sidecar", "bucket")["spec"]["template"]["spec"]
    return read_settings(spec["initContainers"][-1]["args"], {}).limits


def never_works(_: float, *, hangs_at: float) -> Sample:
    """An engine that hangs from its start on, with work in it."""
    return Sample(steps=0, running=1, waiting=0, started=hangs_at)


def test_every_limit_of_the_watcher_is_the_plan_s() -> None:
    limits, timings = passed_limits(), planned().timings
    assert limits.canary
    assert (limits.period, limits.timeout) == (timings.watch_period_seconds, timings.watch_timeout_seconds)
    assert (limits.stall, limits.longest_stall) == (timings.stall_seconds, timings.longest_stall_seconds)
    assert limits.first_token == timings.first_token_seconds


@pytest.mark.parametrize(
    ("engine", "hangs_at", "bound"),
    [
        (busy, 6000, TIMINGS.restart_seconds),
        (partial(with_pauses, pauses=ONE_SLOW_STEP), 190, TIMINGS.restart_seconds),
        (partial(with_pauses, pauses=SLOW_STEPS), 3000, TIMINGS.slow_restart_seconds),
        (never_works, 0, TIMINGS.first_restart_seconds),
    ],
    ids=["fast", "after one slow step", "slow steps are its habit", "before its first token"],
)
@pytest.mark.parametrize("after", [0, 0.5, 3, 5.5], ids="{} s after a look".format)
def test_a_hung_engine_ends_within_the_bound_of_the_plan(
    engine: Callable[..., Sample], hangs_at: float, bound: int, after: float
) -> None:
    """Each look takes as long as it may, and a token comes when the engine computes one."""
    limits, hangs_at = passed_limits(), hangs_at + after
    slowest = replace(limits, period=limits.period + limits.timeout, timeout=0)
    found = run(partial(engine, hangs_at=hangs_at), hangs_at + 1000, lost, limits=slowest).condemned_at
    assert found is not None
    probed = TIMINGS.liveness_period_seconds * TIMINGS.liveness_failures
    ended = found + probed + TIMINGS.liveness_grace_seconds + HOOK_EXTENSION_SECONDS
    assert bound - 3 * slowest.period <= ended - hangs_at <= bound


@pytest.mark.parametrize("page", ["liveness.md", "serving.md"])
def test_the_guide_tells_the_bounds(page: str) -> None:
    text = (GUIDE / page).read_text(encoding="utf-8")
    for bound in (TIMINGS.restart_seconds, TIMINGS.slow_restart_seconds, TIMINGS.first_restart_seconds):
        assert f"{bound} s" in text


@pytest.mark.parametrize(
    "page", [GUIDE / "liveness.md", GUIDE.parents[1] / "sidecar" / "README.md"], ids=lambda p: p.name
)
def test_the_pages_tell_what_a_habit_is(page: Path) -> None:
    assert f"three, and more than one in a hundred, of the last {PAUSES_REMEMBERED} " in page.read_text(
        encoding="utf-8"
    )
