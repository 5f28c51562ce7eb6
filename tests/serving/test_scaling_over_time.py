"""What the autoscaler does with an endpoint's own ScaledObject over hours: a constant load ends at a constant number.

The formula, the stabilization and the limits of a HorizontalPodAutoscaler are simulated, on the fields that are
deployed (kubernetes.io, "Horizontal Pod Autoscaling"). Metrics are external with a target of AverageValue, as KEDA
declares them, so the wished number is their sum divided by the threshold.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import Any

import pytest

from bedplate.serving.scaling import scaled_object
from tests.support.endpoints import endpoint_plan

SYNC_SECONDS = 15
TOLERANCE = 0.1
LOAD_SECONDS = 300
"""How long a worker takes until it serves; by then it counts as a replica."""

REQUESTS_AT_ONCE = 100
"""How many requests a worker of these tests runs when it is full."""

HOUR = 3600


@dataclass
class Engines:
    """An endpoint's workers under a constant number of requests: `load` is in workers that are full.

    `cache_when_full` is below 1 where a limit on requests is reached before the cache of keys and values is.
    """

    load: Callable[[int], float]
    cache_when_full: float = 1.0
    ready_at: list[int] = field(default_factory=lambda: [0])

    def signals(self, now: int) -> dict[str, float]:
        """Return what the queries of the triggers would answer."""
        ready = sum(1 for at in self.ready_at if at <= now)
        requests = self.load(now) * REQUESTS_AT_ONCE
        running = min(requests, ready * REQUESTS_AT_ONCE)
        busy = 100 * self.cache_when_full * running / REQUESTS_AT_ONCE
        return {"queue": requests - running, "busy": busy, "running": running}

    def scale(self, replicas: int, now: int) -> None:
        """Start workers, or take away the youngest."""
        self.ready_at = self.ready_at[:replicas]
        self.ready_at += [now + LOAD_SECONDS] * (replicas - len(self.ready_at))


@dataclass
class Autoscaler:
    """A HorizontalPodAutoscaler made of a ScaledObject."""

    spec: dict[str, Any]
    recommended: list[tuple[int, int]] = field(default_factory=list)
    changes: list[tuple[int, int]] = field(default_factory=list)

    def step(self, now: int, replicas: int, signals: dict[str, float]) -> int:
        """Return how many workers there are from now on."""
        wished = max(self._wish(trigger, replicas, signals) for trigger in self.spec["triggers"])
        wished = min(max(wished, self.spec["minReplicaCount"]), self.spec["maxReplicaCount"])
        self.recommended.append((now, wished))
        target = self._within_limits(now, replicas, self._stabilized(now, replicas))
        if target != replicas:
            self.changes.append((now, target - replicas))
        return target

    @property
    def _behavior(self) -> dict[str, Any]:
        behavior: dict[str, Any] = self.spec["advanced"]["horizontalPodAutoscalerConfig"]["behavior"]
        return behavior

    @staticmethod
    def _wish(trigger: dict[str, Any], replicas: int, signals: dict[str, float]) -> int:
        threshold, value = float(trigger["metadata"]["threshold"]), signals[trigger["name"]]
        if abs(value / (threshold * replicas) - 1) <= TOLERANCE:
            return replicas
        return math.ceil(value / threshold)

    def _stabilized(self, now: int, replicas: int) -> int:
        up = min(self._recent(now, "scaleUp"))
        down = max(self._recent(now, "scaleDown"))
        return min(max(replicas, up), down)

    def _recent(self, now: int, direction: str) -> Iterable[int]:
        window = self._behavior[direction]["stabilizationWindowSeconds"]
        return [wished for at, wished in self.recommended if at >= now - window]

    def _within_limits(self, now: int, replicas: int, target: int) -> int:
        if target > replicas:
            return min(target, max(self._limits(now, replicas, "scaleUp", sign=1)))
        return max(target, min(self._limits(now, replicas, "scaleDown", sign=-1), default=target))

    def _limits(self, now: int, replicas: int, direction: str, *, sign: int) -> Iterable[int]:
        for policy in self._behavior[direction]["policies"]:
            begin = replicas - sum(change for at, change in self.changes if at > now - policy["periodSeconds"])
            by = policy["value"] if policy["type"] == "Pods" else math.ceil(begin * policy["value"] / 100)
            yield begin + sign * by


def replicas_over(hours: int, engines: Engines, *, without: str = "", **changes: Any) -> list[int]:
    """Return how many workers an endpoint of up to nine has, every 15 seconds."""
    spec = scaled_object(replace(endpoint_plan(), max_workers=9, schedule=(), **changes))["spec"]
    spec["triggers"] = [trigger for trigger in spec["triggers"] if trigger["name"] != without]
    autoscaler, history = Autoscaler(spec), []
    for now in range(0, hours * HOUR, SYNC_SECONDS):
        replicas = autoscaler.step(now, len(engines.ready_at), engines.signals(now))
        engines.scale(replicas, now)
        history.append(replicas)
    return history


def last(hours: int, history: list[int]) -> list[int]:
    """Return the numbers of the last hours."""
    return history[-hours * HOUR // SYNC_SECONDS :]


@pytest.mark.parametrize(("load", "workers"), [(0.3, 1), (1.0, 2), (2.2, 3), (4.5, 6), (6.0, 8), (20, 9)])
def test_a_constant_load_ends_at_a_number_that_stays(load: float, workers: int) -> None:
    history = replicas_over(6, Engines(lambda _now: load))
    assert set(last(3, history)) == {workers}


def test_a_queue_alone_takes_busy_workers_away_and_starts_them_again() -> None:
    """The reason for the second trigger: nothing waits where there are just enough workers."""
    history = last(3, replicas_over(6, Engines(lambda _now: 4.5), without="busy"))
    assert min(history) < 4.5 < 6 < max(history)


def test_workers_that_are_no_longer_needed_go_one_by_one() -> None:
    history = replicas_over(8, Engines(lambda now: 4.5 if now < 4 * HOUR else 0.2))
    assert history[-1] == 1
    assert all(after >= before - 1 for before, after in pairwise(history))


def test_a_limit_on_requests_counts_where_it_is_reached_before_the_cache_is_full() -> None:
    """Where arguments lower --max-num-seqs, workers are full with a cache that is nearly empty."""
    full_early = Engines(lambda _now: 4.5, cache_when_full=0.3)
    assert set(last(3, replicas_over(6, full_early, running_limit=REQUESTS_AT_ONCE))) == {6}
    unknown = Engines(lambda _now: 4.5, cache_when_full=0.3)
    assert len(set(last(3, replicas_over(6, unknown)))) > 1
