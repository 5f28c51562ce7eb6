"""How long an endpoint's workers take to start, to stop and to be found hung, and which of these times exclude others.

Every inequality here is one that loses requests, or leaves a rollout stuck, when it is broken; none is checked by
Kubernetes. The load test in tests/load drives real processes with these very timings, and breaks each in turn.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

ENDPOINT_REMOVAL_SECONDS = 10
"""Until every gateway has stopped sending to a pod that is going: EndpointSlice, controller and proxies, one after
the other. A pod that stops listening earlier refuses connections that are already on their way to it."""

KILL_MARGIN_SECONDS = 10
"""What is left of the grace period after the engine's own shutdown: the engine still has to free its accelerators."""

HOOK_EXTENSION_SECONDS = 2
"""By how much the kubelet prolongs a grace period that a preStop hook has used up, once (Kubernetes documentation,
"Pod Lifecycle", termination of pods)."""

RESTART_WITHIN_SECONDS = 150
"""How long a hung engine may stay, from its last token to its end, unless slow steps are its habit or it has not
produced a token yet."""


@dataclass(frozen=True, slots=True)
class Timings:
    """All times of a worker, in seconds.

    Stopping: `pre_stop_seconds` pass between the order to go and SIGTERM, then the engine finishes what it has begun
    for at most `shutdown_seconds`, and `termination_grace_seconds` after the order it is killed.
    Starting: the startup probe allows `startup_failures` × `startup_period_seconds` to load the model. Before it run
    `before_start_seconds` at worst (node, image, weights), and a rollout counts as failed after
    `progress_deadline_seconds` without progress.
    Hanging: the watcher pauses for `watch_period_seconds` between two looks, of which each takes
    `watch_timeout_seconds` at most, and condemns an engine that has work and has produced nothing for `stall_seconds`.
    One whose long pauses are a habit earns more, `longest_stall_seconds` at most, and one that has produced nothing yet
    gets `first_token_seconds`. The liveness probe reads the verdict; the engine then gets `liveness_grace_seconds`.
    """

    pre_stop_seconds: int = 15
    shutdown_seconds: int = 300
    termination_grace_seconds: int = 330
    startup_period_seconds: int = 10
    startup_timeout_seconds: int = 5
    startup_failures: int = 180
    readiness_period_seconds: int = 5
    readiness_timeout_seconds: int = 2
    readiness_failures: int = 3
    liveness_period_seconds: int = 5
    liveness_timeout_seconds: int = 5
    liveness_failures: int = 2
    liveness_grace_seconds: int = 5
    watch_period_seconds: int = 2
    watch_timeout_seconds: int = 4
    stall_seconds: int = 120
    longest_stall_seconds: int = 600
    first_token_seconds: int = 300
    before_start_seconds: int = 1800
    progress_deadline_seconds: int = 3900

    @property
    def startup_budget_seconds(self) -> int:
        """How long the engine may take to load its model before the kubelet restarts it."""
        return self.startup_period_seconds * self.startup_failures

    @property
    def watch_limits(self) -> dict[str, int]:
        """All limits that the watcher is told, by the name of their flag (sidecar/README.md)."""
        return {
            "period": self.watch_period_seconds,
            "timeout": self.watch_timeout_seconds,
            "stall": self.stall_seconds,
            "longest-stall": self.longest_stall_seconds,
            "first-token": self.first_token_seconds,
        }

    @property
    def restart_seconds(self) -> int:
        """The longest from the last token of an engine that hangs to its end, unless its slow steps earn it more."""
        return self._ended_after(self.stall_seconds)

    @property
    def slow_restart_seconds(self) -> int:
        """The same of an engine whose slow steps have earned it all that they can."""
        return self._ended_after(max(self.stall_seconds, self.longest_stall_seconds))

    @property
    def first_restart_seconds(self) -> int:
        """The longest from the first work of an engine that hangs before its first token to its end."""
        return self._ended_after(max(self.stall_seconds, self.first_token_seconds))

    def _ended_after(self, deadline: int) -> int:
        """The watcher sees the last token up to a pause and a look late, and the deadline pass as late again. The hook
        that delays an ordinary stop runs here too, until the probe's own grace period ends it."""
        found = deadline + 2 * (self.watch_period_seconds + self.watch_timeout_seconds)
        probed = self.liveness_period_seconds * self.liveness_failures
        return found + probed + self.liveness_grace_seconds + HOOK_EXTENSION_SECONDS


@dataclass(frozen=True, slots=True)
class TimingProblem:
    """Timings that lose requests or rollouts: which rule, which numbers, and what is lost."""

    rule: str
    message: str
    loses: str


def timing_problems(timings: Timings, longest_request_seconds: int = 0, load_seconds: int = 0) -> list[TimingProblem]:
    """Return every rule that timings break; an empty list means that a worker comes and goes without a loss.

    `longest_request_seconds` is how long the longest request takes from its arrival to its last token, and
    `load_seconds` how long the engine takes to load its model; 0 where nobody knows, which checks nothing.
    """
    return [
        *(problem for rule in RULES for problem in rule(timings)),
        *_drains_the_longest_request(timings, longest_request_seconds),
        *_loads_within_budget(timings, load_seconds),
    ]


