"""Dollars for tokens and training runs, by hand."""

from __future__ import annotations

from decimal import Decimal

import pytest

from bedplate.cost.tokens import (
    break_even_utilization,
    token_prices,
    training_run,
    usd_per_million_tokens,
)
from bedplate.errors import UsageError


@pytest.mark.parametrize(
    ("usd_per_hour", "tokens_per_second", "utilization", "usd"),
    [
        # the published example: $1.61 an hour, batch 128
        ("1.61", 4715, "1", "0.0949"),
        ("1.61", 4715, "0.1", "0.9485"),
        # one p5.48xlarge at 36 million tokens an hour, half of them used
        ("55.04", 10_000, "0.5", "3.0578"),
    ],
)
def test_dollars_for_a_million_tokens(usd_per_hour: str, tokens_per_second: int, utilization: str, usd: str) -> None:
    found = usd_per_million_tokens(Decimal(usd_per_hour), Decimal(tokens_per_second), Decimal(utilization))
    assert round(found, 4) == Decimal(usd)


def test_four_utilizations_and_the_tokens_that_they_make() -> None:
    prices = token_prices(Decimal("1.61"), Decimal(4715))
    assert [price.utilization for price in prices] == [Decimal("0.1"), Decimal("0.3"), Decimal("0.6"), Decimal(1)]
    assert prices[-1].tokens_per_month == 4715 * 3600 * 730
    for price in prices:
        assert round(price.usd_per_million * price.tokens_per_month / 10**6, 9) == Decimal("1.61") * 730


@pytest.mark.parametrize(
    ("usd", "rate", "used"), [("0", 1, "1"), ("-1", 1, "1"), ("1", 0, "1"), ("1", 1, "0"), ("1", 1, "1.1")]
)
def test_numbers_that_make_no_sense_are_refused(usd: str, rate: int, used: str) -> None:
    with pytest.raises(UsageError):
        usd_per_million_tokens(Decimal(usd), Decimal(rate), Decimal(used))


def test_at_the_break_even_both_cost_the_same() -> None:
    point = break_even_utilization(Decimal("1.61"), Decimal(4715), Decimal("0.30"))
    assert round(usd_per_million_tokens(Decimal("1.61"), Decimal(4715), point), 12) == Decimal("0.30")
    assert break_even_utilization(Decimal("1.61"), Decimal(4715), Decimal("0.05")) > 1
    with pytest.raises(UsageError):
        break_even_utilization(Decimal("1.61"), Decimal(4715), Decimal(0))


def test_a_training_run_pays_every_node_from_start_to_end() -> None:
    run = training_run(Decimal("55.04"), 16, Decimal("72.5"))
    assert (run.node_hours, run.usd) == (Decimal(1160), Decimal("63846.40"))
    with pytest.raises(UsageError):
        training_run(Decimal("55.04"), 0, Decimal(1))
