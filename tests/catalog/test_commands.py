"""`bedplate catalog`: filters, what `show` says, and errors that name the nearest."""

from __future__ import annotations

import json

import pytest
from typer.testing import CliRunner

from bedplate import catalog
from bedplate.cli.catalog import app
from bedplate.errors import UsageError


def run(*arguments: str) -> str:
    result = CliRunner().invoke(app, arguments)
    if result.exception:
        raise result.exception
    return result.stdout


def listed(*arguments: str) -> set[str]:
    return {machine["name"] for machine in json.loads(run("list", "--json", *arguments))}


def test_every_machine_is_listed_without_filters() -> None:
    assert listed() == {name for cloud in catalog.clouds() for name in catalog.machines(cloud)}


def test_filters_narrow_together() -> None:
    assert listed("--cloud", "aws", "--accelerator", "h100", "--min-accelerators", "8") == {"p5.48xlarge"}
    assert listed("--region", "us-west-2", "--accelerator", "B300") == {"p6-b300.48xlarge"}
    assert listed("--fabric", "tcpxo") == {"a3-megagpu-8g"}
    assert listed("--fabric", "efa", "--min-accelerators", "1", "--region", "us-west-1") <= set(catalog.machines("aws"))


def test_a_region_filter_prices_that_region() -> None:
    (machine,) = json.loads(run("list", "--json", "--region", "us-west-2", "--accelerator", "B300"))
    assert machine["prices"][0]["region"] == "us-west-2"
    assert machine["prices"][0]["on-demand"]["usd_per_hour"] == "142.416"
    assert machine["prices"][0]["on-demand"]["as_of"] is None


def test_the_table_is_whole_where_there_is_no_terminal() -> None:
    text = run("list", "--accelerator", "H100")
    assert "Standard_ND96is_noIB_H100_v5" in text
    assert "efa x 32" in text


def test_show_tells_cards_zones_prices_dates_and_sources() -> None:
    text = run("show", "p6-b300.48xlarge")
    for part in ("efa x 16", "17 cards", "1 to 16", "use1-az6", "142.4160", "2026-07-20", "undated", "moto"):
        assert part in text


def test_show_as_json_has_every_field_of_the_machine() -> None:
    shown = json.loads(run("show", "g6.xlarge", "--json"))
    assert set(catalog.MachineType.__dataclass_fields__) < set(shown)
    assert shown["quotas"]["on-demand"]["code"] == "L-DB2E81BA"
    assert {place["region"] for place in shown["prices"]} == set(shown["zones"])


def test_what_is_not_known_is_a_question_mark() -> None:
    text = run("show", "p6e-gb200.36xlarge")
    assert "vCPU, memory" in text
    assert "?, ? GiB" in text


def test_no_match_says_so() -> None:
    assert "No machine" in run("list", "--accelerator", "MI300X", "--cloud", "aws")


@pytest.mark.parametrize(
    ("arguments", "hint"),
    [
        (("show", "p5.48xlarg"), "did you mean 'p5.48xlarge'?"),
        (("show", "g6.xlarge", "--cloud", "aws1"), "did you mean 'aws'?"),
        (("list", "--region", "us-eats-1"), "did you mean 'us-east-1'?"),
        (("list", "--accelerator", "H10"), "did you mean 'H100'?"),
        (("list", "--region", "us-esat-1"), "did you mean 'us-east-1'?"),
        (("list", "--cloud", "AWS"), "did you mean 'aws'?"),
        (("list", "--cloud", "aks"), "did you mean 'azure'?"),
        (("list", "--cloud", "EKS"), "did you mean 'aws'?"),
        (("list", "--cloud", "google"), "did you mean 'gcp'?"),
        (("show", "P5.48XLARGE"), "did you mean 'p5.48xlarge'?"),
        (("show", "a3-megagpu-8g", "--cloud", "aws"), "--cloud gcp shows it"),
        (("list", "--fabric", "inifiniband"), "did you mean 'infiniband'?"),
        (("list", "--fabric", "EFA"), "did you mean 'efa'?"),
        (("list", "--fabric", "wool"), "the catalog has efa, ici, infiniband, none, roce, tcpx, tcpxo"),
    ],
)
def test_a_misspelling_is_an_error_that_names_the_nearest(arguments: tuple[str, ...], hint: str) -> None:
    with pytest.raises(UsageError) as caught:
        run(*arguments)
    assert caught.value.hint == hint