def rollout_problems(max_surge: int, max_unavailable: int, workers: int) -> list[TimingProblem]:
    """Return why replacing workers this way, of which `workers` run at least, loses requests; empty if it does not."""
    if max_surge <= 0 and max_unavailable <= 0:
        nobody = f"max_surge {max_surge} and max_unavailable {max_unavailable} let no worker be replaced"
        return [TimingProblem("rollout", nobody, "every rollout")]
    if max_unavailable >= workers:
        nobody = f"max_unavailable {max_unavailable} of {workers} workers leaves none while the new ones load"
        return [TimingProblem("rollout", nobody, "every request until the first new worker has loaded its model")]
    return []


def _removed_before_stopping(timings: Timings) -> Iterator[TimingProblem]:
    if timings.pre_stop_seconds < ENDPOINT_REMOVAL_SECONDS:
        yield TimingProblem(
            "pre-stop",
            f"pre_stop_seconds {timings.pre_stop_seconds} is below {ENDPOINT_REMOVAL_SECONDS}: the engine stops while "
            "gateways still send to it",
            "requests that arrive after SIGTERM",
        )


def _drained_before_killed(timings: Timings) -> Iterator[TimingProblem]:
    needed = timings.pre_stop_seconds + timings.shutdown_seconds + KILL_MARGIN_SECONDS
    if needed > timings.termination_grace_seconds:
        yield TimingProblem(
            "drain",
            f"pre_stop_seconds {timings.pre_stop_seconds} + shutdown_seconds {timings.shutdown_seconds} + "
            f"{KILL_MARGIN_SECONDS} is above termination_grace_seconds {timings.termination_grace_seconds}",
            "requests that the engine was still answering when it was killed",
        )


def _waits_for_requests(timings: Timings) -> Iterator[TimingProblem]:
    """vLLM's --shutdown-timeout of 0 aborts what is running at SIGTERM."""
    if timings.shutdown_seconds <= 0:
        yield TimingProblem(
            "shutdown",
            f"shutdown_seconds {timings.shutdown_seconds} makes the engine abort at SIGTERM what it is answering",
            "every request that is running when a worker stops",
        )


def _drains_the_longest_request(timings: Timings, longest_request_seconds: int) -> Iterator[TimingProblem]:
    if longest_request_seconds > timings.shutdown_seconds:
        yield TimingProblem(
            "longest-request",
            f"shutdown_seconds {timings.shutdown_seconds} is below the longest request, {longest_request_seconds} s",
            "requests that are still being answered when the engine's time to shut down is over",
        )


def _loads_within_budget(timings: Timings, load_seconds: int) -> Iterator[TimingProblem]:
    if load_seconds > timings.startup_budget_seconds:
        yield TimingProblem(
            "load",
            f"the startup budget of {timings.startup_budget_seconds} s is below the {load_seconds} s that loading the "
            "model takes",
            "every new worker, which is restarted while it loads, and so rollouts and scaling out",
        )


def _startup_within_deadline(timings: Timings) -> Iterator[TimingProblem]:
    needed = timings.before_start_seconds + timings.startup_budget_seconds
    if needed > timings.progress_deadline_seconds:
        yield TimingProblem(
            "startup",
            f"before_start_seconds {timings.before_start_seconds} + startup budget {timings.startup_budget_seconds} "
            f"is above progress_deadline_seconds {timings.progress_deadline_seconds}",
            "rollouts, which count as failed while a worker still loads its model",
        )


def _readiness_answers_in_time(timings: Timings) -> Iterator[TimingProblem]:
    for name in ("startup", "readiness", "liveness"):
        period = getattr(timings, f"{name}_period_seconds")
        timeout = getattr(timings, f"{name}_timeout_seconds")
        if not 1 <= timeout <= period:
            yield TimingProblem(
                f"{name}-timeout",
                f"{name}_timeout_seconds {timeout} is not between 1 and {name}_period_seconds {period}",
                "the meaning of the probe's period: one check would still run when the next one is due",
            )


def _restarted_in_time(timings: Timings) -> Iterator[TimingProblem]:
    if timings.restart_seconds > RESTART_WITHIN_SECONDS:
        yield TimingProblem(
            "restart",
            f"a hung engine stays for {timings.restart_seconds} s, above {RESTART_WITHIN_SECONDS} s",
            "every request that waits in a hung engine for longer than its client does",
        )


def _hang_is_no_long_step(timings: Timings) -> Iterator[TimingProblem]:
    """Below 60 s a long prefill or a first compilation looks like a hang; production settled on 120 s (gonka#1421)."""
    if timings.stall_seconds < 60:
        yield TimingProblem(
            "stall",
            f"stall_seconds {timings.stall_seconds} is below 60: a long prefill looks like a hang",
            "healthy engines, and all requests in them",
        )


def _limits_rise(timings: Timings) -> Iterator[TimingProblem]:
    if not timings.watch_period_seconds < timings.stall_seconds <= timings.longest_stall_seconds:
        yield TimingProblem(
            "watch",
            f"watch_period_seconds {timings.watch_period_seconds}, stall_seconds {timings.stall_seconds} and "
            f"longest_stall_seconds {timings.longest_stall_seconds} do not rise in this order",
            "every worker: its watcher refuses them, and its engine never starts",
        )


RULES: tuple[Callable[[Timings], Iterator[TimingProblem]], ...] = (
    _removed_before_stopping,
    _drained_before_killed,
    _waits_for_requests,
    _startup_within_deadline,
    _readiness_answers_in_time,
    _restarted_in_time,
    _hang_is_no_long_step,
    _limits_rise,
)
