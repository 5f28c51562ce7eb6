"""Prices that a project brings itself: they win, they pass the guards, and what is wrong is told with its line."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from bedplate import catalog
from bedplate.catalog.own_prices import days_to_come
from bedplate.catalog.service_prices import COLUMNS, service_units
from bedplate.catalog.tables import Row, read
from bedplate.errors import InputError

MACHINES = "region,zone,machine,on_demand,spot,version,source,as_of,note\n"
SERVICES = "service,region,usd,unit,source,as_of,note\n"
Write = Callable[[str, str], None]


@pytest.fixture
def own(tmp_path: Path) -> Iterator[Write]:
    """Return a function that writes one of the project's files and lets prices come from there."""

    def write(name: str, text: str) -> None:
        (tmp_path / name).write_text(text, encoding="utf-8")
        catalog.use_own_prices(tmp_path)

    yield write
    catalog.use_own_prices(Path("no such folder"))


def test_a_missing_price_is_brought(own: Write) -> None:
    assert catalog.price("aws", "eu-west-1", "m7i.2xlarge", "on-demand") is None
    own("prices-aws.csv", MACHINES + "eu-west-1,,m7i.2xlarge,0.4494,,contract,our contract of May,2026-05-02,\n")
    price = catalog.price("aws", "eu-west-1", "m7i.2xlarge", "on-demand")
    assert price is not None
    assert (price.usd_per_hour, price.as_of) == (Decimal("0.4494"), date(2026, 5, 2))
    assert price.source == "our contract of May"
    assert "eu-west-1" in catalog.priced_regions("aws", "m7i.2xlarge")


def test_a_contract_wins_over_a_newer_list_and_leaves_other_prices_alone(own: Write) -> None:
    spot = catalog.price("aws", "us-east-1", "p5.48xlarge", "spot")
    own("prices-aws.csv", MACHINES + "us-east-1,,p5.48xlarge,52,,contract,our contract,2025-01-02,\n")
    price = catalog.price("aws", "us-east-1", "p5.48xlarge", "on-demand")
    assert price is not None
    assert price.usd_per_hour == 52
    assert catalog.price("aws", "us-east-1", "p5.48xlarge", "spot") == spot


def test_a_service_is_priced_where_the_catalog_does_not_know_it(own: Write) -> None:
    assert catalog.service_price("aws", "eu-west-1", "eks-control-plane") is None
    own("services-aws.csv", SERVICES + "eks-control-plane,eu-west-1,0.10,hour,price list API,2026-11-02,\n")
    price = catalog.service_price("aws", "eu-west-1", "eks-control-plane")
    assert price is not None
    assert price.usd == Decimal("0.10")
    in_us = catalog.service_price("aws", "us-east-1", "eks-control-plane")
    assert in_us is not None
    assert "infracost" in in_us.source


def test_without_the_folder_the_catalog_is_as_before(own: Write, tmp_path: Path) -> None:
    own("services-aws.csv", SERVICES + "eks-control-plane,eu-west-1,0.10,hour,price list API,2026-11-02,\n")
    catalog.use_own_prices(tmp_path / "nothing")
    assert catalog.service_price("aws", "eu-west-1", "eks-control-plane") is None


@pytest.mark.parametrize(
    ("row", "column", "message"),
    [
        ("eu-west-1,,m7i.2xlarge,0,,contract,us,2026-05-02,", "on_demand", "0 is not a price"),
        ("us-east-1,,p5.48xlarge,0.01,,contract,us,2026-05-02,", "on_demand", "outside 6.19 to 29.16"),
        ("eu-west-1,,m7i.2xlarge,0.4,0.5,contract,us,2026-05-02,", "spot", "is above on-demand"),
        ("eu-west-1,,m7i.3xlarge,0.4,,contract,us,2026-05-02,", "machine", "is not in the machine list"),
        ("eu-west-1,,m7i.2xlarge,0.4,,contract,us,,", "as_of", "must not be empty"),
        ("eu-west-1,,m7i.2xlarge,0.4,,contract,,2026-05-02,", "source", "must not be empty"),
    ],
)
def test_a_price_that_cannot_be_is_refused(row: str, column: str, message: str, own: Write) -> None:
    own("prices-aws.csv", MACHINES + row + "\n")
    with pytest.raises(InputError) as refused:
        catalog.price("aws", "eu-west-1", "m7i.2xlarge", "on-demand")
    (problem,) = refused.value.problems
    assert (problem.field, problem.line) == ((column,), 2)
    assert message in problem.message


@pytest.mark.parametrize(
    ("row", "column", "message"),
    [
        ("eks-control-plain,eu-west-1,0.10,hour,us,2026-11-02,", "service", "is no service that anything here uses"),
        ("eks-control-plane,eu-west-1,73,month,us,2026-11-02,", "unit", "is priced by the hour, not by the month"),
        ("eks-control-plane,eu-west-9,0.10,hour,us,2026-11-02,", "region", "is not a region of the cloud"),
        ("eks-control-plane,eu-west-1,0.10,hour,us,2126-11-02,", "as_of", "2126-11-02 is still to come"),
        ("eks-control-plane,eu-west-1,0.10,hour,us,02.11.2026,", "as_of", "is not a date like"),
        ("eks-control-plane,eu-west-1,0,hour,us,2026-11-02,", "usd", "0 is not a price"),
    ],
)
def test_a_service_that_cannot_be_is_refused(row: str, column: str, message: str, own: Write) -> None:
    own("services-aws.csv", SERVICES + row + "\n")
    with pytest.raises(InputError) as refused:
        catalog.service_price("aws", "eu-west-1", "eks-control-plane")
    (problem,) = refused.value.problems
    assert (problem.field, problem.line) == ((column,), 2)
    assert message in problem.message


