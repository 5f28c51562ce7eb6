"""What a pool says was bought ahead for it, and whether its cost lines count that: whole, and for its whole term."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from bedplate import catalog
from bedplate.catalog.believable import believable_usd_per_hour
from bedplate.cost.range import HOURS_PER_MONTH, machine_item
from bedplate.node_pools.reservations import declared_day, term_hours
from rules.nodes import NODE_POOL
from rules.reading import UndecidedError, need, want

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from bedplate.cost.range import CostLine
    from rules.model import Resource

BOUGHT_AHEAD = ("reservation", "capacity-block")


@dataclass(frozen=True, slots=True)
class Reserved:
    """Machines of one offer that were bought ahead: how many, how long of a month, and the declared price of each."""

    machine: str
    capacity: str
    nodes: int
    hours: Decimal
    usd_per_hour: Decimal | None


def reserved(component: Resource) -> Mapping[str, Reserved]:
    """Return what was bought ahead for a pool, by the item of its cost line."""
    if component.type != NODE_POOL:
        return {}
    groups = [group for group in need(component.properties, "groups") if need(group, "capacity") in BOUGHT_AHEAD]
    found = {group_item(group): _reserved(group) for group in groups}
    if len(found) < len(groups):
        raise UndecidedError(
            f"{component.name} has two groups of one reservation, whose cost lines cannot be told apart"
        )
    return found


def group_item(group: Any) -> str:
    """Return the item of the cost line of a group's machines."""
    reservation = want(group, "reservation")
    return machine_item(
        need(group, "machine"), need(group, "capacity"), str(need(reservation, "name")) if reservation else ""
    )


def declared_prices(component: Resource) -> Mapping[str, Reserved]:
    """Return what of it has a declared price, which no list has: every block, and what a contract makes cheaper."""
    return {
        item: one
        for item, one in reserved(component).items()
        if one.capacity == "capacity-block" or one.usd_per_hour is not None
    }


def _reserved(group: Any) -> Reserved:
    declared = need(group, "reservation")
    usd = want(declared, "usdPerNodeHour")
    try:
        starts, ends = declared_day(want(declared, "starts")), declared_day(want(declared, "ends"))
        price = None if usd is None else Decimal(str(usd))
    except (ValueError, TypeError, ArithmeticError) as error:
        raise UndecidedError(f"reservation is not what Bedplate's components declare ({error!r})") from None
    # Only a block takes its machines with it; those of a reservation that ends run on.
    hours = term_hours(starts, ends) if need(group, "capacity") == "capacity-block" else HOURS_PER_MONTH
    if hours <= 0:
        raise UndecidedError(f"reservation ends on {ends}, and starts on {starts}")
    return Reserved(
        machine=need(group, "machine"),
        capacity=need(group, "capacity"),
        nodes=max(int(need(declared, "nodes")), int(need(group, "maxNodes"))),
        hours=hours,
        usd_per_hour=price,
    )


def counted_in_full(component: Resource, lines: tuple[CostLine, ...]) -> Iterator[str]:
    """Yield lines that leave out machines or hours: what was bought ahead is paid idle, all else for all hours."""
    ahead = reserved(component)
    terms = {one.hours for one in ahead.values()}
    for line in lines:
        bought = ahead.get(line.item)
        if bought is None:
            # A root volume lives no longer than the machine, whose term may be shorter than the month.
            if line.hours < HOURS_PER_MONTH and (line.kind == "machine" or line.hours not in terms):
                yield f"{line.item} of {component.name} is counted for {line.hours} hours a month; nothing ends it"
            continue
        if line.baseline_units < bought.nodes or line.expected_unit_hours < bought.nodes * bought.hours:
            yield (
                f"{bought.nodes} × {line.item} of {component.name} are paid whether they run or not; its cost counts "
                f"{line.baseline_units} at rest and {line.expected_unit_hours} expected hours"
            )
        if line.hours < bought.hours:
            yield f"{line.item} of {component.name} is paid for {bought.hours} hours a month; {line.hours} are counted"


def price_problem(provider: str, bought: Reserved, line: CostLine) -> str:
    """Return what is wrong with the price of a line of machines bought ahead for a declared price, else nothing."""
    if bought.usd_per_hour is None or bought.usd_per_hour != line.usd_per_hour:
        return f"is counted at ${line.usd_per_hour} an hour; its reservation declares ${bought.usd_per_hour}"
    if line.as_of is not None:
        return f"has a declared price, which is of no day, and claims {line.as_of}"
    machine = catalog.machine(provider, bought.machine)
    if machine is None:
        return "is a machine that the catalog does not have"
    low, high = believable_usd_per_hour(machine)
    if not low <= bought.usd_per_hour <= high:
        return f"has a declared price of ${bought.usd_per_hour} an hour; believed is ${low:.2f} to ${high:.2f}"
    return ""
