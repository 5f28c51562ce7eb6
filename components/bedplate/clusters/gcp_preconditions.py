"""What must hold for a GKE cluster: one function per rule, each with a message for people."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bedplate.clusters.gcp_spec import GcpClusterSpec
from bedplate.errors import Problem
from bedplate.networking.gcp_plan import PODS_PER_NODE, plan_gcp_network

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bedplate.stack import StackSpec


def gcp_cluster_problems(stack: StackSpec) -> Iterator[Problem]:
    """Yield everything that is wrong with the GKE clusters that this stack creates."""
    for name, cluster in stack.clusters.items():
        if isinstance(cluster, GcpClusterSpec):
            yield from _nodes_have_addresses(stack, name, cluster)
            yield from _administrator_named_once(name, cluster)


def _nodes_have_addresses(stack: StackSpec, name: str, cluster: GcpClusterSpec) -> Iterator[Problem]:
    """Every node takes a range for its pods when it starts; the one for which there is none left never joins."""
    network = plan_gcp_network(cluster.network)
    offers = [
        offer.max or pool.nodes.max
        for pool in stack.node_pools.values()
        if pool.cluster == name
        for offer in pool.all_offers()
    ]
    if sum(offers) > network.most_nodes:
        yield Problem(
            f"{cluster.network.cidr} has addresses for {network.most_nodes} nodes with {PODS_PER_NODE} pods each, and "
            f"{sum(offers)} may run at once",
            ("clusters", name, "network", "cidr"),
            hint="Give a larger range (a /16 holds 256 nodes): it cannot be changed later without a new cluster.",
        )


def _administrator_named_once(name: str, cluster: GcpClusterSpec) -> Iterator[Problem]:
    for index, account in enumerate(cluster.administrators):
        if account in cluster.administrators[:index]:
            yield Problem(f"{account} is named twice", ("clusters", name, "administrators", index))
