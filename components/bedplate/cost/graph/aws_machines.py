"""Prices of AWS resources that start machines: instances, Auto Scaling groups, EKS node groups."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

from bedplate import catalog
from bedplate.cost.graph.aws_services import UNDECLARED_VOLUME_TYPE, volume_lines
from bedplate.cost.graph.leaf import MAX_IS_EXPECTED
from bedplate.cost.graph.resources import UNKNOWN, UndecidedError, want, whole

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from bedplate.cost.graph.leaf import Leaf
    from bedplate.cost.graph.resources import Resource
    from bedplate.cost.range import CostLine

TEMPLATE = "aws:ec2/launchTemplate:LaunchTemplate"

EKS_DEFAULT_MACHINE = "t3.medium"
EKS_DEFAULT_DISK = {"volumeSize": 20, "volumeType": UNDECLARED_VOLUME_TYPE}
"""What EKS takes where a node group says nothing (API reference, CreateNodegroup: instanceTypes, diskSize)."""

ROOT_DEVICES = ("/dev/xvda", "/dev/sda1")
"""Names of the root device in Amazon's and in most other images (EC2 user guide, device names)."""

OTHER_TENANCIES = ("dedicated", "host")


def instance(leaf: Leaf) -> Iterator[CostLine]:
    """Price an EC2 instance: the machine, its public address and its volumes."""
    values = leaf.resource.properties
    template = launch_template(leaf, "launchTemplate")
    machine = leaf.resource.text("instanceType") or _machine(template)
    _refuse_tenancy(want(values, "tenancy"))
    yield leaf.machine(machine, 1, 1, "at the Linux price")
    if want(values, "associatePublicIpAddress") in (True, "true"):
        yield leaf.service("public-ipv4", "public IPv4 address of", "address")
    for disk in leaf.resource.items("ebsBlockDevices"):
        yield from volume_lines(leaf, disk)
    yield from volume_lines(leaf, want(values, "rootBlockDevice") or {})


def node_group(leaf: Leaf) -> Iterator[CostLine]:
    """Price an EKS node group at its maximum size, on the dearest of its machine types."""
    nodes = whole(leaf.resource.want("scalingConfig", "maxSize"), "scalingConfig.maxSize")
    if nodes is None:
        raise UndecidedError("scalingConfig.maxSize is not set, so nothing bounds the nodes")
    floor = _floor(leaf.resource.properties.get("scalingConfig"), "minSize", nodes)
    template = launch_template(leaf, "launchTemplate")
    types = leaf.resource.items("instanceTypes") or [_machine(template, default=EKS_DEFAULT_MACHINE)]
    yield leaf.machine(_dearest(leaf, types), nodes, floor, MAX_IS_EXPECTED)
    disks, has_root = _template_disks(template)
    if not has_root:
        size = leaf.resource.want("diskSize")
        disks.append(EKS_DEFAULT_DISK if size is None else EKS_DEFAULT_DISK | {"volumeSize": size})
    yield from _node_parts(leaf, template, disks, nodes, floor)


def auto_scaling_group(leaf: Leaf) -> Iterator[CostLine]:
    """Price an Auto Scaling group at its maximum size, on the dearest of its machine types."""
    nodes = whole(leaf.resource.want("maxSize"), "maxSize")
    if nodes is None:
        raise UndecidedError("maxSize is not set, so nothing bounds the instances")
    if leaf.resource.text("desiredCapacityType") not in ("", "units"):
        raise UndecidedError("desiredCapacityType: maxSize does not count instances")
    floor = _floor(leaf.resource.properties, "minSize", nodes)
    template, types = _group_template(leaf)
    yield leaf.machine(_dearest(leaf, types), nodes, floor, MAX_IS_EXPECTED)
    if leaf.resource.want("warmPool"):
        yield leaf.unknown("warmPool keeps instances beside those that are counted")
    disks, has_root = _template_disks(template)
    yield from _node_parts(leaf, template, disks, nodes, floor)
    if not has_root:
        raise UndecidedError("blockDeviceMappings do not size the root volume, so the image decides")


