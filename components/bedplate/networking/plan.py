"""Where the addresses of a cluster's network go: a pure function of its range and zones."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bedplate.networking.spec import NetworkSpec

MOST_ZONES = 7
"""Eighths of the network less the one for public subnets; no region of AWS has as many zones."""

RESERVED_IN_SUBNET = 5
"""Addresses of every subnet that AWS keeps: the first four and the last (EC2 API reference, "CreateSubnet")."""

CONTROL_PLANE_ADDRESSES = 6
"""What EKS asks for in each subnet of the control plane (EKS user guide, "View Amazon EKS networking requirements for
VPC and subnets", eks-network-requirements of 2024-12-18); it recommends sixteen."""

PREFIX_ADDRESSES = 16
"""The addresses of a prefix, a /28, that a node takes for pods (amazon-vpc-cni-k8s@0259085,
docs/prefix-and-ip-target.md)."""

WARM_PREFIXES = 1
"""Prefixes without a pod that a node keeps, so that the next pod need not wait for one. It gives none of them back
while another node has none (the same page)."""


@dataclass(frozen=True, slots=True)
class ZonePlan:
    """The subnets of one zone. Nodes and pods live in the private one; the public one holds only NAT gateways."""

    zone: str
    private_cidr: str
    public_cidr: str
    nat_gateway: bool


@dataclass(frozen=True, slots=True)
class NetworkPlan:
    """A cluster's network, zone by zone."""

    cidr: str
    zones: tuple[ZonePlan, ...]

    @property
    def nat_gateways(self) -> int:
        """How many NAT gateways stand in the network."""
        return sum(zone.nat_gateway for zone in self.zones)

    def nat_zone(self, zone: str) -> str:
        """Return the zone whose NAT gateway carries the traffic of `zone`."""
        own = {plan.zone for plan in self.zones if plan.nat_gateway}
        return zone if zone in own else next(plan.zone for plan in self.zones if plan.nat_gateway)


def plan_network(spec: NetworkSpec, zones: Sequence[str]) -> NetworkPlan:
    """Divide the network's range among the zones.

    The range is cut into eighths: one for the nodes and pods of each zone (pods take their addresses from there), and
    the last one, cut small, for the public subnets. Which of them is a zone's follows from the number in its name, so
    its subnets stay where they are whatever zones come and go beside it. `zones` is ordered, all of one region.
    """
    eighths = list(ipaddress.IPv4Network(spec.cidr).subnets(prefixlen_diff=3))
    public = list(eighths[-1].subnets(prefixlen_diff=5))
    return NetworkPlan(
        cidr=spec.cidr,
        zones=tuple(
            ZonePlan(
                zone=zone,
                private_cidr=str(eighths[zone_number(zone) - 1]),
                public_cidr=str(public[zone_number(zone) - 1]),
                nat_gateway=spec.nat == "per-zone" or index == 0,
            )
            for index, zone in enumerate(zones)
        ),
    )


def zone_number(zone: str) -> int:
    """Return the number at the end of a zone identifier, which no other zone of its region has.

    >>> zone_number("use1-az4")
    4

    Raises ValueError for a name without one, or with one above `MOST_ZONES`.
    """
    digits = re.search(r"\d+$", zone)
    if digits is None or not 1 <= int(digits[0]) <= MOST_ZONES:
        raise ValueError(f"{zone!r} does not end with a number from 1 to {MOST_ZONES}")
    return int(digits[0])
