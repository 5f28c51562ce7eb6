"""Where the addresses of a cluster's network go on Google Cloud: a pure function of its range."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bedplate.fabrics.model import GcpNetwork
    from bedplate.networking.spec import NetworkSpec

PODS_PER_NODE = 64
"""Twice as many addresses are set aside per node, so that a pod that starts need not wait for the address of one that
ends (GKE documentation, "Optimizing IP address allocation"): 64 pods take a /25. An accelerator node runs a handful of
pods, and each doubling halves the nodes that fit."""

POD_RANGE_PER_NODE = 25
"""The prefix of the range that a node takes from the pods' range, with `PODS_PER_NODE`."""

RESERVED_IN_SUBNET = 4
"""Addresses of every subnet that Google Cloud keeps (VPC documentation, "Unusable addresses in IPv4 subnet ranges")."""

FABRIC_SUBNETS = 16
"""Into how many subnets the range of fabrics is cut: a node has at most nine further interfaces."""

MTU = 8244
"""Bytes in a packet of the cluster's own network. GPUDirect-TCPX and -TCPXO ask for it (cluster-toolkit, examples of
A3 Mega), and nodes take a new size only when they are made again: so every network has it from the beginning."""


@dataclass(frozen=True, slots=True)
class GcpNetworkPlan:
    """The network of a GKE cluster: one subnet for nodes, with ranges of its own for pods and services.

    `fabric_cidr` is kept free for the further networks of pools with a fabric: each pool has VPC networks of its own,
    so all of them may use it.
    """

    cidr: str
    node_cidr: str
    pod_cidr: str
    service_cidr: str
    fabric_cidr: str
    nat_addresses: int
    mtu: int

    @property
    def most_nodes(self) -> int:
        """The nodes for which there are addresses, for themselves and for their pods."""
        pods = ipaddress.IPv4Network(self.pod_cidr)
        by_pods: int = 2 ** (POD_RANGE_PER_NODE - pods.prefixlen)
        return min(by_pods, ipaddress.IPv4Network(self.node_cidr).num_addresses - RESERVED_IN_SUBNET)

    @property
    def most_fabric_nodes(self) -> int:
        """The nodes of a pool with further networks for which there are addresses in each of them."""
        return fabric_subnets(self)[0].num_addresses - RESERVED_IN_SUBNET


def plan_gcp_network(spec: NetworkSpec) -> GcpNetworkPlan:
    """Divide the network's range: half for pods, an eighth each for nodes and services, a quarter for fabrics.

    Zones have no part in it: a subnet spans all zones of its region, and so does Cloud NAT.
    """
    pods, rest = ipaddress.IPv4Network(spec.cidr).subnets(prefixlen_diff=1)
    lower, fabric = rest.subnets(prefixlen_diff=1)
    nodes, services = lower.subnets(prefixlen_diff=1)
    return GcpNetworkPlan(
        cidr=spec.cidr,
        node_cidr=str(nodes),
        pod_cidr=str(pods),
        service_cidr=str(services),
        fabric_cidr=str(fabric),
        # Ports of one address serve every node of a pool of ordinary size; the second keeps it so when one is drained.
        nat_addresses=2 if spec.nat == "per-zone" else 1,
        mtu=MTU,
    )


def fabric_subnets(network: GcpNetworkPlan) -> tuple[ipaddress.IPv4Network, ...]:
    """Return the ranges for subnets of further networks, in order."""
    return tuple(ipaddress.IPv4Network(network.fabric_cidr).subnets(new_prefix=_fabric_prefix(network)))


def fabric_ranges(network: GcpNetworkPlan, networks: Sequence[GcpNetwork]) -> tuple[tuple[str, ...], ...]:
    """Return the range of every subnet of a pool's further networks, network by network.

    Interfaces of one machine must stand in ranges that do not overlap, though their networks are not connected (VPC
    documentation, "Multiple network interfaces"). Raises ValueError for more subnets than there is room for.
    """
    wanted = sum(len(one.subnets) for one in networks)
    if wanted > FABRIC_SUBNETS:
        raise ValueError(f"{wanted} subnets are more than the {FABRIC_SUBNETS} for which a network keeps addresses")
    free = iter(fabric_subnets(network))
    return tuple(tuple(str(next(free)) for _ in one.subnets) for one in networks)


def _fabric_prefix(network: GcpNetworkPlan) -> int:
    return ipaddress.IPv4Network(network.fabric_cidr).prefixlen + FABRIC_SUBNETS.bit_length() - 1
