from __future__ import annotations

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bedplate import catalog
from bedplate.networking.plan import MOST_ZONES, plan_network
from bedplate.networking.spec import NetworkSpec

ZONES = tuple(f"use1-az{number}" for number in range(1, MOST_ZONES + 1))


@given(others=st.lists(st.sampled_from(ZONES[1:]), unique=True), position=st.integers(0, 6))
def test_a_zone_keeps_its_subnets_whatever_zones_come_and_go_beside_it(others: list[str], position: int) -> None:
    alone = plan_network(NetworkSpec(nat="single"), ["use1-az1"]).zones[0]
    zones = [*others[:position], "use1-az1", *others[position:]]
    among = next(zone for zone in plan_network(NetworkSpec(), zones).zones if zone.zone == "use1-az1")
    assert (among.private_cidr, among.public_cidr) == (alone.private_cidr, alone.public_cidr)


@pytest.mark.parametrize("zone", ["use1-az0", "use1-az8", "us-east-1a", ""])
def test_a_zone_without_a_number_has_no_place(zone: str) -> None:
    with pytest.raises(ValueError, match="does not end with a number"):
        plan_network(NetworkSpec(), [zone])


def test_every_zone_of_every_region_has_a_place_of_its_own() -> None:
    for region in catalog.regions("aws"):
        zones = catalog.control_plane_zones("aws", region)
        assert len({zone.private_cidr for zone in plan_network(NetworkSpec(), zones).zones}) == len(zones)


@given(prefix=st.integers(16, 19), second_octet=st.integers(0, 255), count=st.integers(2, MOST_ZONES))
def test_subnets_lie_in_the_network_and_never_overlap(prefix: int, second_octet: int, count: int) -> None:
    plan = plan_network(NetworkSpec(cidr=f"10.{second_octet}.0.0/{prefix}"), ZONES[:count])
    whole = ipaddress.IPv4Network(plan.cidr)
    subnets = [ipaddress.IPv4Network(cidr) for zone in plan.zones for cidr in (zone.private_cidr, zone.public_cidr)]
    assert all(subnet.subnet_of(whole) for subnet in subnets)
    assert not any(a.overlaps(b) for index, a in enumerate(subnets) for b in subnets[:index])
    assert all(subnet.prefixlen <= 28 for subnet in subnets), "AWS takes subnets up to /28"


@pytest.mark.parametrize(
    ("nat", "gateways", "zone_of_the_third"),
    [("per-zone", 3, "use1-az3"), ("single", 1, "use1-az1")],
)
def test_nat_gateways(nat: str, gateways: int, zone_of_the_third: str) -> None:
    plan = plan_network(NetworkSpec.model_validate({"nat": nat}), ZONES[:3])
    assert plan.nat_gateways == gateways
    assert plan.nat_zone("use1-az3") == zone_of_the_third


@pytest.mark.parametrize(
    ("cidr", "message"),
    [
        ("8.8.0.0/16", "not a private range"),
        ("10.0.0.0/8", "between /16 and /19"),
        ("10.0.0.0/24", "between /16 and /19"),
        ("10.0.0.1/16", "host bits set"),
        ("10.0.0.0", "between /16 and /19"),
        ("ten", "not an IPv4 network"),
    ],
)
def test_refused_networks(cidr: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        NetworkSpec(cidr=cidr)
