"""Where the addresses of an AKS cluster's network go: a pure function of its ranges."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bedplate.networking.azure_spec import AzureNetworkSpec

NODE_PREFIX = 24
"""Every node takes a /24 for its pods (AKS, "Overview of Azure CNI Overlay networking")."""

RESERVED_ADDRESSES = 5
"""Azure keeps five addresses of every subnet (Azure Virtual Network FAQ)."""

DNS_ADDRESS = 10
"""Which address of the services' range DNS has, counted from its beginning; AKS takes the tenth by default too."""


@dataclass(frozen=True, slots=True)
class AzureNetworkPlan:
    """An AKS cluster's network. The upper half of `cidr` is left for what a team adds beside the nodes."""

    cidr: str
    nodes_cidr: str
    pods_cidr: str
    services_cidr: str
    dns_address: str

    @property
    def most_nodes(self) -> int:
        """How many nodes have an address, and a range for their pods."""
        pods = 1 << (NODE_PREFIX - ipaddress.IPv4Network(self.pods_cidr).prefixlen)
        return min(pods, ipaddress.IPv4Network(self.nodes_cidr).num_addresses - RESERVED_ADDRESSES)


def plan_azure_network(spec: AzureNetworkSpec) -> AzureNetworkPlan:
    """Divide a network's range: nodes in its lower half, in one subnet that spans the zones of the region."""
    nodes, _ = ipaddress.IPv4Network(spec.cidr).subnets(prefixlen_diff=1)
    return AzureNetworkPlan(
        cidr=spec.cidr,
        nodes_cidr=str(nodes),
        pods_cidr=spec.pods_cidr,
        services_cidr=spec.services_cidr,
        dns_address=str(ipaddress.IPv4Network(spec.services_cidr)[DNS_ADDRESS]),
    )