def _group_template(leaf: Leaf) -> tuple[Resource, list[Any]]:
    """Return the launch template of an Auto Scaling group, and the machine types that it may start."""
    mixed = leaf.resource.want("mixedInstancesPolicy", "launchTemplate")
    path = ("mixedInstancesPolicy", "launchTemplate", "launchTemplateSpecification") if mixed else ("launchTemplate",)
    template = launch_template(leaf, *path)
    if template is None:
        raise UndecidedError("launchTemplate is not set; launch configurations are not priced")
    overrides = want(mixed, "overrides") if mixed else None
    if not overrides:
        return template, [_machine(template)]
    if not isinstance(overrides, list):
        raise UndecidedError("mixedInstancesPolicy.launchTemplate.overrides is no list")
    return template, [want(override, "instanceType") for override in overrides]


def launch_template(leaf: Leaf, *path: str) -> Resource | None:
    """Return the launch template that a resource names, None where it names none.

    It is found by its id or name, and at preview, where neither is known, by what the property depends on. Raises
    `UndecidedError` for one that is not in the graph: what it starts is not known.
    """
    found = [other for other in leaf.graph.resources if other.type == TEMPLATE]
    depended = [other for other in found if other.urn in leaf.resource.dependencies.get(path[0], ())]
    if len(depended) == 1:
        return depended[0]
    reference = leaf.resource.want(*path)
    if not reference:
        return None
    names = [want(reference, key) for key in ("id", "launchTemplateId", "name", "launchTemplateName")]
    known = {name for name in names if isinstance(name, str) and name}
    for other in found:
        if known & {other.id, str(other.properties.get("name"))}:
            return other
    raise UndecidedError(f"{path[0]}: the launch template is not in this stack")


def _machine(template: Resource | None, default: str = "") -> str:
    if template and (declared := template.text("instanceType")):
        return declared
    if default:
        return default
    raise UndecidedError("instanceType is not set")


def _dearest(leaf: Leaf, types: Iterable[Any]) -> str:
    """Return the machine type that costs most; one without a price counts as that."""

    def usd(machine: str) -> Decimal:
        price = catalog.price("aws", leaf.region(), machine, "on-demand")
        return price.usd_per_hour if price else Decimal("Infinity")

    names = list(types)
    if not all(isinstance(name, str) and name != UNKNOWN for name in names):
        raise UndecidedError("one of the instance types is not known")
    dearest: str = max(names, key=usd)
    return dearest


def _floor(values: Any, key: str, most: int) -> int:
    """Return how many nodes always run; where that is not known, all of them."""
    try:
        return min(whole(want(values, key), key) or 0, most)
    except UndecidedError:
        return most


def _template_disks(template: Resource | None) -> tuple[list[Any], bool]:
    """Return the volumes that a launch template describes, and whether the root volume is among them."""
    mappings = template.items("blockDeviceMappings") if template else []
    volumes = [(mapping, want(mapping, "ebs")) for mapping in mappings]
    has_root = any(mapping.get("deviceName") in ROOT_DEVICES for mapping, ebs in volumes if ebs)
    return [ebs for _, ebs in volumes if ebs], has_root


def _node_parts(
    leaf: Leaf, template: Resource | None, disks: Iterable[Any], nodes: int, floor: int
) -> Iterator[CostLine]:
    """Price what every node of a group brings: volumes and public addresses."""
    if template:
        _refuse_tenancy(template.want("placement", "tenancy"))
    for disk in disks:
        yield from volume_lines(leaf, disk, count=nodes, baseline=floor)
    interfaces = template.items("networkInterfaces") if template else []
    public = sum(want(interface, "associatePublicIpAddress") in (True, "true") for interface in interfaces)
    if public:
        yield leaf.service("public-ipv4", "public IPv4 address of a node of", "address", nodes * public, baseline=floor)


def _refuse_tenancy(tenancy: Any) -> None:
    if tenancy in OTHER_TENANCIES:
        raise UndecidedError(f"tenancy {tenancy} has prices of its own")
