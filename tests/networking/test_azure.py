from __future__ import annotations

import ipaddress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from bedplate.networking.azure_plan import RESERVED_ADDRESSES, plan_azure_network
from bedplate.networking.azure_spec import AzureNetworkSpec
from tests.support.azure import azure_stack


@given(second=st.integers(0, 243), prefix=st.integers(16, 19))
def test_nodes_stand_in_the_lower_half_and_nothing_else_does(second: int, prefix: int) -> None:
    plan = plan_azure_network(AzureNetworkSpec(cidr=f"10.{second}.0.0/{prefix}"))
    whole, nodes = ipaddress.IPv4Network(plan.cidr), ipaddress.IPv4Network(plan.nodes_cidr)
    assert nodes.subnet_of(whole)
    assert nodes.network_address == whole.network_address
    assert nodes.num_addresses * 2 == whole.num_addresses
    assert not any(nodes.overlaps(ipaddress.IPv4Network(other)) for other in (plan.pods_cidr, plan.services_cidr))
    assert ipaddress.IPv4Address(plan.dns_address) in ipaddress.IPv4Network(plan.services_cidr)


@pytest.mark.parametrize(
    ("ranges", "nodes"),
    [
        ({}, 256),
        ({"pods_cidr": "10.244.0.0/20"}, 16),
        ({"pods_cidr": "10.128.0.0/10", "services_cidr": "10.96.0.0/16"}, 2**14),
        ({"cidr": "10.0.0.0/19", "pods_cidr": "10.128.0.0/10", "services_cidr": "10.96.0.0/16"}, 2**12),
    ],
)
def test_room_for_nodes_is_what_addresses_and_ranges_of_pods_allow(ranges: dict[str, str], nodes: int) -> None:
    most = plan_azure_network(AzureNetworkSpec.model_validate(ranges)).most_nodes
    assert most in (nodes, nodes - RESERVED_ADDRESSES)


@pytest.mark.parametrize(
    ("ranges", "message"),
    [
        ({"cidr": "10.244.0.0/16"}, "pods_cidr 10.244.0.0/16 overlaps cidr 10.244.0.0/16"),
        ({"services_cidr": "10.0.128.0/20"}, "services_cidr 10.0.128.0/20 overlaps cidr 10.0.0.0/16"),
        ({"services_cidr": "10.244.1.0/24"}, "services_cidr 10.244.1.0/24 overlaps pods_cidr"),
        ({"pods_cidr": "10.244.0.0/21"}, "must be between /9 and /20"),
        ({"services_cidr": "10.245.0.0/25"}, "must be between /12 and /24"),
        ({"pods_cidr": "100.64.0.0/16"}, "is not a private range"),
        ({"nat": "per-zone"}, "Input should be 'single'"),
    ],
)
def test_ranges_that_do_not_go_together_are_refused(ranges: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        azure_stack({"clusters.eus.network": ranges})
