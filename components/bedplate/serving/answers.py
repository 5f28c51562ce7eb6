"""What people ask of an endpoint before it exists: where it runs, how many workers, how soon, and for how much."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from bedplate import catalog
from bedplate.serving.packing import nodes_for
from bedplate.serving.plan import ApiKeys
from bedplate.serving.schedule import MINUTES_PER_DAY, minutes

if TYPE_CHECKING:
    from bedplate.node_pools.plan import NodePoolPlan
    from bedplate.plan import StackPlan
    from bedplate.serving.plan import EndpointPlan, ScheduleWindow

UTILIZATIONS = (25, 50, 75)
"""Percent of a worker's declared full load, averaged over all hours: few endpoints are busy at night."""

MILLION = 1_000_000
SECONDS_PER_HOUR = 3600
MINUTES_PER_WEEK = 7 * MINUTES_PER_DAY
REFERENCE_SUNDAY = datetime(2026, 1, 4, tzinfo=UTC)
"""The week in which schedules of several time zones are laid over each other; in summer they may shift by an hour."""


@dataclass(frozen=True, slots=True)
class Floor:
    """So many workers at least, in so many hours of a week."""

    workers: int
    hours: Decimal


@dataclass(frozen=True, slots=True)
class Phase:
    """A phase of a worker's start, between two figures in seconds. `warm` is one that a node in use has behind it."""

    name: str
    low_seconds: int
    high_seconds: int
    warm: bool
    assumption: str
    source: str


@dataclass(frozen=True, slots=True)
class EndpointAnswers:
    """The answers about one endpoint. Amounts are None when a price is not known, which is never the same as zero.

    `usd_per_million_tokens` goes by percent of full load; it is None while nobody declared tokens_per_second.
    """

    endpoint: EndpointPlan
    pool: str
    machines: tuple[str, ...]
    floors: tuple[Floor, ...]
    cold_start: tuple[Phase, ...]
    usd_per_hour_at_min: Decimal | None
    usd_per_hour_at_max: Decimal | None
    usd_per_million_tokens: tuple[tuple[int, Decimal], ...] | None

    def start_seconds(self, *, from_nothing: bool) -> tuple[int, int]:
        """Return how long a start takes, with no node at all or on one that runs and has the image."""
        phases = [phase for phase in self.cold_start if from_nothing or not phase.warm]
        return sum(phase.low_seconds for phase in phases), sum(phase.high_seconds for phase in phases)


def endpoint_answers(plan: EndpointPlan, pool: NodePoolPlan) -> EndpointAnswers:
    """Return the answers about an endpoint on its pool."""
    at_min, at_max = usd_per_hour(plan, pool, plan.min_workers), usd_per_hour(plan, pool, plan.max_workers)
    return EndpointAnswers(
        endpoint=plan,
        pool=pool.name,
        machines=tuple(f"{group.machine.name} {group.capacity}" for group in pool.groups),
        floors=floors(plan),
        cold_start=cold_start(plan),
        usd_per_hour_at_min=at_min,
        usd_per_hour_at_max=at_max,
        usd_per_million_tokens=usd_per_million_tokens(plan, at_min),
    )


def floors(plan: EndpointPlan) -> tuple[Floor, ...]:
    """Return how many workers run at least, over a week, the fewest first."""
    counts = [plan.min_workers] * MINUTES_PER_WEEK
    for window in plan.schedule:
        for minute in _minutes_of_week(window):
            counts[minute] = max(counts[minute], window.workers)
    return tuple(
        Floor(workers, (Decimal(counts.count(workers)) / 60).quantize(Decimal("0.1")))
        for workers in sorted(set(counts))
    )