def test_a_misspelt_service_is_told_the_nearest(own: Write) -> None:
    own("services-aws.csv", SERVICES + "eks-control-plain,eu-west-1,0.10,hour,us,2026-11-02,\n")
    with pytest.raises(InputError) as refused:
        catalog.service_price("aws", "eu-west-1", "eks-control-plane")
    assert refused.value.problems[0].nearest == "eks-control-plane"


def test_a_misspelt_region_is_told_the_nearest(own: Write) -> None:
    own("services-aws.csv", SERVICES + "eks-control-plane,eu-wst-1,0.10,hour,us,2026-11-02,\n")
    with pytest.raises(InputError) as refused:
        catalog.service_price("aws", "eu-west-1", "eks-control-plane")
    assert refused.value.problems[0].nearest == "eu-west-1"


def test_a_machine_s_price_of_a_day_to_come_is_refused(own: Write) -> None:
    own("prices-aws.csv", MACHINES + "eu-west-1,,m7i.2xlarge,0.4,,contract,us,2126-05-02,\n")
    with pytest.raises(InputError, match="2126-05-02 is still to come"):
        catalog.price("aws", "eu-west-1", "m7i.2xlarge", "on-demand")


@pytest.mark.parametrize(
    ("day", "refused"), [("2026-11-02", False), ("2026-11-03", True), ("", False), ("soon", False)]
)
def test_the_day_itself_is_not_to_come(day: str, refused: bool) -> None:
    row = Row("services-aws.csv", 2, {"as_of": day}, own=True)
    assert bool(days_to_come([row], date(2026, 11, 2))) is refused


def test_a_byte_order_mark_before_the_columns_is_no_column(own: Write) -> None:
    own("services-aws.csv", "\ufeff" + SERVICES + "eks-control-plane,eu-west-1,0.10,hour,us,2026-11-02,\n")
    assert catalog.service_price("aws", "eu-west-1", "eks-control-plane") is not None


def test_another_encoding_is_told(own: Write, tmp_path: Path) -> None:
    own("services-aws.csv", SERVICES)
    row = "eks-control-plane,eu-west-1,0.10,hour,Preisliste für uns,2026-11-02,\n"
    (tmp_path / "services-aws.csv").write_bytes((SERVICES + row).encode("latin-1"))
    with pytest.raises(InputError, match=r"services-aws\.csv: the file is not UTF-8 \(byte 0xfc\)"):
        catalog.service_price("aws", "eu-west-1", "eks-control-plane")


@pytest.mark.parametrize("columns", ["service;region;usd\n", "", "usd,service,region,unit,source,as_of,note\n"])
def test_other_columns_are_shown(columns: str, own: Write) -> None:
    own("services-aws.csv", columns)
    with pytest.raises(InputError, match=f"the columns must be {SERVICES.strip()}, not {columns.strip() or 'none'}"):
        catalog.service_price("aws", "eu-west-1", "eks-control-plane")


@pytest.mark.parametrize(
    ("name", "meant"),
    [("service-aws.csv", "services-aws.csv"), ("Services-AWS.CSV", "services-aws.csv"), ("ours.csv", "")],
)
def test_a_table_that_nobody_would_read_is_refused(name: str, meant: str, own: Write) -> None:
    own(name, SERVICES)
    for ask in (
        lambda: catalog.service_price("aws", "eu-west-1", "eks-control-plane"),
        lambda: catalog.price("gcp", "us-central1", "a3-megagpu-8g", "on-demand"),
    ):
        with pytest.raises(InputError, match="no prices are read from a file of this name") as refused:
            ask()
        (problem,) = refused.value.problems
        assert (Path(problem.file).name, problem.nearest) == (name, meant)


def test_a_note_beside_the_tables_is_left_alone(own: Write) -> None:
    own("README.md", "Where they come from.")
    assert catalog.service_price("aws", "us-east-1", "eks-control-plane") is not None


def test_a_service_that_no_list_prices_can_be_brought(own: Write) -> None:
    assert catalog.service_price("azure", "swedencentral", "managed-disk-p15") is None
    own("services-azure.csv", SERVICES + "managed-disk-p15,swedencentral,41,month,our contract,2026-11-02,256 GiB\n")
    price = catalog.service_price("azure", "swedencentral", "managed-disk-p15")
    assert price is not None
    assert price.usd == 41


@pytest.mark.parametrize("cloud", catalog.clouds())
def test_every_service_of_the_catalog_is_priced_by_its_unit(cloud: str) -> None:
    known = {row.text("service"): row.text("unit") for row in read(f"services-{cloud}.csv", COLUMNS)}
    assert known.items() <= service_units(cloud).items()


def test_every_disk_of_azure_may_have_a_price() -> None:
    rows = read("azure-disk-tiers.csv", ("tier", "gib", "source", "as_of"))
    tiers = {f"managed-disk-{row.text('tier')}" for row in rows}
    assert tiers <= set(service_units("azure"))
