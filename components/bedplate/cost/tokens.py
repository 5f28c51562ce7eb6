"""What a million tokens cost, and a training run, from the price of an hour and a declared throughput.

Formula: dollars an hour ÷ (tokens a second × 3600 × utilization) × 1,000,000, as in inference-perf issue 139 of
kubernetes-sigs. Throughput is for whoever asks to measure: the same GPU ranges over two orders of magnitude with model
and batch size.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

from bedplate.cost.range import HOURS_PER_MONTH
from bedplate.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

SECONDS_PER_HOUR = 3600
MILLION = Decimal(1_000_000)

UTILIZATIONS = (Decimal("0.1"), Decimal("0.3"), Decimal("0.6"), Decimal(1))
"""Shown side by side, because the share of hours in which tokens are made decides the price more than the machine does:
one utilization alone would be a guess."""


@dataclass(frozen=True, slots=True)
class TokenPrice:
    """The price of tokens at a utilization, which is the share of its possible tokens that a node makes."""

    utilization: Decimal
    tokens_per_month: Decimal
    usd_per_million: Decimal


@dataclass(frozen=True, slots=True)
class TrainingRun:
    """What a training run takes: nodes for hours, all of them paid from start to end."""

    node_hours: Decimal
    usd: Decimal


def usd_per_million_tokens(usd_per_hour: Decimal, tokens_per_second: Decimal, utilization: Decimal) -> Decimal:
    """Return US dollars for a million tokens.

    Raises `UsageError` when a number makes no sense; a price of zero is none (`unknown` is never free).

    >>> round(usd_per_million_tokens(Decimal("1.61"), Decimal(4715), Decimal(1)), 4)
    Decimal('0.0949')
    """
    if usd_per_hour <= 0:
        raise UsageError(f"${usd_per_hour} an hour is no price")
    if tokens_per_second <= 0:
        raise UsageError(f"{tokens_per_second} tokens a second is no throughput")
    if not 0 < utilization <= 1:
        raise UsageError(f"a utilization of {utilization} is not above 0 and at most 1")
    return usd_per_hour / (tokens_per_second * SECONDS_PER_HOUR * utilization) * MILLION


def token_prices(
    usd_per_hour: Decimal, tokens_per_second: Decimal, utilizations: Sequence[Decimal] = UTILIZATIONS
) -> tuple[TokenPrice, ...]:
    """Return the price of tokens at each utilization; raises `UsageError` as `usd_per_million_tokens` does."""
    return tuple(
        TokenPrice(
            utilization=utilization,
            usd_per_million=usd_per_million_tokens(usd_per_hour, tokens_per_second, utilization),
            tokens_per_month=tokens_per_second * SECONDS_PER_HOUR * HOURS_PER_MONTH * utilization,
        )
        for utilization in utilizations
    )


def break_even_utilization(
    usd_per_hour: Decimal, tokens_per_second: Decimal, hosted_usd_per_million: Decimal
) -> Decimal:
    """Return from which utilization on a node makes tokens for less than a hosted API; above 1 means never.

    >>> round(break_even_utilization(Decimal("1.61"), Decimal(4715), Decimal("0.30")), 4)
    Decimal('0.3162')
    """
    if hosted_usd_per_million <= 0:
        raise UsageError(f"${hosted_usd_per_million} for a million tokens is no price")
    return usd_per_million_tokens(usd_per_hour, tokens_per_second, Decimal(1)) / hosted_usd_per_million


def training_run(usd_per_node_hour: Decimal, nodes: int, hours: Decimal) -> TrainingRun:
    """Return what a training run costs; raises `UsageError` when a number makes no sense."""
    if usd_per_node_hour <= 0:
        raise UsageError(f"${usd_per_node_hour} an hour is no price")
    if nodes <= 0 or hours <= 0:
        raise UsageError(f"{nodes} nodes for {hours} hours is no run")
    node_hours = nodes * hours
    return TrainingRun(node_hours, node_hours * usd_per_node_hour)
