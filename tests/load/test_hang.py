"""An engine that hangs is restarted within 150 seconds, whatever it answers; one that works, loads or idles is not.
Real watchers beside fake engines, and the very liveness probe that endpoints declare."""

from __future__ import annotations

import asyncio
import contextlib
import signal
from dataclasses import dataclass
from pathlib import Path

import pytest

from bedplate.serving.timings import RESTART_WITHIN_SECONDS, Timings
from tests.load.clients import complete, request
from tests.load.kubernetes import Worker, WorkerSpec, liveness_probe, play

pytestmark = pytest.mark.engine  # for its slowness; it needs no engine of Pulumi

SCALE = 20
TIMINGS = Timings()
WATCHED_SECONDS = 240
"""How long an engine that must not be restarted is watched: twice the deadline."""


@dataclass(frozen=True)
class Engine:
    """An engine and what happens to it. Times are in unscaled seconds; `tokens` 0 sends it nothing, and
    `slow_step_seconds` is how long it stands still once before it gets `signal`."""

    step_seconds: float = 0.5
    load_seconds: float = 20
    tokens: int = 0
    prefill: int = 0
    slow_step_seconds: float = 0
    signal: signal.Signals | None = None
    arguments: tuple[str, ...] = ()


HUNG = {
    "with requests in it": Engine(tokens=10_000, signal=signal.SIGUSR1),
    "while it was idle": Engine(signal=signal.SIGUSR1),
    "and says that it is idle": Engine(tokens=10_000, signal=signal.SIGUSR1, arguments=("--gauges-idle-in-hang",)),
    "after one slow step": Engine(tokens=10_000, slow_step_seconds=90, signal=signal.SIGUSR1),
    "HTTP side and all": Engine(tokens=10_000, signal=signal.SIGSTOP),
}
HEALTHY = {
    "one step takes 100 s": Engine(step_seconds=100, tokens=10),
    "a prefill that gives no token for longer than the deadline": Engine(tokens=1, prefill=600),
    "the model takes 200 s to load": Engine(load_seconds=200),
    "nobody asks for anything": Engine(),
}


@dataclass(frozen=True)
class Outcome:
    """`health` is the status of /health after the hang, 0 for no answer; `restarted_after` is in unscaled seconds."""

    health: int
    restarted_after: float | None


async def watch(engine: Engine, verdict_file: Path) -> Outcome:
    """Run the engine beside a watcher, let happen what happens, and return what became of it."""
    probe = liveness_probe(verdict_file)
    arguments = ("--step-seconds", str(engine.step_seconds / SCALE), *engine.arguments)
    worker = Worker(WorkerSpec(TIMINGS, SCALE, engine.load_seconds, arguments, verdict_file, probe))
    loop = asyncio.get_running_loop()
    client: asyncio.Task[str] | None = None
    since = loop.time()
    if engine.load_seconds < WATCHED_SECONDS / 2:
        await worker.started()
    if engine.tokens:
        client = asyncio.create_task(complete(worker.port, engine.tokens, stream=False, prefill=engine.prefill))
    health = 0
    if engine.signal is not None:
        await asyncio.sleep(40 / SCALE)
        if engine.slow_step_seconds:
            await _stand_still(worker, engine.slow_step_seconds)
        since = loop.time()
        worker.signal(engine.signal)
        health = await _health(worker.port)
    while loop.time() - since < WATCHED_SECONDS / SCALE and not worker.restarted_at:
        await asyncio.sleep(0.02)
    restarted_after = (worker.restarted_at[0] - since) * SCALE if worker.restarted_at else None
    if client is not None:
        client.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await client
    worker.signal(signal.SIGKILL)
    await worker.stop()
    return Outcome(health, restarted_after)


async def _stand_still(worker: Worker, seconds: float) -> None:
    """Stop the engine for a while, and give it as long to work again as makes that an exception."""
    worker.signal(signal.SIGSTOP)
    await asyncio.sleep(seconds / SCALE)
    worker.signal(signal.SIGCONT)
    await asyncio.sleep(30 / SCALE)


async def _health(port: int) -> int:
    try:
        async with asyncio.timeout(0.5):
            status, _ = await request(port, "GET", "/health")
    except TimeoutError:
        return 0
    return status


def test_engines_that_hang_are_restarted_in_time_and_no_others(tmp_path: Path) -> None:
    """All at the same time, each with its own watcher."""
    engines = HUNG | HEALTHY
    verdict_files = [tmp_path / str(number) / "wedged" for number in range(len(engines))]
    for file in verdict_files:
        file.parent.mkdir()

    async def scenario() -> list[Outcome]:
        return await asyncio.gather(*map(watch, engines.values(), verdict_files))

    outcomes = dict(zip(engines, play(scenario()), strict=True))
    for name, engine in HUNG.items():
        after = outcomes[name].restarted_after
        assert after is not None, name
        assert TIMINGS.stall_seconds / 2 < after <= RESTART_WITHIN_SECONDS, name
        assert outcomes[name].health == (0 if engine.signal is signal.SIGSTOP else 200), name
    assert {name: outcomes[name].restarted_after for name in HEALTHY} == dict.fromkeys(HEALTHY)
    assert not any(file.exists() for file in verdict_files)
