"""Machines of the catalog as people read them: tables of machines, facts and prices."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bedplate import catalog

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from rich.console import Console
    from rich.table import Table

    from bedplate.catalog import MachineType, Price

PIPE_WIDTH = 200
"""Columns of a table that goes into a file or a pipe, where no terminal gives a width."""


def console() -> Console:
    """Return a console that gives tables their whole width where no terminal limits it."""
    from rich.console import Console

    terminal = Console(highlight=False, soft_wrap=False)
    return terminal if terminal.is_terminal else Console(highlight=False, width=PIPE_WIDTH)


def _table(*columns: str, numbers: tuple[str, ...] = ()) -> Table:
    from rich import box
    from rich.table import Table

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for column in columns:
        table.add_column(column, justify="right" if column in numbers else "left", overflow="fold")
    return table


def list_table(machines: Iterable[MachineType], region: str | None) -> Table:
    """Return one row a machine, with its price in a region, else the lowest that is known."""
    numbers = ("vCPU", "GiB", "regions", "$/h on demand", "$/h spot")
    place = f" in {region}" if region else ", lowest"
    table = _table(
        "cloud", "machine", "accelerators", "vCPU", "GiB", "fabric", "regions", *numbers[3:], numbers=numbers
    )
    table.title = f"{len(list(machines))} machines; price{place}"
    for machine in machines:
        table.add_row(
            machine.cloud,
            machine.name,
            _accelerators(machine),
            or_unknown(machine.vcpus),
            or_unknown(machine.memory_gib),
            _fabric(machine),
            str(len(machine.zones)) if machine.zones else "?",
            *(_money(_lowest(machine, region, kind)) for kind in ("on-demand", "spot")),
        )
    return table


def _lowest(machine: MachineType, region: str | None, kind: Any) -> Price | None:
    places = [region] if region else catalog.priced_regions(machine.cloud, machine.name)
    prices = [price for place in places if (price := catalog.price(machine.cloud, place, machine.name, kind))]
    return min(prices, key=lambda price: price.usd_per_hour, default=None)


def fact_table(machine: MachineType) -> Table:
    """Return what is known of one machine."""
    from rich.table import Table

    table = Table.grid(padding=(0, 2))
    for name, value in _facts(machine):
        table.add_row(name, value)
    return table


def _facts(machine: MachineType) -> Iterator[tuple[str, str]]:
    yield "accelerators", _accelerators(machine) or "none"
    if machine.accelerator:
        yield "accelerator memory", f"{or_unknown(machine.accelerator_memory_gib)} GiB each"
        yield "resource name", machine.resource_name or "?"
    yield "vCPU, memory", f"{or_unknown(machine.vcpus)}, {or_unknown(machine.memory_gib)} GiB"
    yield "architecture", machine.architecture
    yield "local NVMe", _disks(machine)
    yield "network", f"{or_unknown(machine.network_gbps)} Gbps on {or_unknown(machine.network_cards)} cards"
    yield "fabric", _fabric(machine)
    if machine.efa_cards:
        yield "EFA on cards", f"{machine.efa_cards[0]} to {machine.efa_cards[-1]}"
    yield "sold as", ", ".join(sorted(machine.capacity_sources)) or "?"
    if machine.note:
        yield "note", machine.note


def price_table(machine: MachineType) -> Table:
    """Return the prices of one machine by region, with day and list."""
    numbers = ("$/h on demand", "$/h spot")
    table = _table("region", "zones", *numbers, "as of", "price list", numbers=numbers)
    for region in sorted({*machine.zones, *catalog.priced_regions(machine.cloud, machine.name)}):
        on_demand = catalog.price(machine.cloud, region, machine.name, "on-demand")
        spot = catalog.price(machine.cloud, region, machine.name, "spot")
        lists = {price.version: price for price in (on_demand, spot) if price}
        table.add_row(
            region,
            " ".join(machine.zones.get(region, ())),
            _money(on_demand),
            _money(spot),
            ", ".join(str(price.as_of or "undated") for price in lists.values()),
            ", ".join(lists),
        )
    return table


def _accelerators(machine: MachineType) -> str:
    if not machine.accelerator:
        return ""
    return f"{machine.accelerator_count} x {machine.accelerator}{part_of_one(machine)}"


def part_of_one(machine: MachineType) -> str:
    """Return what follows an accelerator of which a machine has a part: ` (0.25 of one)`; nothing for whole ones."""
    return "" if machine.accelerator_share == 1 else f" ({machine.accelerator_share:g} of one)"


def _fabric(machine: MachineType) -> str:
    if machine.fabric in ("", "none"):
        return machine.fabric or "?"
    return f"{machine.fabric} x {or_unknown(machine.fabric_interfaces)}"


def _disks(machine: MachineType) -> str:
    if machine.nvme_count == 0:
        return "none"
    return f"{or_unknown(machine.nvme_count)} x {or_unknown(machine.nvme_size_gb)} GB"


def _money(price: Price | None) -> str:
    return f"{price.usd_per_hour:.4f}" if price else "-"


def or_unknown(value: float | None) -> str:
    """Return a number, or a question mark where none is known."""
    return "?" if value is None else f"{value:g}"
