"""The part of Kubernetes that starts, probes, replaces and stops an endpoint's workers, with real processes.

It follows Kubernetes' documentation ("Pod Lifecycle", "Deployments"): what it does not need, it does not have. All
times are those of `bedplate.serving.timings`, divided by one factor.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import socket
import sys
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from bedplate.serving.connections import Connections
from bedplate.serving.plan import VERDICT_FILE
from bedplate.serving.timings import ENDPOINT_REMOVAL_SECONDS, HOOK_EXTENSION_SECONDS, Timings
from bedplate.serving.workload import LIVENESS_COMMAND
from tests.load.balancer import Balancer
from tests.load.clients import request

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Coroutine, Iterator, Mapping, Sequence

Outcome = TypeVar("Outcome")

FAKE_ENGINE = Path(__file__).with_name("fake_engine.py")
SIDECAR = Path(__file__).parents[2] / "sidecar"
KEPT = Connections()
FIRST_PORT, PORTS_EACH = 20_000, 2_000
"""Below the ports that connections get: one that a client happened to use could not be listened on. Every process that
runs tests has a range of its own."""


def _own_ports() -> Iterator[int]:
    process = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
    first = FIRST_PORT + process * PORTS_EACH
    # Each is offered once: between the choice of a port and the engine's listening on it, others choose theirs.
    yield from range(first, first + PORTS_EACH)


_PORTS = _own_ports()


def free_port() -> int:
    """Return a port of the loopback address on which nothing listens, and that nobody else was given."""
    for port in _PORTS:
        with contextlib.suppress(OSError), socket.socket() as probe:
            probe.bind(("127.0.0.1", port))
            return port
    raise RuntimeError("every port of this process has been used")


_processes: list[asyncio.subprocess.Process] = []


def play(scenario: Coroutine[None, None, Outcome]) -> Outcome:
    """Run a scenario to its end; whatever becomes of it, none of its processes outlives it."""
    try:
        return asyncio.run(scenario)
    finally:
        for process in _processes:
            with contextlib.suppress(ProcessLookupError):
                if process.returncode is None:
                    os.kill(process.pid, signal.SIGKILL)
        _processes.clear()


async def _spawn(command: Sequence[str], environment: Mapping[str, str]) -> asyncio.subprocess.Process:
    """Start a process that lives no longer than the scenario; what it writes is not of interest."""
    null = asyncio.subprocess.DEVNULL
    process = await asyncio.create_subprocess_exec(*command, env=os.environ | environment, stdout=null)
    _processes.append(process)
    return process


@dataclass(frozen=True)
class WorkerSpec:
    """What a worker's pod declares. `arguments` are the fake engine's; `probe` is the liveness probe's command.
    `connections` also says what the gateway does."""

    timings: Timings
    scale: float
    load_seconds: float = 0
    arguments: tuple[str, ...] = ()
    verdict_file: Path | None = None
    probe: tuple[str, ...] = ()
    connections: Connections = KEPT

    def scaled(self, seconds: float) -> float:
        """Return how long something takes here that takes `seconds` there."""
        return seconds / self.scale


class Worker:
    """A pod: an engine, its watcher if it has one, and what the kubelet does to them."""

    def __init__(self, spec: WorkerSpec, changed: Callable[[Worker], None] = lambda _: None) -> None:
        self.spec = spec
        self.port = free_port()
        self.ready = False
        self.going = False
        self.restarted_at: list[float] = []
        self.started_at: float | None = None
        self._changed = changed
        self._engine: asyncio.subprocess.Process | None = None
        self._watcher: asyncio.subprocess.Process | None = None
        self._life = asyncio.create_task(self._live())

    @property
    def engine(self) -> asyncio.subprocess.Process:
        """The engine's process."""
        assert self._engine is not None
        return self._engine

    def signal(self, number: signal.Signals) -> None:
        """Send a signal to the engine, if it still runs."""
        with contextlib.suppress(ProcessLookupError):
            self.engine.send_signal(number)

    async def started(self) -> None:
        """Wait until the startup probe has succeeded."""
        while self.started_at is None:
            await asyncio.sleep(0.01)

    async def stop(self) -> None:
        """Delete the pod: endpoint, preStop hook and SIGTERM, SIGKILL at the end of the grace period."""
        self.going = True
        self._set_ready(ready=False)
        self._life.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._life
        if self._engine is not None:
            await self._end_engine(self.spec.timings.termination_grace_seconds)
        await self._end_watcher()

    async def _live(self) -> None:
        await self._start_watcher()
        while True:
            await self._start_engine()
            grace = await self._probe()
            self._set_ready(ready=False)
            await self._end_engine(grace)
            self.restarted_at.append(asyncio.get_running_loop().time())

    async def _start_engine(self) -> None:
        spec = self.spec
        command = [sys.executable, str(FAKE_ENGINE), "--port", str(self.port), *spec.arguments]
        command += ["--load-seconds", str(spec.scaled(spec.load_seconds))]
        command += ["--shutdown-timeout", str(spec.scaled(spec.timings.shutdown_seconds))]
        command += ["--keep-alive", str(spec.scaled(spec.connections.engine_idle_seconds))]
        self._engine = await _spawn(command, {})

    async def _start_watcher(self) -> None:
        spec = self.spec
        if spec.verdict_file is None:
            return
        command = [sys.executable, "-m", "bedplate_sidecar", "--engine", f"http://127.0.0.1:{self.port}"]
        command += ["--model", "fake", "--verdict-file", str(spec.verdict_file), "--listen", "127.0.0.1:0"]
        for name, value in spec.timings.watch_limits.items():
            command += [f"--{name}", str(spec.scaled(value))]
        self._watcher = await _spawn(command, {"PYTHONPATH": str(SIDECAR)})

    async def _probe(self) -> float:
        """Probe until the container has to be restarted; return the grace period that it then gets."""
        times = self.spec.timings
        self.started_at = None
        if not await self._until(self._answers, times.startup_period_seconds, times.startup_failures):
            return times.termination_grace_seconds
        self.started_at = asyncio.get_running_loop().time()
        readiness = asyncio.create_task(self._keep_ready())
        try:
            await self._fails(self._is_alive, times.liveness_period_seconds, times.liveness_failures)
        finally:
            readiness.cancel()
        return times.liveness_grace_seconds

    async def _keep_ready(self) -> None:
        times = self.spec.timings
        while True:
            await self._until(self._answers, times.readiness_period_seconds, sys.maxsize)
            self._set_ready(ready=True)
            await self._fails(self._answers, times.readiness_period_seconds, times.readiness_failures)
            self._set_ready(ready=False)

    async def _until(self, check: Callable[[], Awaitable[bool]], period: float, failures: int) -> bool:
        """Check until it holds; False after so many failures."""
        for _ in range(failures):
            if await check():
                return True
            await asyncio.sleep(self.spec.scaled(period))
        return False

    async def _fails(self, check: Callable[[], Awaitable[bool]], period: float, failures: int) -> None:
        """Check until it has failed so often in a row."""
        failed = 0
        while failed < failures:
            await asyncio.sleep(self.spec.scaled(period))
            failed = 0 if await check() else failed + 1

    async def _answers(self) -> bool:
        """The startup and readiness probe: the engine lists its models."""
        try:
            async with asyncio.timeout(self.spec.scaled(self.spec.timings.startup_timeout_seconds)):
                status, _ = await request(self.port, "GET", "/v1/models")
        except (OSError, asyncio.IncompleteReadError):
            return False
        return status == 200

    async def _is_alive(self) -> bool:
        """The liveness probe: the command that the sidecar's contract gives, run as the kubelet runs it."""
        if not self.spec.probe:
            return self.engine.returncode is None
        process = await asyncio.create_subprocess_exec(*self.spec.probe)
        return self.engine.returncode is None and await process.wait() == 0

    async def _end_engine(self, grace_seconds: float) -> None:
        """The hook runs within the grace period; one that used it up prolongs it once, and shortly."""
        engine, times = self.engine, self.spec.timings
        hook = min(times.pre_stop_seconds, grace_seconds)
        left = max(grace_seconds - hook, HOOK_EXTENSION_SECONDS)
        ended = asyncio.create_task(engine.wait())
        await asyncio.wait({ended}, timeout=self.spec.scaled(hook))
        with contextlib.suppress(ProcessLookupError):
            engine.terminate()
        await asyncio.wait({ended}, timeout=self.spec.scaled(left))
        with contextlib.suppress(ProcessLookupError):
            engine.kill()
        await ended

    async def _end_watcher(self) -> None:
        if self._watcher is not None:
            with contextlib.suppress(ProcessLookupError):
                self._watcher.terminate()
            await self._watcher.wait()

    def _set_ready(self, *, ready: bool) -> None:
        if ready != self.ready:
            self.ready = ready
            self._changed(self)


