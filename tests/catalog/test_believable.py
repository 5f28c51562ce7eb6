"""Which declared prices are believed: wide enough for every contract, too narrow for a cent."""

from __future__ import annotations

from decimal import Decimal

import pytest

from bedplate import catalog
from bedplate.catalog.believable import LEAST_SHARE_OF_ON_DEMAND, believable_usd_per_hour


def bounds(cloud: str, name: str) -> tuple[Decimal, Decimal]:
    machine = catalog.machine(cloud, name)
    assert machine is not None
    return believable_usd_per_hour(machine)


def test_the_range_is_that_of_the_accelerators_with_room_for_a_discount() -> None:
    """An H200 costs $7.12 to $26.50 an hour on demand, and p5en has eight."""
    model = catalog.accelerators()["H200"]
    assert (model.usd_per_hour_min, model.usd_per_hour_max) == (Decimal("7.12"), Decimal("26.50"))
    assert bounds("aws", "p5en.48xlarge") == (8 * Decimal("7.12") * Decimal("0.28"), 8 * Decimal("26.50"))


def test_a_model_without_a_range_is_held_to_the_widest_of_all() -> None:
    assert catalog.accelerators()["Trainium2"].usd_per_hour_min is None
    low, high = bounds("aws", "trn2.48xlarge")
    models = catalog.accelerators().values()
    assert low == 16 * LEAST_SHARE_OF_ON_DEMAND * min(one.usd_per_hour_min for one in models if one.usd_per_hour_min)
    assert high == 16 * max(one.usd_per_hour_max for one in models if one.usd_per_hour_max)
    assert low > 1


@pytest.mark.parametrize("usd", ["36.18", "41.61", "63.296"])
def test_prices_that_were_asked_for_p5en_are_believed(usd: str) -> None:
    low, high = bounds("aws", "p5en.48xlarge")
    assert low <= Decimal(usd) <= high


@pytest.mark.parametrize("name", ["m7i.2xlarge", "g6.2xlarge", "p5.48xlarge", "trn2.48xlarge", "inf2.xlarge"])
def test_no_machine_costs_a_cent(name: str) -> None:
    assert bounds("aws", name)[0] > Decimal("0.01")


def test_every_price_of_the_catalog_is_believed() -> None:
    for name, machine in catalog.machines("aws").items():
        price = catalog.price("aws", "us-east-1", name, "on-demand")
        if price is not None:
            low, high = believable_usd_per_hour(machine)
            assert low <= price.usd_per_hour <= high, name
