"""The answers about endpoints as people read them on a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.text import Text

from bedplate.cost.summary import dollars
from bedplate.serving.answers import Phase, endpoint_answers
from bedplate.serving.plan import ApiKeys

if TYPE_CHECKING:
    from collections.abc import Iterator
    from decimal import Decimal

    from rich.console import Console

    from bedplate.plan import StackPlan
    from bedplate.serving.answers import EndpointAnswers


def show_endpoints(console: Console, plan: StackPlan) -> None:
    """Print what each endpoint runs on, its workers over the week, its cold start and its cost."""
    for endpoint in plan.endpoints:
        answers = endpoint_answers(endpoint, plan.pool_of(endpoint))
        console.print(Text.assemble(("Endpoint ", "bold"), (endpoint.name, "bold"), f": {_what(answers)}"))
        for title, text in _lines(answers):
            console.print(Text.assemble("  ", (f"{title:<12}", "dim"), text))


def _what(answers: EndpointAnswers) -> str:
    plan = answers.endpoint
    callers = "API keys" if isinstance(plan.authentication, ApiKeys) else f"tokens of {plan.authentication.issuer}"
    return f"{plan.model or plan.image} at https://{plan.hostname}, for callers with {callers}"


def _lines(answers: EndpointAnswers) -> Iterator[tuple[str, str]]:
    plan = answers.endpoint
    accelerators = f"{plan.accelerators} accelerator{'s' * (plan.accelerators > 1)} each"
    yield "runs on", f"pool {answers.pool} ({', then '.join(answers.machines)}), {accelerators}"
    weekly = ", ".join(f"{floor.workers} for {floor.hours:g} h" for floor in answers.floors)
    yield "workers", f"{plan.min_workers} to {plan.max_workers}; at least, in a week of 168 h: {weekly}"
    yield (
        "cold start",
        f"{_range(answers, from_nothing=True)} with no node, {_range(answers, from_nothing=False)} on a running node",
    )
    phases = "; ".join(_phase(phase) for phase in answers.cold_start)
    yield "", f"of which: {phases} (published figures of others; --json names each source)"
    least, most = _per_hour(answers.usd_per_hour_at_min), _per_hour(answers.usd_per_hour_at_max)
    yield "cost", f"{least} at {plan.min_workers}, {most} at {plan.max_workers} workers (part of the pool's)"
    yield "a million", _per_million(answers)


def _range(answers: EndpointAnswers, *, from_nothing: bool) -> str:
    low, high = answers.start_seconds(from_nothing=from_nothing)
    return f"{_duration(low)} to {_duration(high)}"


def _phase(phase: Phase) -> str:
    name = "starting a node" if phase.name == "node" else phase.name
    return f"{name} {_duration(phase.low_seconds)} to {_duration(phase.high_seconds)}"


def _duration(seconds: int) -> str:
    """Return a time as people say it.

    >>> _duration(45), _duration(600), _duration(605)
    ('45 s', '10 min', '10 min')
    """
    return f"{seconds} s" if seconds < 120 else f"{seconds / 60:.0f} min"


def _per_hour(amount: Decimal | None) -> str:
    return "an unknown price" if amount is None else f"{dollars(amount)} an hour"


def _per_million(answers: EndpointAnswers) -> str:
    if answers.usd_per_million_tokens is None:
        undeclared = answers.endpoint.tokens_per_second is None
        return "tokens: tokens_per_second is not declared" if undeclared else "tokens: a price is not known"
    parts = (f"{dollars(usd)} at {percent} % load" for percent, usd in answers.usd_per_million_tokens)
    return f"tokens: {', '.join(parts)}"
