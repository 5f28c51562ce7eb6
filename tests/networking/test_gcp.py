from __future__ import annotations

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bedplate.fabrics.gcp_networks import gcp_fabric
from bedplate.networking.gcp_plan import FABRIC_SUBNETS, fabric_ranges, plan_gcp_network
from bedplate.networking.spec import NetworkSpec
from tests.support.gcp import declared_on_gcp

ranges = st.builds(
    lambda prefix, number: f"10.{number}.{(number % 8) * 32 if prefix == 19 else 0}.0/{prefix}",
    st.sampled_from([16, 17, 18, 19]),
    st.integers(0, 255),
)


@given(ranges)
def test_every_part_of_a_network_has_addresses_of_its_own_and_all_are_used(cidr: str) -> None:
    plan = plan_gcp_network(NetworkSpec(cidr=cidr))
    parts = [
        ipaddress.IPv4Network(part) for part in (plan.node_cidr, plan.pod_cidr, plan.service_cidr, plan.fabric_cidr)
    ]
    whole = ipaddress.IPv4Network(cidr)
    assert all(part.subnet_of(whole) for part in parts)
    assert not any(one.overlaps(other) for one in parts for other in parts if one is not other)
    assert sum(part.num_addresses for part in parts) == whole.num_addresses


@given(ranges)
def test_subnets_of_a_fabric_lie_in_its_range_and_never_overlap(cidr: str) -> None:
    plan = plan_gcp_network(NetworkSpec(cidr=cidr))
    for kind in ("tcpx", "tcpxo", "roce-multivpc"):
        networks = gcp_fabric(kind, 8).networks
        found = [ipaddress.IPv4Network(one) for network in fabric_ranges(plan, networks) for one in network]
        assert len(found) == sum(len(network.subnets) for network in networks)
        assert all(one.subnet_of(ipaddress.IPv4Network(plan.fabric_cidr)) for one in found)
        assert not any(one.overlaps(other) for one in found for other in found if one is not other)


def test_more_subnets_than_there_is_room_for_are_an_error() -> None:
    plan = plan_gcp_network(NetworkSpec())
    with pytest.raises(ValueError, match=f"more than the {FABRIC_SUBNETS}"):
        fabric_ranges(plan, gcp_fabric("tcpxo", 8).networks * 3)


@pytest.mark.parametrize(("cidr", "nodes", "of_fabric"), [("10.0.0.0/16", 256, 1020), ("10.0.0.0/19", 32, 124)])
def test_how_many_nodes_have_addresses(cidr: str, nodes: int, of_fabric: int) -> None:
    plan = plan_gcp_network(NetworkSpec(cidr=cidr))
    assert (plan.most_nodes, plan.most_fabric_nodes) == (nodes, of_fabric)


def test_nodes_have_no_public_address_and_a_known_way_out() -> None:
    resources = declared_on_gcp()
    nat = resources["RouterNat vision-dev-usc1-nat"].inputs
    assert nat["natIpAllocateOption"] == "MANUAL_ONLY"
    assert len(nat["natIps"]) == 2
    assert resources["Subnetwork vision-dev-usc1-nodes"].inputs["privateIpGoogleAccess"] is True
    assert resources["Network vision-dev-usc1-network"].inputs["autoCreateSubnetworks"] is False


def test_one_address_serves_where_one_is_asked_for() -> None:
    resources = declared_on_gcp({"clusters.usc1.network": {"nat": "single"}})
    assert len(resources["RouterNat vision-dev-usc1-nat"].inputs["natIps"]) == 1
