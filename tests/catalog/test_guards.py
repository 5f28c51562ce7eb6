"""Every guard, each with a row that trips it and says where: these rows are what public lists really contain."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from bedplate import catalog
from bedplate.catalog import guards, machine_types, prices, service_prices
from bedplate.catalog.locations import by_region
from bedplate.catalog.tables import Row, build, read
from bedplate.errors import InputError, Problem

if TYPE_CHECKING:
    from pathlib import Path

MACHINE = {
    "name": "x9.large",
    "accelerator": "H100",
    "accelerator_count": "8",
    "accelerator_share": "1",
    "accelerator_memory_gib": "80",
    "accelerator_label": "",
    "architecture": "x86_64",
    "vcpus": "192",
    "memory_gib": "2048",
    "nvme_count": "8",
    "nvme_size_gb": "3800",
    "network_cards": "4",
    "fabric": "efa",
    "fabric_interfaces": "4",
    "fabric_cards": "0-3",
    "network_gbps": "400",
    "capacity_sources": "on-demand+spot",
    "zones": "us-east-1:use1-az1",
    "source": "moto-types",
    "as_of": "2026-08-01",
    "note": "",
}
PRICE = {
    "region": "us-east-1",
    "zone": "",
    "machine": "p5.48xlarge",
    "on_demand": "55.04",
    "spot": "20",
    "version": "a list",
    "source": "karpenter-aws-prices",
    "as_of": "2026-07-20",
    "note": "",
}


def machine_problems(*changes: dict[str, str]) -> list[Problem]:
    rows = [Row("machines.csv", line, {**MACHINE, **change}) for line, change in enumerate(changes, 2)]
    try:
        found = build(rows, lambda row: machine_types.parse("aws", row, catalog.accelerators()))
    except InputError as error:
        return list(error.problems)
    return guards.machine_problems(rows, found, by_region("aws"))


def price_problems(*changes: dict[str, str], cloud: str = "aws") -> list[Problem]:
    rows = [Row("prices.csv", line, {**PRICE, **change}) for line, change in enumerate(changes, 2)]
    try:
        found = build(rows, prices.parse)
    except InputError as error:
        return list(error.problems)
    return guards.price_problems(found, catalog.machines(cloud), catalog.accelerators())


def test_rows_as_the_files_hold_them_pass() -> None:
    assert machine_problems({}) == []
    assert price_problems({}, {"region": "us-east-2"}) == []


@pytest.mark.parametrize(
    ("change", "column", "says"),
    [
        ({"accelerator": "H1000"}, "accelerator", "vendor is not known"),
        ({"source": ""}, "source", "must not be empty"),
        ({"source": "my-head"}, "source", "not in sources.csv"),
        ({"as_of": ""}, "as_of", "must not be empty"),
        ({"as_of": "v9@2c3d7ea7"}, "as_of", "not a date"),
        ({"fabric_interfaces": "5", "fabric_cards": "0-4"}, "fabric_interfaces", "5 EFA interfaces on 4 network cards"),
        ({"fabric_cards": "0-2"}, "fabric_cards", "names 3 cards for 4 EFA interfaces"),
        ({"fabric_cards": "1-4"}, "fabric_cards", "names card 4, the last is card 3"),
        ({"fabric": "rdma"}, "fabric", "not a known fabric"),
        ({"zones": "us-east-9:use1-az1"}, "zones", "us-east-9 is not a region of aws"),
        ({"zones": "us-east-1:usw2-az1"}, "zones", "usw2-az1 is not in region us-east-1"),
        ({"zones": "us-east-1:us-east-1a"}, "zones", "us-east-1a is not in region us-east-1"),
        ({"architecture": "amd64"}, "architecture", "'amd64' is not one of arm64, x86_64"),
        ({"capacity_sources": "on-demand+reserved"}, "capacity_sources", "reserved is not a known capacity source"),
        ({"accelerator_count": "0"}, "accelerator_count", "a model needs a count"),
        ({"accelerator_share": "2"}, "accelerator_share", "at most 1"),
        ({"vcpus": "many"}, "vcpus", "'many' is not a whole number"),
        ({"memory_gib": "2 TiB"}, "memory_gib", "'2 TiB' is not a number"),
    ],
)
def test_a_bad_machine_row_is_refused(change: dict[str, str], column: str, says: str) -> None:
    problems = machine_problems(change)
    assert [(problem.file, problem.line, problem.field) for problem in problems] == [("machines.csv", 2, (column,))]
    assert says in problems[0].message


def test_a_machine_listed_twice_is_refused() -> None:
    assert [problem.line for problem in machine_problems({}, {})] == [3]


@pytest.mark.parametrize(
    ("change", "column", "says"),
    [
        ({"on_demand": "0", "spot": ""}, "on_demand", "0 is not a price"),
        ({"on_demand": "-55.04", "spot": ""}, "on_demand", "-55.04 is not a price"),
        ({"spot": "0.0"}, "spot", "0.0 is not a price"),
        ({"on_demand": "", "spot": ""}, "on_demand", "neither an on-demand nor a spot price"),
        ({"on_demand": "5600"}, "on_demand", "mark for 'not sold'"),
        ({"on_demand": "", "spot": "5600"}, "spot", "mark for 'not sold'"),
        ({"spot": "55.06"}, "spot", "above on-demand"),
        ({"on_demand": "5.504", "spot": ""}, "on_demand", "outside 6.19 to 29.16"),
        ({"on_demand": "550.4", "spot": ""}, "on_demand", "outside 6.19 to 29.16"),
        ({"machine": "m7i.large", "on_demand": "0.001", "spot": ""}, "on_demand", "per vCPU and hour is outside"),
        ({"machine": "m7i.large", "on_demand": "100.8", "spot": ""}, "on_demand", "per vCPU and hour is outside"),
        ({"machine": "p5.49xlarge"}, "machine", "not in the machine list"),
        ({"machine": "p6-b200.48xlarge", "on_demand": "113.9", "region": "eu-west-1"}, "region", "not offered"),
        ({"zone": "us-east-1a"}, "zone", "not offered in zone us-east-1a"),
        ({"version": ""}, "version", "must not be empty"),
        ({"source": ""}, "source", "must not be empty"),
        ({"on_demand": "about 55"}, "on_demand", "not a decimal number"),
        ({"as_of": "July 2026"}, "as_of", "not a date"),
    ],
)
def test_a_bad_price_row_is_refused(change: dict[str, str], column: str, says: str) -> None:
    problems = price_problems(change)
    assert [(problem.file, problem.line, problem.field) for problem in problems] == [("prices.csv", 2, (column,))]
    assert says in problems[0].message


def test_spot_may_pass_on_demand_by_the_rounding_of_a_list() -> None:
    assert price_problems({"machine": "p4d.24xlarge", "on_demand": "27.43298", "spot": "27.433"}) == []


def test_rows_that_contradict_each_other_are_refused() -> None:
    (problem,) = price_problems({}, {"on_demand": "60"})
    assert problem.line == 3
    assert "already priced in line 2" in problem.message


@pytest.mark.parametrize("total", ["43.06615", "44.02256", "45.80796", "46.3453"])
def test_the_contaminated_h100_prices_of_gcp_would_trip_the_bounds(total: str) -> None:
    """A real case: one public list has the price of a discounted contract as on-demand in a dozen regions."""
    problems = price_problems(
        {"machine": "a3-highgpu-8g", "region": "us-east4", "on_demand": total, "spot": ""}, cloud="gcp"
    )
    assert ["outside 6.19 to 29.16" in problem.message for problem in problems] == [True]


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"usd": "0"}, "0 is not a price"),
        ({"usd": ""}, "must not be empty"),
        ({"unit": ""}, "must not be empty"),
        ({"as_of": ""}, "must not be empty"),
        ({"source": "my-head"}, "not in sources.csv"),
    ],
)
def test_a_bad_service_row_is_refused(change: dict[str, str], says: str) -> None:
    with pytest.raises(InputError, match=says):
        build([service(change)], service_prices.parse)


def test_a_service_in_no_region_or_twice_in_one_is_refused() -> None:
    rows = [service({}), service({}), service({"region": "mars-1"})]
    messages = [problem.message for problem in service_prices.problems(rows, {"us-east-1"})]
    assert messages == ["nat-gateway is priced twice in us-east-1", "'mars-1' is not a region of the cloud"]


def test_all_mistakes_of_a_file_are_told_at_once(tmp_path: Path) -> None:
    (tmp_path / "things.csv").write_text("name,usd\nfirst,1\nsecond\nthird,2,3\n")
    with pytest.raises(InputError) as caught:
        read("things.csv", ("name", "usd"), tmp_path)
    assert [(problem.line, problem.message) for problem in caught.value.problems] == [
        (3, "1 cells where the header has 2 columns"),
        (4, "3 cells where the header has 2 columns"),
    ]


def test_a_file_with_other_columns_is_refused(tmp_path: Path) -> None:
    (tmp_path / "things.csv").write_text("name,eur\nfirst,1\n")
    with pytest.raises(InputError, match=r"things.csv:1: the columns must be name,usd"):
        read("things.csv", ("name", "usd"), tmp_path)


def service(change: dict[str, str]) -> Row:
    cells = {
        "service": "nat-gateway",
        "region": "us-east-1",
        "usd": "0.045",
        "unit": "hour",
        "source": "infracost-nat",
        "as_of": "2024-07-01",
        "note": "",
    }
    return Row("services.csv", 2, {**cells, **change})