class Deployment:
    """Keeps `desired` workers behind a balancer, and replaces them as `max_surge` and `max_unavailable` allow."""

    def __init__(self, spec: WorkerSpec, desired: int, *, max_surge: int, max_unavailable: int) -> None:
        self.spec = spec
        self.desired = desired
        self.max_surge = max_surge
        self.max_unavailable = max_unavailable
        idle_seconds = spec.scaled(spec.connections.gateway_idle_seconds)
        self.balancer = Balancer(spec.scaled(ENDPOINT_REMOVAL_SECONDS), idle_seconds)
        self.workers: list[Worker] = []
        self.most = 0
        self._old: set[Worker] = set()
        self._stops: list[asyncio.Task[None]] = []

    async def __aenter__(self) -> Deployment:
        await self.balancer.start()
        await self.settle()
        return self

    async def __aexit__(self, *_: object) -> None:
        for worker in list(self.workers):
            self._stop(worker)
        await asyncio.gather(*self._stops)
        await self.balancer.stop()

    def roll(self, spec: WorkerSpec | None = None) -> None:
        """Declare another template: all workers are to be replaced."""
        self.spec = spec or replace(self.spec)
        self._old = set(self.workers)

    async def settle(self, within_seconds: float = 3600) -> bool:
        """Reconcile until what runs is what is declared and known to the balancer; False if that takes too long."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + self.spec.scaled(within_seconds)
        while not self._reconcile():
            if loop.time() > deadline:
                return False
            await asyncio.sleep(0.01)
        await asyncio.sleep(self.balancer.delay_seconds)
        return True

    async def drained(self) -> None:
        """Wait until every worker that was told to go has gone."""
        await asyncio.gather(*self._stops)

    def _reconcile(self) -> bool:
        new = [worker for worker in self.workers if worker not in self._old]
        old = [worker for worker in self.workers if worker in self._old]
        while len(new) < self.desired and len(self.workers) < self.desired + self.max_surge:
            new.append(self._start())
        for worker in new[self.desired :]:
            self._stop(worker)
        ready = sum(worker.ready for worker in self.workers)
        for worker in old:
            if worker.ready and ready - 1 < self.desired - self.max_unavailable:
                continue
            ready -= worker.ready
            self._stop(worker)
        self.most = max(self.most, len(self.workers))
        return len(self.workers) == self.desired and all(worker.ready for worker in self.workers) and not self._old

    def _start(self) -> Worker:
        worker = Worker(self.spec, lambda worker: self.balancer.tell(worker.port, ready=worker.ready))
        self.workers.append(worker)
        return worker

    def _stop(self, worker: Worker) -> None:
        self.workers.remove(worker)
        self._old.discard(worker)
        self._stops.append(asyncio.create_task(worker.stop()))


def liveness_probe(verdict_file: Path) -> tuple[str, ...]:
    """Return the liveness probe's command as endpoints declare it, for another verdict file."""
    return tuple(part.replace(VERDICT_FILE, str(verdict_file)) for part in LIVENESS_COMMAND)
