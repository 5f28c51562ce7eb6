"""Cost lines of a GKE cluster."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bedplate.cost.fixed import fixed_line

if TYPE_CHECKING:
    from bedplate.clusters.gcp_plan import GkePlan
    from bedplate.cost.range import CostLine

KEY_VERSIONS = 5
"""Versions of the key that are paid for after a year: it is turned over every 90 days, and the old ones stay, because
disks and secrets are still encrypted with them."""


def gke_cost(cluster: GkePlan) -> tuple[CostLine, ...]:
    """Return the lines of a GKE cluster. Cloud NAT is counted at the most that it costs by the hour: its price follows
    the number of machines, up to 32 of them."""
    addresses = cluster.network.nat_addresses
    return (
        fixed_line(cluster, "GKE control plane", "cluster", "gke-control-plane", 1),
        fixed_line(cluster, "Cloud NAT", "gateway", "nat-gateway", 1),
        fixed_line(cluster, "public IPv4 address of Cloud NAT", "address", "public-ipv4", addresses),
        fixed_line(cluster, "encryption key", "version", "kms-key", KEY_VERSIONS),
    )
