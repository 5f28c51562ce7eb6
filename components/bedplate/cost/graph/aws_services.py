"""Prices of AWS resources that run by themselves: control planes, gateways, addresses, volumes, balancers, keys."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bedplate import catalog
from bedplate.cost.graph.resources import UndecidedError, want, whole

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bedplate.cost.graph.leaf import Leaf
    from bedplate.cost.range import CostLine

VOLUME_TYPES = ("gp2", "gp3", "io1", "io2", "sc1", "st1", "standard")
UNDECLARED_VOLUME_TYPE = "gp2"
"""The default of the EC2 API. Where an image decides instead it is mostly gp3, which costs less."""

GP3_INCLUDED_IOPS, GP3_INCLUDED_MIBPS = 3000, 125
"""What the price of a gp3 volume includes (source of ebs-gp3-iops and ebs-gp3-throughput in services-aws.csv)."""


def cluster(leaf: Leaf) -> Iterator[CostLine]:
    """Price an EKS control plane: more than the usual price once its version is out of standard support."""
    extended = _in_extended_support(leaf)
    service = "eks-control-plane-extended-support" if extended else "eks-control-plane"
    note = "its version is out of standard support" if extended else ""
    yield leaf.service(service, "EKS control plane", "cluster", note=note)
    if leaf.resource.want("computeConfig", "enabled"):
        yield leaf.unknown("EKS Auto Mode creates nodes, and nothing bounds how many")


def _in_extended_support(leaf: Leaf) -> bool:
    version = leaf.resource.text("version")
    if not version or leaf.resource.want("upgradePolicy", "supportType") == "STANDARD":
        return False  # the newest one, or one that AWS upgrades in time
    known = {one.version: one for one in catalog.kubernetes_versions("aws")}
    if version not in known:
        raise UndecidedError(f"version {version}: how long it is supported is not known")
    return known[version].end_of_standard_support < leaf.today


def nat_gateway(leaf: Leaf) -> Iterator[CostLine]:
    """Price a NAT gateway; its addresses are resources of their own."""
    yield leaf.service("nat-gateway", "NAT gateway", "gateway")


def address(leaf: Leaf) -> Iterator[CostLine]:
    """Price an elastic IP address, used or idle."""
    yield leaf.service("public-ipv4", "public IPv4 address", "address")


def key(leaf: Leaf) -> Iterator[CostLine]:
    """Price a KMS key."""
    yield leaf.service("kms-key", "encryption key", "key")


def volume(leaf: Leaf) -> Iterator[CostLine]:
    """Price an EBS volume."""
    yield from volume_lines(leaf, leaf.resource.properties, "size", "type")


def volume_lines(
    leaf: Leaf,
    values: Any,
    size: str = "volumeSize",
    kind: str = "volumeType",
    *,
    count: int = 1,
    baseline: int | None = None,
) -> Iterator[CostLine]:
    """Price `count` volumes of one description: what they hold, and IOPS and throughput above what that includes."""
    gib = whole(want(values, size), size)
    if gib is None:
        raise UndecidedError(f"{size} is not set, so a snapshot or an image decides it")
    declared = want(values, kind)
    volume_type = declared or UNDECLARED_VOLUME_TYPE
    if volume_type not in VOLUME_TYPES:
        raise UndecidedError(f"{kind} {volume_type!r} has no known price")
    note = "" if declared else f"no type declared: counted as {UNDECLARED_VOLUME_TYPE}"
    item = f"{volume_type} volume of {gib} GiB of"
    yield leaf.service(f"ebs-{volume_type}", item, "volume", count, each=gib, baseline=baseline, note=note)
    for service, amount, what in _extras(values, volume_type):
        yield leaf.service(service, f"{amount} {what} of", "volume", count, each=amount, baseline=baseline)


def _extras(values: Any, volume_type: str) -> Iterator[tuple[str, int, str]]:
    if volume_type not in ("gp3", "io1", "io2"):
        return
    iops = whole(want(values, "iops"), "iops") or 0
    included = GP3_INCLUDED_IOPS if volume_type == "gp3" else 0
    if iops > included:
        yield f"ebs-{volume_type}-iops", iops - included, "IOPS"
    if volume_type == "gp3":
        throughput = whole(want(values, "throughput"), "throughput") or 0
        if throughput > GP3_INCLUDED_MIBPS:
            yield "ebs-gp3-throughput", throughput - GP3_INCLUDED_MIBPS, "MiB/s"


def load_balancer(leaf: Leaf) -> Iterator[CostLine]:
    """Price a load balancer by the hour, with a public address per subnet unless it is internal."""
    kind = leaf.resource.text("loadBalancerType") or "application"
    if kind not in ("application", "network"):
        raise UndecidedError(f"loadBalancerType {kind!r} has no known price")
    yield leaf.service(
        f"{kind}-load-balancer", f"{kind} load balancer", "balancer", note="what it carries comes on top"
    )
    yield from _addresses(leaf)


def classic_load_balancer(leaf: Leaf) -> Iterator[CostLine]:
    """Price a load balancer of the previous generation."""
    yield leaf.service("classic-load-balancer", "classic load balancer", "balancer", note="data comes on top")
    yield from _addresses(leaf)


def _addresses(leaf: Leaf) -> Iterator[CostLine]:
    if leaf.resource.properties.get("internal") in (True, "true"):
        return
    zones = max(len(leaf.resource.items(key)) for key in ("subnets", "subnetMappings", "availabilityZones"))
    yield leaf.service("public-ipv4", "public IPv4 addresses of", "address", max(zones, 1))


def endpoint(leaf: Leaf) -> Iterator[CostLine]:
    """Price a VPC endpoint: an interface in each subnet by the hour; gateways to S3 and DynamoDB are free."""
    kind = leaf.resource.text("vpcEndpointType") or "Gateway"
    if kind == "Gateway":
        return
    if kind != "Interface":
        raise UndecidedError(f"vpcEndpointType {kind!r} has no known price")
    interfaces = max(len(leaf.resource.items("subnetIds")), len(leaf.resource.items("subnetConfigurations")), 1)
    yield leaf.service("interface-endpoint", "interface endpoint", "interface", interfaces, note="data comes on top")


def kubernetes_service(leaf: Leaf) -> Iterator[CostLine]:
    """Name the load balancer that the cluster's controller creates for a service."""
    if leaf.resource.want("spec", "type") == "LoadBalancer":
        yield leaf.unknown("the cluster's controller creates a load balancer for it")


def stateful_set(leaf: Leaf) -> Iterator[CostLine]:
    """Name the volumes that the cluster's storage class creates for a stateful set."""
    if leaf.resource.items("spec", "volumeClaimTemplates"):
        yield leaf.unknown("the storage class creates a volume for every replica")