def _minutes_of_week(window: ScheduleWindow) -> set[int]:
    """Return the minutes of a week, counted in UTC from Sunday, in which a window is open."""
    zone, found = ZoneInfo(window.timezone), set()
    for day in window.days:
        local = (REFERENCE_SUNDAY + timedelta(days=day)).replace(tzinfo=zone)
        begin = int((local.astimezone(UTC) - REFERENCE_SUNDAY).total_seconds() // 60)
        found |= {(begin + at) % MINUTES_PER_WEEK for at in range(minutes(window.start), minutes(window.end))}
    return found


def cold_start(plan: EndpointPlan) -> tuple[Phase, ...]:
    """Return the phases of a start with no node, each with what it assumes."""
    size = plan.weights.size_gib if plan.weights else 0
    return tuple(
        Phase(
            name=phase.phase,
            low_seconds=round(phase.low_seconds + phase.low_seconds_per_gib * size),
            high_seconds=round(phase.high_seconds + phase.high_seconds_per_gib * size),
            warm=phase.phase in ("node", "image"),
            assumption=phase.note,
            source=phase.source,
        )
        for phase in catalog.cold_start_phases()
    )


def usd_per_hour(plan: EndpointPlan, pool: NodePoolPlan, workers: int) -> Decimal | None:
    """Return what the nodes of so many workers cost, the preferred offers first; nobody else is on them."""
    nodes, total = nodes_for([(workers, plan.accelerators)], plan.accelerators_per_node), Decimal(0)
    for group in pool.groups:
        here = min(nodes, group.max_nodes)
        if here and group.price is None:
            return None
        total += here * (group.price.usd_per_hour if group.price else 0)
        nodes -= here
    return total if nodes == 0 else None


def usd_per_million_tokens(plan: EndpointPlan, usd_at_min: Decimal | None) -> tuple[tuple[int, Decimal], ...] | None:
    """Return the cost of a million output tokens by percent of full load, with the fewest workers."""
    if plan.tokens_per_second is None or usd_at_min is None:
        return None
    full = Decimal(plan.tokens_per_second * plan.min_workers * SECONDS_PER_HOUR)
    return tuple((percent, usd_at_min * MILLION / (full * percent / 100)) for percent in UTILIZATIONS)


def endpoint_numbers(plan: EndpointPlan, stack: StackPlan) -> dict[str, Any]:
    """Return what policies and reports read about an endpoint: all of it the plan's, and known at preview."""
    return {
        "name": plan.name,
        "fullName": plan.full_name,
        "team": stack.team,
        "environment": stack.environment,
        "cluster": plan.cluster,
        "pool": plan.pool,
        "model": plan.model,
        "licence": plan.licence,
        "image": plan.image,
        "acceleratorsPerWorker": plan.accelerators,
        "minWorkers": plan.min_workers,
        "maxWorkers": plan.max_workers,
        "hostname": plan.hostname,
        "authentication": "api-keys" if isinstance(plan.authentication, ApiKeys) else "oidc",
    }


def answers_json(answers: EndpointAnswers) -> dict[str, Any]:
    """Return answers as plain values; amounts are strings, and null where a price or a rate is not known."""
    plan = answers.endpoint
    per_token = answers.usd_per_million_tokens
    return {
        "model": plan.model,
        "image": plan.image,
        "hostname": plan.hostname,
        "cluster": plan.cluster,
        "pool": answers.pool,
        "machines": list(answers.machines),
        "accelerators_per_worker": plan.accelerators,
        "min_workers": plan.min_workers,
        "max_workers": plan.max_workers,
        "floors_per_week": [{"workers": floor.workers, "hours": str(floor.hours)} for floor in answers.floors],
        "rollout": {"max_surge": plan.rollout.max_surge, "max_unavailable": plan.rollout.max_unavailable},
        "cold_start": [
            {
                "phase": phase.name,
                "low_seconds": phase.low_seconds,
                "high_seconds": phase.high_seconds,
                "assumption": phase.assumption,
                "source": phase.source,
            }
            for phase in answers.cold_start
        ],
        "usd_per_hour_at_min": _text(answers.usd_per_hour_at_min),
        "usd_per_hour_at_max": _text(answers.usd_per_hour_at_max),
        "tokens_per_second": plan.tokens_per_second,
        "usd_per_million_tokens": (
            None if per_token is None else {f"{percent}%": _text(usd) for percent, usd in per_token}
        ),
    }


def _text(amount: Decimal | None) -> str | None:
    return None if amount is None else f"{amount:.4f}"
