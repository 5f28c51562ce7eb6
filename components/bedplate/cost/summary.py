"""A cost range as plain values, for people and for machines."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from bedplate.cost.wire import to_wire

if TYPE_CHECKING:
    from bedplate.cost.caps import Cap
    from bedplate.cost.range import CostRange


SMALL = Decimal("0.001")
"""Of an hourly price below this, four digits behind the point would show one figure or none: a GiB in a bucket."""


@dataclass(frozen=True, slots=True)
class Headroom:
    """What is left under a cap, in US dollars; negative when the cap is passed."""

    period: str
    amount: Decimal
    cap: Decimal

    @property
    def left(self) -> Decimal:
        """US dollars between the amount and the cap."""
        return self.cap - self.amount


def headrooms(cost: CostRange, cap: Cap) -> tuple[Headroom, Headroom]:
    """Return how far a cost is from the two caps."""
    return (
        Headroom("hour", cost.max_per_hour, Decimal(cap.hourly_usd)),
        Headroom("month", cost.max_per_month, Decimal(cap.monthly_usd)),
    )


def cost_json(cost: CostRange, cap: Cap | None) -> dict[str, Any]:
    """Return a cost range for `--json`. Amounts are strings with cents, because JSON numbers are floats."""
    return {
        "currency": "USD",
        "baseline_per_month": cents(cost.baseline_per_month),
        "expected_per_month": cents(cost.expected_per_month),
        "max_per_hour": cents(cost.max_per_hour),
        "max_per_month": cents(cost.max_per_month),
        "cap": None if cap is None else {"hourly_usd": cap.hourly_usd, "monthly_usd": cap.monthly_usd},
        "complete": not cost.unpriced,
        "lines": to_wire(cost.lines),
        "not_counted": list(cost.not_counted),
    }


def cents(amount: Decimal) -> str:
    """Return an amount rounded to cents."""
    return f"{amount:.2f}"


def dollars(amount: Decimal) -> str:
    """Return an amount as people write it: whole dollars from a thousand on, cents below."""
    return f"${amount:,.0f}" if abs(amount) >= 1000 else f"${amount:,.2f}"


def unit_price(amount: Decimal | None) -> str:
    """Return the price of one unit with enough digits that a small one does not look like none.

    >>> unit_price(Decimal("55.04")), unit_price(Decimal("0.0000338")), unit_price(None)
    ('55.0400', '0.0000338', 'unknown')
    """
    if amount is None:
        return "unknown"
    return f"{amount:,.7f}" if 0 < amount < SMALL else f"{amount:,.4f}"


def signed_dollars(amount: Decimal) -> str:
    """Return a difference with its sign: `+$2.00`, `−$3.50`, `+$0`."""
    if amount == 0:
        return "+$0"
    return f"{'+' if amount > 0 else '−'}{dollars(abs(amount))}"
