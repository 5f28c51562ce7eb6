"""What the catalog refuses to load: rows that contradict each other, or that no cloud would sell.

Public price lists are contaminated: prices of zero, sentinels such as 700.0 for "not sold here", spot above
on-demand, discounted prices under the on-demand heading. A wrong price is worse than none, because a missing
price stops a plan while a wrong one lets it pass under its cap; so a bad row is an error, not a warning.
"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from bedplate.catalog.locations import Zone
    from bedplate.catalog.model import Accelerator, MachineType
    from bedplate.catalog.prices import PriceRow
    from bedplate.catalog.tables import Row
    from bedplate.errors import Problem

ARCHITECTURES = frozenset({"x86_64", "arm64"})
FABRICS = frozenset({"", "none", "efa", "tcpx", "tcpxo", "roce", "infiniband", "ici"})
CAPACITY_SOURCES = frozenset({"on-demand", "spot", "reservation", "capacity-block", "flex-start", "queued"})

SENTINEL_USD_PER_ACCELERATOR = Decimal(700)
"""Some lists write 700.0 where a type is not sold; no accelerator costs a tenth of that per hour."""

VCPU_USD_BOUNDS = (Decimal("0.005"), Decimal(1))
"""What one vCPU-hour of a machine without accelerators can cost; the catalog's own span is 0.02 to 0.2."""

SPOT_ROUNDING = Decimal("1.0001")
"""Lists round spot prices to four digits, so a spot price equal to on-demand can appear a little above it."""


def machine_problems(
    rows: Sequence[Row], machines: Sequence[MachineType], regions: Mapping[str, tuple[Zone, ...]]
) -> list[Problem]:
    """Return what is wrong with machine types; `rows` are where they came from, in the same order."""
    zone_names = {region: {zone.name for zone in zones} for region, zones in regions.items()}
    problems: list[Problem] = []
    seen: set[str] = set()
    for row, machine in zip(rows, machines, strict=True):
        if machine.name in seen:
            problems.append(row.problem(f"{machine.name} is listed twice", "name"))
        seen.add(machine.name)
        messages = (*_word_messages(machine), *_network_messages(machine), *_zone_messages(machine, zone_names))
        problems += [row.problem(f"{machine.name}: {message}", column) for column, message in messages]
    return problems


def _word_messages(machine: MachineType) -> Iterator[tuple[str, str]]:
    if machine.architecture not in ARCHITECTURES:
        yield "architecture", f"{machine.architecture!r} is not one of {', '.join(sorted(ARCHITECTURES))}"
    if machine.fabric not in FABRICS:
        yield "fabric", f"{machine.fabric!r} is not a known fabric"
    if unknown := sorted(machine.capacity_sources - CAPACITY_SOURCES):
        yield "capacity_sources", f"{', '.join(unknown)} is not a known capacity source"
    if bool(machine.accelerator) != bool(machine.accelerator_count):
        yield "accelerator_count", "a model needs a count above zero, and a count needs a model"
    if not 0 < machine.accelerator_share <= 1:
        yield "accelerator_share", "the part of an accelerator is above 0 and at most 1"


def _network_messages(machine: MachineType) -> Iterator[tuple[str, str]]:
    cards, efa = machine.network_cards, machine.efa_interfaces
    if cards is not None and efa is not None and efa > cards:
        yield "fabric_interfaces", f"{efa} EFA interfaces on {cards} network cards"
        return
    if efa is not None and len(machine.efa_cards) != efa:
        yield "fabric_cards", f"names {len(machine.efa_cards)} cards for {efa} EFA interfaces"
    if cards is not None and machine.efa_cards and machine.efa_cards[-1] >= cards:
        yield "fabric_cards", f"names card {machine.efa_cards[-1]}, the last is card {cards - 1}"


def _zone_messages(machine: MachineType, zone_names: Mapping[str, set[str]]) -> Iterator[tuple[str, str]]:
    for region, zones in machine.zones.items():
        if region not in zone_names:
            yield "zones", f"{region} is not a region of {machine.cloud}"
        elif strangers := [zone for zone in zones if zone not in zone_names[region]]:
            yield "zones", f"{', '.join(strangers)} is not in region {region}"


def price_problems(
    rows: Sequence[PriceRow], machines: Mapping[str, MachineType], accelerators: Mapping[str, Accelerator]
) -> list[Problem]:
    """Return what is wrong with the price rows of one cloud."""
    problems: list[Problem] = []
    first: dict[tuple[str, str, str, str], PriceRow] = {}
    for price in rows:
        machine = machines.get(price.machine)
        if machine is None:
            problems.append(price.row.problem(f"{price.machine} is not in the machine list", "machine"))
            continue
        messages = [*_amount_messages(price), *_place_messages(price, machine)]
        messages += _bound_messages(price, machine, accelerators)
        twin = first.setdefault((price.machine, price.region, price.zone, price.version), price)
        if twin is not price:
            messages.append(("machine", f"already priced in line {twin.row.line} for the same place and version"))
        problems += [price.row.problem(f"{price.machine}: {text}", column) for column, text in messages]
    return problems


def _amount_messages(price: PriceRow) -> Iterator[tuple[str, str]]:
    if price.on_demand is None and price.spot is None:
        yield "on_demand", "neither an on-demand nor a spot price; leave the row out"
    for column, amount in (("on_demand", price.on_demand), ("spot", price.spot)):
        if amount is not None and amount <= 0:
            yield column, f"{amount} is not a price; leave the cell empty where there is none"
    if price.on_demand and price.spot and price.spot > price.on_demand * SPOT_ROUNDING:
        yield "spot", f"spot {price.spot} is above on-demand {price.on_demand}: the list mixes kinds of price"


def _place_messages(price: PriceRow, machine: MachineType) -> Iterator[tuple[str, str]]:
    if not machine.zones:  # where the type is offered is not known
        return
    if price.region not in machine.zones:
        yield "region", f"is not offered in {price.region}, so it has no price there"
    elif price.zone and price.zone not in machine.zones[price.region]:
        yield "zone", f"is not offered in zone {price.zone} of {price.region}"


def _bound_messages(
    price: PriceRow, machine: MachineType, accelerators: Mapping[str, Accelerator]
) -> Iterator[tuple[str, str]]:
    if not machine.accelerator:
        yield from _vcpu_messages(price, machine)
        return
    devices = machine.accelerator_count * Decimal(str(machine.accelerator_share))
    for column, amount in (("on_demand", price.on_demand), ("spot", price.spot)):
        if amount is not None and amount / devices >= SENTINEL_USD_PER_ACCELERATOR:
            yield column, f"{amount / devices:.2f} per accelerator and hour is a mark for 'not sold', not a price"
            return
    if not price.on_demand or price.on_demand < 0:  # _amount_messages tells
        return
    each = price.on_demand / devices
    model = accelerators[machine.accelerator]
    low, high = model.usd_per_hour_min, model.usd_per_hour_max
    if (low is not None and each < low) or (high is not None and each > high):
        yield "on_demand", f"{each:.2f} per {model.name} and hour is outside {low} to {high} (accelerators.csv)"


def _vcpu_messages(price: PriceRow, machine: MachineType) -> Iterator[tuple[str, str]]:
    if not price.on_demand or not machine.vcpus:
        return
    each = price.on_demand / machine.vcpus
    low, high = VCPU_USD_BOUNDS
    if not low <= each <= high:
        yield "on_demand", f"{each:.4f} per vCPU and hour is outside {low} to {high}"
