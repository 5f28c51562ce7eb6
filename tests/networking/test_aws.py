from __future__ import annotations

from pathlib import Path

from tests.support.declared import Declared, by_label, by_room, declared_stack
from tests.support.golden import check_golden

GOLDEN = Path(__file__).with_name("golden")


def network() -> list[Declared]:
    return by_room(declared_stack(), "Network use1")


def test_network_as_rendered() -> None:
    check_golden(GOLDEN / "network.yaml", [resource.rendered() for resource in network()])


def test_a_zone_can_fail_alone() -> None:
    routes = [resource for resource in network() if resource.token == "aws:ec2/route:Route"]
    ways_out = {route.name: route.inputs["natGatewayId"] for route in routes if "natGatewayId" in route.inputs}
    assert len(set(ways_out.values())) == len(ways_out) == 3


def test_nothing_in_the_default_security_group_may_talk() -> None:
    (group,) = (resource for resource in network() if "DefaultSecurityGroup" in resource.token)
    assert (group.inputs["ingress"], group.inputs["egress"]) == ([], [])


def test_no_machine_gets_a_public_address() -> None:
    subnets = [resource for resource in network() if resource.token == "aws:ec2/subnet:Subnet"]
    assert len(subnets) == 6
    assert {subnet.inputs["mapPublicIpOnLaunch"] for subnet in subnets} == {False}


def test_a_nat_gateway_starts_after_the_way_out() -> None:
    resources = by_label(network())
    gateway = resources["NatGateway vision-dev-use1-nat-use1-az1"]
    assert "Route vision-dev-use1-public" in gateway.depends_on
