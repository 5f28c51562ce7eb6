"""Cost as a range of three figures, from lines that each keep their quantity, price, source and date."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from datetime import date

HOURS_PER_MONTH = Decimal(730)
"""Hours in an average month, the convention of the clouds' own price pages."""

Kind = Literal["machine", "service"]
"""Machine prices move within months, prices of services (disks, gateways, control planes) within years: how old a
price may be differs, so a line says which it is."""

MONTHLY_AMOUNT = "GiB a month"
"""The unit of a line that is billed by the amount. Its price is spread over the hours of a month, so that it adds up
with the others; whoever shows it takes them together again (`CostLine.billed`)."""

Confidence = Literal["dated", "undated", "assumed", "declared", "unknown"]


def machine_item(machine: str, capacity: str, reservation: str = "") -> str:
    """Return what the line of an offer's machines is called: a pool may have several reservations of one machine.

    Of Azure's resource identifiers only the end is told, which is the reservation's own name.

    >>> machine_item("p5en.48xlarge", "capacity-block", "cr-0123456789abcdef0")
    'p5en.48xlarge capacity-block cr-0123456789abcdef0'
    >>> machine_item("Standard_NC24ads_A100_v4", "reservation", "/subscriptions/0/capacityReservationGroups/a100")
    'Standard_NC24ads_A100_v4 reservation a100'
    """
    own = reservation.rpartition("/")[2] if reservation.startswith("/") else reservation
    return " ".join(part for part in (machine, capacity, own) if part)


@dataclass(frozen=True, slots=True)
class Billed:
    """What a line is billed by: `unit_hours / divisor` units at `usd_per_unit` each, None where no price is known."""

    unit: str
    usd_per_unit: Decimal | None
    divisor: Decimal


@dataclass(frozen=True, slots=True)
class CostLine:
    """One thing that costs money by the hour.

    `usd_per_hour` is the price of one unit; None means that no price is known, which is never the same as zero.
    `baseline_units` always run. `expected_unit_hours` are counted over a month. `max_units` may run at once.
    `owner` is where the thing is declared, for example `node_pools.h100`.
    `service` is the service of the catalog that the price is of; empty for a machine.
    `reserved` units were bought ahead, and are paid whether they run or not.
    `hours` is how long units can be paid within a month: all of it, or what is left of a term that ends by itself.
    """

    owner: str
    kind: Kind
    item: str
    unit: str
    usd_per_hour: Decimal | None
    baseline_units: int
    expected_unit_hours: Decimal
    max_units: int
    source: str
    as_of: date | None
    confidence: Confidence
    note: str = ""
    service: str = ""
    reserved: bool = False
    hours: Decimal = HOURS_PER_MONTH

    @property
    def baseline_per_month(self) -> Decimal:
        """US dollars a month when nothing is used; zero without a price."""
        return self.baseline_units * self.hours * (self.usd_per_hour or 0)

    @property
    def max_per_month(self) -> Decimal:
        """US dollars a month with all units up for as long as they can be; zero without a price."""
        return self.max_units * self.hours * (self.usd_per_hour or 0)

    @property
    def billed(self) -> Billed:
        """Price and unit as on a bill, and by how much unit-hours are divided to become such units."""
        if self.unit != MONTHLY_AMOUNT:
            return Billed(f"{self.unit}-hours", self.usd_per_hour, Decimal(1))
        each = None if self.usd_per_hour is None else self.usd_per_hour * HOURS_PER_MONTH
        return Billed("GiB", each, HOURS_PER_MONTH)


@dataclass(frozen=True, slots=True)
class CostRange:
    """The cost of a stack. Sums leave out lines without a price: look at `unpriced` before trusting them.

    `not_counted` says in words what is in no line, because it depends on use that nobody declared or on a contract.
    """

    lines: tuple[CostLine, ...]
    not_counted: tuple[str, ...] = ()

    @property
    def unpriced(self) -> tuple[CostLine, ...]:
        """The lines whose price is not known."""
        return tuple(line for line in self.lines if line.usd_per_hour is None)

    @property
    def baseline_per_month(self) -> Decimal:
        """US dollars a month when nothing is used: floors, what was bought ahead, control planes, gateways."""
        return _sum(line.baseline_per_month for line in self.lines)

    @property
    def expected_per_month(self) -> Decimal:
        """US dollars a month as declared by `expected`; pools that declare nothing count with their maximum."""
        return _sum(line.expected_unit_hours * (line.usd_per_hour or 0) for line in self.lines)

    @property
    def max_per_hour(self) -> Decimal:
        """US dollars an hour with everything up."""
        return _sum(line.max_units * (line.usd_per_hour or 0) for line in self.lines)

    @property
    def max_per_month(self) -> Decimal:
        """US dollars a month with everything up in every hour in which it can be."""
        return _sum(line.max_per_month for line in self.lines)


def _sum(amounts: object) -> Decimal:
    return sum(amounts, Decimal(0))  # type: ignore[call-overload,no-any-return]
