"""Where the addresses of a cluster's network go: a pure function of its range and zones."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bedplate.networking.spec import NetworkSpec

MOST_ZONES = 6


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

    The range is cut into eighths: one eighth per zone for nodes and pods (pods take their addresses from there), and
    the last one, cut small, for the public subnets. A zone therefore keeps its subnets when other zones are added
    behind it. `zones` is ordered and holds at most six.
    """
    eighths = list(ipaddress.IPv4Network(spec.cidr).subnets(prefixlen_diff=3))
    public = list(eighths[-1].subnets(prefixlen_diff=5))
    return NetworkPlan(
        cidr=spec.cidr,
        zones=tuple(
            ZonePlan(
                zone=zone,
                private_cidr=str(eighths[index]),
                public_cidr=str(public[index]),
                nat_gateway=spec.nat == "per-zone" or index == 0,
            )
            for index, zone in enumerate(zones[:MOST_ZONES])
        ),
    )
