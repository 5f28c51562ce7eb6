"""Engines as series of metrics over time, judged on an injected clock: nothing here waits."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from bedplate_sidecar.judge import Canary, Judge, Judgement, Limits
from bedplate_sidecar.observation import Sample, Silence

if TYPE_CHECKING:
    from collections.abc import Callable

NEVER = float("inf")


def answered(_: float) -> float:
    """A canary that comes back half a second after it was asked."""
    return 0.5


def lost(_: float) -> float:
    """A canary that never comes back."""
    return NEVER


@dataclass
class Run:
    """What the judge said, look by look."""

    judgements: list[tuple[float, Judgement]] = field(default_factory=list)

    @property
    def condemned_at(self) -> float | None:
        """The time of the first verdict, or None."""
        return next((now for now, judgement in self.judgements if judgement.wedged), None)

    @property
    def last(self) -> Judgement:
        """What the judge said last."""
        return self.judgements[-1][1]


def run(
    engine: Callable[[float], Sample | Silence],
    seconds: float,
    canary: Callable[[float], float] = answered,
    *,
    limits: Limits | None = None,
    looks: Callable[[float], bool] = lambda _: True,
    refuses: bool = False,
) -> Run:
    """Judge an engine for so long. `canary` tells how long one asked for at a time takes; `looks`, when the watcher
    runs at all; `refuses`, whether the engine turns canaries away."""
    limits = limits or Limits()
    judge, result = Judge(limits), Run()
    asked_at: float | None = None
    now = 0.0
    while now <= seconds:
        if looks(now):
            state = Canary.NONE
            if asked_at is not None:
                state = Canary.WAITING
                if now - asked_at >= canary(asked_at):
                    state, asked_at = (Canary.REFUSED if refuses else Canary.ANSWERED), None
            judgement = judge.look(now, engine(now), state)
            asked_at = now if judgement.ask else asked_at
            result.judgements.append((now, judgement))
        now += limits.period
    return result


def busy(now: float, *, step: float = 0.05, hangs_at: float = NEVER, gauges_say_idle: bool = False) -> Sample:
    """An engine that has work from time 0 on, and completes a step every so many seconds until it hangs."""
    steps = int(min(now, hangs_at) / step) + 1
    hung = now > hangs_at
    running = 0 if hung and gauges_say_idle else 3
    return Sample(steps=steps, running=running, waiting=0, tokens=3 * steps, started=1.0)


def with_pauses(now: float, *, pauses: tuple[tuple[float, float], ...], hangs_at: float = NEVER) -> Sample:
    """An engine that has work and completes a step every second, but none in its pauses: (start, length) each."""
    now = min(now, hangs_at)
    paused = sum(min(max(now - start, 0.0), length) for start, length in pauses)
    steps = int(now - paused) + 1
    return Sample(steps=steps, running=3, waiting=0, tokens=3 * steps, started=1.0)


def idle(_: float, *, running: float = 0) -> Sample:
    """An engine that has done something and does nothing now; `running` is what its gauge has kept."""
    return Sample(steps=7, running=running, waiting=0, tokens=50, started=1.0)
