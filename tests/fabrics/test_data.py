"""The data files of fabrics: every row is of use, nothing is said twice, and numbers agree with the catalog's."""

from __future__ import annotations

import csv
from fnmatch import fnmatchcase

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bedplate import catalog
from bedplate.catalog.machine_types import parse_cards
from bedplate.catalog.tables import CellError
from bedplate.fabrics.facts import DATA, KINDS, gcp_networks, known_kind
from bedplate.fabrics.tpu import chips, slice_shapes
from tests.fabrics.machines import accelerated


def rows(name: str) -> list[dict[str, str]]:
    with (DATA / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def matches(row: dict[str, str]) -> list[str]:
    if row.get("cloud") == "existing":
        return [name for name in catalog.accelerators() if fnmatchcase(f"4x-{name.lower()}", row["machine"])]
    found = [one for one in accelerated() if fnmatchcase(one.name, row["machine"])]
    return [one.name for one in found if row.get("cloud", one.cloud) == one.cloud]


@pytest.mark.parametrize("name", ["machine-fabrics.csv", "nvlink-domains.csv", "floors.csv", "environment.csv"])
def test_every_row_is_of_some_machine(name: str) -> None:
    assert [row["machine"] for row in rows(name) if not matches(row)] == []


def test_no_variable_is_set_twice_for_one_machine() -> None:
    """The later row would win, and nobody would see that the earlier one is dead."""
    for one in accelerated():
        seen = [
            (kind, row["network_cards"], row["variable"])
            for row in rows("environment.csv")
            if fnmatchcase(one.name, row["machine"]) and row["vendor"] in ("*", one.vendor)
            for kind in row["kinds"].split("+")
        ]
        assert len(set(seen)) == len(seen), sorted({one for one in seen if seen.count(one) > 1})


def test_every_fabric_that_needs_it_closes_for_somebody() -> None:
    closing = {kind for row in rows("environment.csv") if row["closes"] for kind in row["kinds"].split("+")}
    assert closing == set(KINDS) - {"none", "ici"}


def test_programs_are_images_of_the_catalog() -> None:
    for row in rows("acceptance-programs.csv"):
        assert catalog.image(row["image"]).tag
        assert {known_kind(kind, "kinds") for kind in row["kinds"].split("+")}


def test_slices_hold_the_chips_of_their_nodes() -> None:
    tpus = [one for one in accelerated() if one.vendor == "Google"]
    for one in tpus:
        for topology, nodes in slice_shapes(one.name).items():
            assert chips(topology) == nodes * one.accelerator_count, (one.name, topology)
    assert any(slice_shapes(one.name) for one in tpus)


def test_interfaces_of_pods_do_not_meet() -> None:
    for kind in ("tcpx", "tcpxo", "roce-multivpc"):
        facts = gcp_networks(known_kind(kind, "kind"))
        first = [fact.first_interface for fact in facts if fact.first_interface is not None]
        assert first
        assert all(number > 0 for number in first), "eth0 is the pod's own"


@given(st.lists(st.integers(min_value=0, max_value=40), min_size=1, unique=True))
def test_cards_are_read_as_they_are_listed(cards: list[int]) -> None:
    assert parse_cards("+".join(map(str, cards))) == tuple(cards)


@pytest.mark.parametrize("text", ["1+", "+1", "1++5", "1+x", "1-", "3-1", "-"])
def test_what_is_no_list_of_cards(text: str) -> None:
    with pytest.raises(CellError):
        parse_cards(text)
