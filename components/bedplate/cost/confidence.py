"""How far a price can be trusted: how it was got, and how old it is."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import date

    from bedplate.cost.range import Confidence, CostLine


def confidence(line: CostLine) -> Confidence:
    """Return how the price of a line was got.

    `unknown`: there is none. `assumed`: the price of a market, or an amount that somebody declared. `declared`: the
    price itself is what the stack file says, of a contract or of own hardware. `undated`: from a list that carries no
    date. `dated`: from a list of a day. None is `exact`, which would be a price that the cloud
    itself gave on the day of the plan.
    """
    if line.usd_per_hour is None:
        return "unknown"
    if line.confidence in ("assumed", "declared"):
        return line.confidence
    return "dated" if line.as_of else "undated"


def price_age_days(line: CostLine, today: date) -> int | None:
    """Return how many days old a price is; None for one without a date. Negative for one from after `today`."""
    return (today - line.as_of).days if line.as_of and line.usd_per_hour is not None else None


def trust(line: CostLine, today: date) -> str:
    """Return both in words: `124 days old`, `assumed`, `declared`, `undated`, `unknown`."""
    kind, days = confidence(line), price_age_days(line, today)
    if kind != "dated" or days is None:
        return kind
    if days < 0:
        return f"of {line.as_of}, a later day"
    return f"{days} day{'' if days == 1 else 's'} old"
