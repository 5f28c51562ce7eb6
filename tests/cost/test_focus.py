"""Names and categories of services under FOCUS, on every provider."""

from __future__ import annotations

import csv
from datetime import date
from decimal import Decimal
from importlib.resources import files
from pathlib import Path

import pytest

from bedplate.catalog.service_prices import service_units
from bedplate.cost.focus import UNNAMED, Place, focus_rows
from bedplate.cost.range import CostLine
from bedplate.cost.report import stack_report
from bedplate.plan import plan_stack
from bedplate.stack_file.load import load_stack

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
TODAY = date(2026, 11, 21)
CATEGORIES = {"Compute", "Management and Governance", "Networking", "Security", "Storage"}
"""Those of FOCUS 1.2 (ServiceCategory, allowed values) that occur here."""


def names(provider: str, service: str) -> tuple[str, str]:
    """Return ServiceName and ServiceCategory of a line."""
    line = CostLine("o", "service" if service else "machine", "i", "u", None, 1, Decimal(1), 1, "", None, "dated",
                    service=service)  # fmt: skip
    row = focus_rows([(Place("vision", provider), line)], TODAY)[0]
    return row["ServiceName"], row["ServiceCategory"]


@pytest.mark.parametrize("cloud", ["aws", "gcp", "azure"])
def test_every_service_of_the_catalog_has_a_name_of_its_own_cloud(cloud: str) -> None:
    assert {service for service in ("", *service_units(cloud)) if names(cloud, service) == UNNAMED} == set()
    foreign = {"aws": "Azure", "gcp": "Amazon", "azure": "Amazon"}[cloud]
    assert not [service for service in service_units(cloud) if foreign in names(cloud, service)[0]]


def test_categories_are_those_of_the_specification_and_every_row_is_used() -> None:
    with files("bedplate.cost").joinpath("focus.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert {row["category"] for row in rows} <= CATEGORIES
    used = {
        (cloud, *names(cloud, service)) for cloud in ("aws", "gcp", "azure") for service in ("", *service_units(cloud))
    }
    assert {(row["provider"], row["name"], row["category"]) for row in rows} - used == {
        ("existing", "Own hardware", "Compute")
    }


def test_an_unknown_provider_names_nothing() -> None:
    assert names("", "nat-gateway") == UNNAMED


@pytest.mark.parametrize(
    ("example", "machines"),
    [
        ("gcp-a3-mega-tcpxo", "Compute Engine"),
        ("azure-nd-mi300x", "Virtual Machines"),
        ("aws-p5-efa-spot", "Amazon Elastic Compute Cloud"),
        ("onprem-h100-infiniband", "Own hardware"),
    ],
)
def test_machines_of_examples(example: str, machines: str) -> None:
    (file,) = (EXAMPLES / example).glob("Pulumi.*.yaml")
    loaded = load_stack(file)
    report = stack_report(file.name, plan_stack(loaded.spec, loaded.references))
    rows = [row for entry in report.entries if entry[1].kind == "machine" for row in focus_rows([entry], TODAY)]
    assert {row["ServiceName"] for row in rows} == {machines}
