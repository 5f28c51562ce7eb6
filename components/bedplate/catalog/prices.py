"""Machine prices: reading `prices-<cloud>.csv` and choosing the row that answers a question."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import cache
from types import MappingProxyType
from typing import TYPE_CHECKING, Literal

from bedplate.catalog import guards
from bedplate.catalog.machine_types import accelerators, machines
from bedplate.catalog.model import Price
from bedplate.catalog.own_prices import own_prices_folder, own_rows
from bedplate.catalog.tables import build, known_cloud, read, refuse

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from decimal import Decimal
    from pathlib import Path

    from bedplate.catalog.tables import Row

COLUMNS = ("region", "zone", "machine", "on_demand", "spot", "version", "source", "as_of", "note")

Capacity = Literal["on-demand", "spot"]


@dataclass(frozen=True, slots=True)
class PriceRow:
    """One row of a price list; `zone` is empty where the price holds for the whole region."""

    row: Row
    region: str
    zone: str
    machine: str
    on_demand: Decimal | None
    spot: Decimal | None
    version: str
    source: str
    as_of: date | None

    def amount(self, capacity: Capacity) -> Decimal | None:
        """Return the row's price for a kind of capacity; other kinds (blocks, reservations) have none here."""
        return {"on-demand": self.on_demand, "spot": self.spot}.get(capacity)


def price(cloud: str, region: str, machine: str, capacity: Capacity) -> Price | None:
    """Return the price of a machine in a region, or `None` when no list in the catalog has one.

    The project's own price wins over any list. Dated lists win over undated ones and newer over older; within one list
    the highest price of the region's zones is returned, because an estimate must hold wherever the machine lands.
    `None` never means free: types sold only by reservation (p5e, trn2) have no on-demand price. Raises `UsageError` for
    an unknown cloud.
    """
    rows = _by_place(known_cloud(cloud), own_prices_folder()).get((machine, region), ())
    return choose(rows, capacity)


def priced_regions(cloud: str, machine: str) -> tuple[str, ...]:
    """Return the regions where the catalog has any price for a machine, sorted."""
    return tuple(
        sorted({region for name, region in _by_place(known_cloud(cloud), own_prices_folder()) if name == machine})
    )


def choose(rows: Sequence[PriceRow], capacity: Capacity) -> Price | None:
    """Return the price to use from the rows of one machine in one region."""
    candidates = [(row, amount) for row in rows if (amount := row.amount(capacity)) is not None]
    if not candidates:
        return None
    candidates = [one for one in candidates if one[0].row.own] or candidates
    newest = max(row.as_of or date.min for row, _ in candidates)
    row, amount = max(
        ((row, amount) for row, amount in candidates if (row.as_of or date.min) == newest),
        key=lambda candidate: candidate[1],
    )
    return Price(usd_per_hour=amount, as_of=row.as_of, version=row.version, source=row.source)


@cache
def _by_place(cloud: str, own: Path | None) -> Mapping[tuple[str, str], tuple[PriceRow, ...]]:
    name = f"prices-{cloud}.csv"
    rows = build([*read(name, COLUMNS), *own_rows(name, COLUMNS, own)], parse)
    refuse(guards.price_problems(rows, machines(cloud), accelerators()))
    grouped: dict[tuple[str, str], tuple[PriceRow, ...]] = {}
    for row in rows:
        place = (row.machine, row.region)
        grouped[place] = (*grouped.get(place, ()), row)
    return MappingProxyType(grouped)


def parse(row: Row) -> PriceRow:
    """Return one price row; raises `CellError` for a cell that cannot be read."""
    return PriceRow(
        row=row,
        region=row.required("region"),
        zone=row.text("zone"),
        machine=row.required("machine"),
        on_demand=row.decimal("on_demand"),
        spot=row.decimal("spot"),
        version=row.required("version"),
        source=row.source(),
        as_of=row.required_day("as_of") if row.own else row.day("as_of"),
    )
