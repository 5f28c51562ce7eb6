"""Prices: which row answers, what an undated list is worth, and that no price is never zero."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from bedplate import catalog
from bedplate.catalog.prices import PriceRow, choose
from bedplate.catalog.tables import Row


def test_a_dated_price_carries_its_date_and_source() -> None:
    price = catalog.price("aws", "us-east-1", "p5.48xlarge", "on-demand")
    assert price is not None
    assert price.usd_per_hour == Decimal("55.04")
    assert price.as_of == date(2026, 7, 20)
    assert "zz_generated.pricing_aws.go" in price.source


def test_an_undated_list_says_so() -> None:
    price = catalog.price("aws", "us-east-2", "p5.48xlarge", "on-demand")
    assert price is not None
    assert price.as_of is None
    assert price.version == "v9@2c3d7ea7"


@pytest.mark.parametrize(
    ("cloud", "region", "machine", "capacity"),
    [
        ("aws", "us-east-1", "p5e.48xlarge", "on-demand"),
        ("aws", "us-east-2", "trn2.48xlarge", "on-demand"),
        ("aws", "eu-central-1", "m7i.large", "on-demand"),
        ("aws", "us-east-1", "m7i.large", "spot"),
        ("azure", "eastus", "Standard_ND96isr_H100_v5", "spot"),
        ("aws", "us-east-1", "no-such-machine", "on-demand"),
    ],
)
def test_no_price_is_none_and_never_zero(cloud: str, region: str, machine: str, capacity: str) -> None:
    assert catalog.price(cloud, region, machine, capacity) is None  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("region", "machine"),
    [("asia-east1", "a3-highgpu-8g"), ("us-east4", "a4-highgpu-8g"), ("us-central1", "tpu7x-standard-1t")],
)
def test_contaminated_gcp_prices_are_not_in_the_catalog(region: str, machine: str) -> None:
    assert machine in catalog.machines("gcp")
    assert catalog.price("gcp", region, machine, "on-demand") is None


def test_spot_is_the_dearest_zone_of_the_region() -> None:
    # The list has 10.57 to 38.72 in the zones of us-east-1; an estimate must hold wherever the node lands.
    rows = [row("use1-az1", "20", "7", None), row("use1-az2", "20", "9.5", None), row("use1-az3", "20", "8", None)]
    price = choose(rows, "spot")
    assert price is not None
    assert price.usd_per_hour == Decimal("9.5")


def test_dated_wins_over_undated_and_new_over_old_whatever_they_cost() -> None:
    rows = [row("", "30", "", None), row("", "20", "", date(2026, 1, 1)), row("", "10", "", date(2026, 7, 1))]
    price = choose(rows, "on-demand")
    assert price is not None
    assert (price.usd_per_hour, price.as_of) == (Decimal(10), date(2026, 7, 1))


def test_an_older_list_answers_what_the_newest_does_not_have() -> None:
    rows = [row("", "20", "", date(2026, 7, 1)), row("use1-az1", "19", "8", None)]
    price = choose(rows, "spot")
    assert price is not None
    assert (price.usd_per_hour, price.as_of) == (Decimal(8), None)


def test_a_kind_of_capacity_that_lists_do_not_price_has_no_price() -> None:
    assert choose([row("", "20", "8", None)], "capacity-block") is None  # type: ignore[arg-type]


def test_regions_with_a_price_are_named() -> None:
    assert catalog.priced_regions("aws", "p6-b300.48xlarge") == ("us-east-1", "us-west-2")
    assert catalog.priced_regions("aws", "trn2.48xlarge") == ()


def row(zone: str, on_demand: str, spot: str, as_of: date | None) -> PriceRow:
    return PriceRow(
        row=Row("prices.csv", 2, {}),
        region="us-east-1",
        zone=zone,
        machine="p5.48xlarge",
        on_demand=Decimal(on_demand) if on_demand else None,
        spot=Decimal(spot) if spot else None,
        version=str(as_of),
        source="a test",
        as_of=as_of,
    )
