"""Capacity that was bought ahead, decided: what a group of nodes is bound to, and for how long it is paid."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Literal

from bedplate.cost.range import HOURS_PER_MONTH

if TYPE_CHECKING:
    from bedplate.catalog import MachineType
    from bedplate.node_pools.spec import OfferSpec

HOURS_PER_DAY = 24


@dataclass(frozen=True, slots=True)
class ReservationPlan:
    """Machines that were bought ahead for one group of nodes.

    `name` is what the cloud calls it (see `ReservationSpec`). `nodes` are paid whether they run or not. `starts` and
    `ends` are days, None for a reservation that stands until somebody cancels it. `takes_nodes` tells whether its end
    takes the machines too: that of a capacity block does, while those of a reservation run on at the on-demand price.
    """

    name: str
    nodes: int
    zone: str
    starts: date | None
    ends: date | None
    compact: bool | None
    maintenance_interval: Literal["periodic", "recurrent"] | None
    takes_nodes: bool

    @property
    def days(self) -> int | None:
        """How many days it lasts, None where that is open."""
        return (self.ends - self.starts).days if self.starts and self.ends else None

    @property
    def hours_per_month(self) -> Decimal:
        """The most hours of a month in which its machines are paid: all, or those of a block that is shorter."""
        return term_hours(self.starts, self.ends) if self.takes_nodes else HOURS_PER_MONTH


def plan_reservation(offer: OfferSpec) -> ReservationPlan | None:
    """Return what an offer was bought ahead as, None for one that is bought when a node starts."""
    declared = offer.reservation
    if declared is None:
        return None
    return ReservationPlan(
        name=declared.name,
        nodes=declared.nodes,
        zone=declared.zone or "",
        starts=declared_day(declared.starts),
        ends=declared_day(declared.ends),
        compact=declared.compact,
        maintenance_interval=declared.maintenance_interval,
        takes_nodes=offer.capacity == "capacity-block",
    )


def may_not_have_begun(offer: OfferSpec) -> bool:
    """Tell whether an offer has a first day: no plan knows today's, and a group with nodes fails before that day."""
    return offer.capacity == "capacity-block" or bool(offer.reservation and offer.reservation.starts)


def term_hours(starts: date | None, ends: date | None) -> Decimal:
    """Return the most hours of a month that lie between two days: all of them where one of the days is open."""
    if starts is None or ends is None:
        return HOURS_PER_MONTH
    return min(HOURS_PER_MONTH, Decimal((ends - starts).days * HOURS_PER_DAY))


def declared_day(text: str | None) -> date | None:
    """Return a day of the stack file; raises ValueError for one that no calendar has, such as 2026-02-30."""
    return date.fromisoformat(text) if text else None


def ways_to_buy(machine: MachineType) -> frozenset[str]:
    """Return how a machine type can be bought: as the catalog says, and on AWS reserved wherever it is sold on demand.

    EC2 lists no such usage class: a capacity reservation holds on-demand capacity (EC2 user guide, "On-Demand Capacity
    Reservations").
    """
    if machine.cloud == "aws" and "on-demand" in machine.capacity_sources:
        return machine.capacity_sources | {"reservation"}
    return machine.capacity_sources
