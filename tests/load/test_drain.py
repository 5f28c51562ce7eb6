"""Workers come and go under load, by the timings that an endpoint declares: no request is lost. With one of them
wrong, requests or rollouts are, and the plan would have refused it."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import pytest

from bedplate.serving.connections import connection_problems
from bedplate.serving.timings import Timings, rollout_problems, timing_problems
from tests.load.clients import Load, Mix
from tests.load.kubernetes import KEPT, Deployment, WorkerSpec, play

if TYPE_CHECKING:
    from collections import Counter

    from bedplate.serving.connections import Connections

pytestmark = pytest.mark.engine  # for its slowness; it needs no engine of Pulumi

SCALE = 15
"""By how much time passes faster here."""

STEP_SECONDS = 1
LONGEST_REQUEST_SECONDS = 60
LOAD_SECONDS = 20
REQUESTS = 10_000
WORKERS = 2
QUIET_SECONDS = 15
"""How long nobody asks for anything after a rollout, while connections wait: longer than vLLM keeps one by itself."""

DECLARED = Timings()
MIX = Mix(short_tokens=(1, 5), long_tokens=LONGEST_REQUEST_SECONDS // STEP_SECONDS, long_share=0.02)
MANY_LONG = replace(MIX, long_share=0.3)


def worker(timings: Timings, connections: Connections = KEPT) -> WorkerSpec:
    """Return what a worker declares."""
    arguments = ("--step-seconds", str(STEP_SECONDS / SCALE))
    return WorkerSpec(timings, SCALE, load_seconds=LOAD_SECONDS, arguments=arguments, connections=connections)


def test_no_request_is_lost_in_three_rolling_updates_and_a_scale_in() -> None:
    async def scenario() -> tuple[Load, int]:
        async with Deployment(worker(DECLARED), 3, max_surge=1, max_unavailable=0) as deployment:
            load = Load(deployment.balancer.port, MIX, clients=100)
            load.start()
            for surge, unavailable in ((1, 0), (0, 1), (1, 0)):
                deployment.max_surge, deployment.max_unavailable = surge, unavailable
                deployment.roll()
                assert await deployment.settle()
            deployment.desired = 2
            assert await deployment.settle()
            await deployment.drained()
            while load.sent < REQUESTS:
                await asyncio.sleep(0.05)
            await load.finish()
            return load, deployment.most

    load, most_workers = play(scenario())
    assert timing_problems(DECLARED, LONGEST_REQUEST_SECONDS, LOAD_SECONDS) == connection_problems(KEPT) == []
    assert most_workers == 4
    assert load.sent >= REQUESTS
    assert not load.failures


@dataclass(frozen=True)
class Broken:
    """One thing wrong, the rule of the plan that refuses it, and what it loses: requests, or else the rollout. Without
    a rule nothing is wrong."""

    rule: str
    timings: Timings = DECLARED
    connections: Connections = KEPT
    max_surge: int = 1
    max_unavailable: int = 0
    loses_requests: bool = True


VLLM_DEFAULT = replace(KEPT, engine_idle_seconds=5)
BROKEN = {
    "nothing": Broken("", loses_requests=False),
    "no preStop": Broken("pre-stop", replace(DECLARED, pre_stop_seconds=0)),
    "no shutdown timeout": Broken("shutdown", replace(DECLARED, shutdown_seconds=0)),
    "shutdown below the longest request": Broken("longest-request", replace(DECLARED, shutdown_seconds=20)),
    "grace below preStop and shutdown": Broken("drain", replace(DECLARED, termination_grace_seconds=30)),
    "startup budget below loading": Broken("load", replace(DECLARED, startup_failures=1), loses_requests=False),
    "connections that the engine closes first": Broken("idle-connections", connections=VLLM_DEFAULT),
    "every worker unavailable": Broken("rollout", max_surge=0, max_unavailable=WORKERS),
}
LOST = {"cut off", "IncompleteReadError", "HTTP 502", "HTTP 503"}
"""How a request ends that a worker was too early gone for."""


@dataclass(frozen=True)
class Outcome:
    """What a rollout under load ended in."""

    rolled_out: bool
    failures: Counter[str]


def test_a_broken_timing_loses_requests_or_rollouts_and_is_refused() -> None:
    """One rollout for each, all at the same time: what they lose is not what a busy machine could."""

    async def scenario() -> list[Outcome]:
        return await asyncio.gather(*(roll_out(broken) for broken in BROKEN.values()))

    for name, outcome in zip(BROKEN, play(scenario()), strict=True):
        broken = BROKEN[name]
        refused = [
            *timing_problems(broken.timings, LONGEST_REQUEST_SECONDS, LOAD_SECONDS),
            *rollout_problems(broken.max_surge, broken.max_unavailable, WORKERS),
            *connection_problems(broken.connections),
        ]
        assert broken.rule in {problem.rule for problem in refused} or not (broken.rule or refused), name
        assert outcome.rolled_out == (broken.loses_requests or not broken.rule), name
        assert bool(outcome.failures) == broken.loses_requests, name
        assert set(outcome.failures) <= LOST, name


async def roll_out(broken: Broken) -> Outcome:
    """Put the broken thing into the template of workers that run well, and see what the rollout does to requests."""
    spec = worker(broken.timings, broken.connections)
    loading = replace(broken.timings, startup_failures=DECLARED.startup_failures)
    surge, unavailable = broken.max_surge, broken.max_unavailable
    async with Deployment(
        worker(loading, broken.connections), WORKERS, max_surge=surge, max_unavailable=unavailable
    ) as deployment:
        load = Load(deployment.balancer.port, MANY_LONG, clients=12)
        load.start()
        deployment.roll(spec)
        rolled_out = await deployment.settle(within_seconds=8 * LOAD_SECONDS)
        await deployment.drained()
        await load.finish()
        await asyncio.sleep(QUIET_SECONDS / SCALE)
        await load.once_more()
        return Outcome(rolled_out, load.failures)
