"""Machine types: facts that other tools get wrong, the two small formats, and that only one cloud is read."""

from __future__ import annotations

import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bedplate import catalog
from bedplate.catalog.machine_types import parse_cards, parse_zones
from bedplate.catalog.tables import CellError
from bedplate.errors import UsageError

NETWORK_CARDS_AND_EFA = [
    ("p4d.24xlarge", 4, 4, (0, 3)),
    ("p5.4xlarge", 1, 1, (0, 0)),
    ("p5.48xlarge", 32, 32, (0, 31)),
    ("p5e.48xlarge", 32, 32, (0, 31)),
    ("p5en.48xlarge", 16, 16, (0, 15)),
    ("p6-b200.48xlarge", 8, 8, (0, 7)),
    ("p6-b300.48xlarge", 17, 16, (1, 16)),
    ("g6e.48xlarge", 4, 4, (0, 3)),
    ("g7e.24xlarge", 2, 2, (0, 1)),
    ("trn1.32xlarge", 8, 8, (0, 7)),
    ("trn2.48xlarge", 16, 16, (0, 15)),
    ("m7i.48xlarge", 1, 1, (0, 0)),
]


@pytest.mark.parametrize(("name", "cards", "efa", "ends"), NETWORK_CARDS_AND_EFA)
def test_efa_interfaces_are_not_always_the_network_cards(
    name: str, cards: int, efa: int, ends: tuple[int, int]
) -> None:
    machine = catalog.machines("aws")[name]
    assert machine.network_cards == cards
    assert machine.efa_interfaces == efa
    assert machine.efa_cards == tuple(range(ends[0], ends[1] + 1))


@pytest.mark.parametrize("name", ["g6.xlarge", "g6.4xlarge", "inf2.48xlarge", "trn1.2xlarge", "m7i.2xlarge"])
def test_machines_without_efa_have_none_of_it(name: str) -> None:
    machine = catalog.machines("aws")[name]
    assert (machine.efa_interfaces, machine.efa_cards, machine.fabric) == (0, (), "none")


@pytest.mark.parametrize(
    ("cloud", "name", "accelerator", "count", "resource"),
    [
        ("aws", "p5.48xlarge", "H100", 8, "nvidia.com/gpu"),
        ("aws", "trn1.32xlarge", "Trainium", 16, "aws.amazon.com/neuron"),
        ("aws", "g4ad.16xlarge", "Radeon-Pro-V520", 4, "amd.com/gpu"),
        ("aws", "m7i.large", "", 0, ""),
        ("gcp", "a3-megagpu-8g", "H100", 8, "nvidia.com/gpu"),
        ("gcp", "ct6e-standard-4t", "TPU-v6e", 4, "google.com/tpu"),
        ("azure", "Standard_ND96isr_MI300X_v5", "MI300X", 8, "amd.com/gpu"),
    ],
)
def test_accelerators_and_the_resource_a_node_advertises(
    cloud: str, name: str, accelerator: str, count: int, resource: str
) -> None:
    machine = catalog.machines(cloud)[name]
    assert (machine.accelerator, machine.accelerator_count, machine.resource_name) == (accelerator, count, resource)


@pytest.mark.parametrize(
    ("cloud", "name", "share"),
    [("aws", "g6f.large", 1 / 8), ("gcp", "g4-standard-12", 1 / 4), ("azure", "Standard_NV6ads_A10_v5", 0.167)],
)
def test_a_fractional_machine_shows_one_device_that_is_a_part_of_an_accelerator(
    cloud: str, name: str, share: float
) -> None:
    machine = catalog.machines(cloud)[name]
    assert machine.accelerator_count == 1
    assert machine.accelerator_share == pytest.approx(share)


def test_gke_has_its_own_name_for_the_h100_of_a3_mega() -> None:
    machines = catalog.machines("gcp")
    assert machines["a3-highgpu-8g"].accelerator_label == "nvidia-h100-80gb"
    assert machines["a3-megagpu-8g"].accelerator_label == "nvidia-h100-mega-80gb"


def test_capacity_blocks_are_listed_only_where_aws_sells_them() -> None:
    machines = catalog.machines("aws")
    assert "capacity-block" in machines["trn1.32xlarge"].capacity_sources
    assert "capacity-block" not in machines["trn1n.32xlarge"].capacity_sources


def test_scarce_machines_stand_in_the_zones_the_offerings_name() -> None:
    zones = catalog.machines("aws")["p6-b300.48xlarge"].zones
    assert dict(zones) == {"us-east-1": ("use1-az6",), "us-west-2": ("usw2-az2",)}


def test_what_no_source_gave_is_none_and_not_zero() -> None:
    machine = catalog.machines("aws")["p6e-gb200.36xlarge"]
    assert machine.vcpus is None
    assert machine.memory_gib is None
    assert catalog.machines("aws")["trn2.48xlarge"].accelerator_memory_gib is None


@pytest.mark.parametrize("cloud", catalog.clouds())
def test_every_machine_has_a_source_and_a_date(cloud: str) -> None:
    assert catalog.machines(cloud)
    assert [
        machine.name for machine in catalog.machines(cloud).values() if not (machine.source and machine.as_of)
    ] == []


def test_an_unknown_machine_is_none_and_an_unknown_cloud_is_an_error() -> None:
    assert catalog.machine("aws", "p5.49xlarge") is None
    with pytest.raises(UsageError) as caught:
        catalog.machine("azrue", "p5.48xlarge")
    assert caught.value.hint == "did you mean 'azure'?"


@given(first=st.integers(0, 100), more=st.integers(0, 40))
def test_a_range_of_cards_is_read_as_written(first: int, more: int) -> None:
    assert parse_cards(f"{first}-{first + more}") == tuple(range(first, first + more + 1))
    assert parse_cards(str(first)) == (first,)


@pytest.mark.parametrize("text", ["-", "1-", "-3", "3-1", "0,1", "a-b", "0-3-5"])
def test_what_is_no_range_of_cards_is_refused(text: str) -> None:
    with pytest.raises(CellError):
        parse_cards(text)


NAMES = st.from_regex(r"[a-z]{2,4}-[a-z]{4,9}-[0-9]", fullmatch=True)


@given(st.dictionaries(NAMES, st.lists(NAMES, max_size=4, unique=True).map(tuple), max_size=6))
def test_zones_are_read_as_written(zones: dict[str, tuple[str, ...]]) -> None:
    text = " ".join(f"{region}:{'/'.join(names)}" if names else region for region, names in zones.items())
    assert dict(parse_zones(text)) == zones


@pytest.mark.parametrize("text", [":use1-az1", "us-east-1:", "us-east-1:use1-az1 us-east-1:use1-az2"])
def test_what_is_no_list_of_zones_is_refused(text: str) -> None:
    with pytest.raises(CellError):
        parse_zones(text)


def test_asking_about_one_cloud_reads_no_file_of_another() -> None:
    program = """
import sys
opened = []
sys.addaudithook(lambda event, args: opened.append(str(args[0])) if event == "open" else None)
from bedplate import catalog
catalog.price("aws", "us-east-1", "p5.48xlarge", "on-demand")
print(sorted({name.rsplit("/", 1)[-1] for name in opened if name.endswith(".csv")}))
print("pulumi" in sys.modules, "rich" in sys.modules, "yaml" in sys.modules)
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    files, modules = done.stdout.splitlines()
    assert files == str(["accelerators.csv", "machines-aws.csv", "prices-aws.csv", "sources.csv", "zones-aws.csv"])
    assert modules == "False False False"
