"""What an AKS cluster costs whether anything uses it or not."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bedplate.cost.fixed import fixed_line
from bedplate.cost.range import HOURS_PER_MONTH, CostLine
from bedplate.cost.root_disks import managed_disk

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bedplate.clusters.azure_plan import AksPlan


def aks_cost(cluster: AksPlan) -> tuple[CostLine, ...]:
    """Return the lines of a cluster. Its vault is billed by the use of its key: cents a month, not counted."""
    lines = [
        fixed_line(cluster, "AKS control plane, standard tier", "cluster", "aks-standard-tier", 1),
        fixed_line(cluster, "NAT gateway", "gateway", "nat-gateway", cluster.nat_gateways),
        fixed_line(cluster, "public IPv4 address of a NAT gateway", "address", "public-ipv4", cluster.nat_gateways),
    ]
    if not cluster.public_endpoint:
        lines += [
            fixed_line(cluster, "private endpoint of the API server", "endpoint", "private-endpoint", 1),
            fixed_line(cluster, "private DNS zone of the API server", "zone", "private-dns-zone", 1),
        ]
    return (*lines, *_system_nodes(cluster))


def _system_nodes(cluster: AksPlan) -> Iterator[CostLine]:
    system, price = cluster.system, cluster.system.price
    yield CostLine(
        owner=f"clusters.{cluster.name}",
        kind="machine",
        item=f"{system.machine.name} for AKS's own parts",
        unit="node",
        usd_per_hour=price.usd_per_hour if price else None,
        baseline_units=system.nodes,
        expected_unit_hours=system.nodes * HOURS_PER_MONTH,
        max_units=system.nodes,
        source=price.source if price else "",
        as_of=price.as_of if price else None,
        confidence="dated" if price else "unknown",
    )
    disk = managed_disk(cluster.region, system.os_disk.service)
    if disk is None:
        return
    yield CostLine(
        owner=f"clusters.{cluster.name}",
        kind="service",
        item=f"root volume of {system.os_disk.gib} GiB",
        unit="node",
        usd_per_hour=disk.usd_per_hour,
        baseline_units=system.nodes,
        expected_unit_hours=system.nodes * HOURS_PER_MONTH,
        max_units=system.nodes,
        source=disk.price.source if disk.price else "",
        as_of=disk.price.as_of if disk.price else None,
        confidence="dated" if disk.price else "unknown",
        service=disk.service,
    )
