"""Machines that a resource asks for, and what the clouds answer when they cannot give them.

Message texts, read 2026-08: terraform-aws-eks#2149, klothoplatform/klotho#311 and containers-roadmap#2204 (node
groups), cortexlabs/cortex#1258 (spot), eksctl#6461 (a zone without the type), terraform-aws-eks#3306 and
viya4-iac-aws#298 (sizes); GKE and AKS: error codes of their APIs.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from bedplate import catalog
from bedplate.sdk_types import has_unknown
from bedplate.simulation.machine_checks import check_network_interfaces
from bedplate.simulation.requests import Refusal
from bedplate.simulation.zones import zone_id, zone_ids, zone_name

if TYPE_CHECKING:
    from bedplate.simulation.faults import Fault, FaultPlan
    from bedplate.simulation.requests import Request
    from bedplate.simulation.world_file import Properties, Resource

NODE_GROUP = "aws:eks/nodeGroup:NodeGroup"
LAUNCH_TEMPLATE = "aws:ec2/launchTemplate:LaunchTemplate"


@dataclass(frozen=True, slots=True)
class Launch:
    """The machines that a resource starts: one of `machines`, `count` times, in any of `zones`."""

    cloud: str
    machines: tuple[str, ...]
    zones: tuple[str, ...]
    count: int
    spot: bool = False


def launch_of(request: Request) -> Launch | None:
    """Return what a resource starts, or None for one that starts nothing."""
    reader = _READERS.get(request.token)
    return reader(request) if reader else None


def refuse_sizes(request: Request) -> None:
    """Refuse a node group whose desired size lies outside its limits, as EKS does when it creates and updates."""
    sizes = request.inputs.get("scalingConfig")
    if request.token != NODE_GROUP or not isinstance(sizes, dict) or has_unknown(sizes):
        return
    least, desired, most = (int(sizes.get(name, 0)) for name in ("minSize", "desiredSize", "maxSize"))
    creating = request.before is None
    if desired < least:
        said = "minSize can't be greater than desiredSize"
        raise _invalid(
            request, said if creating else f"Minimum capacity {least} can't be greater than desired size {desired}"
        )
    if desired > most:
        said = "desiredSize can't be greater than maxSize"
        raise _invalid(
            request, said if creating else f"desired capacity {desired} can't be greater than max size {most}"
        )


def refuse_zone(request: Request, launch: Launch) -> None:
    """Refuse a machine in a zone where the catalog does not list it, as the service does."""
    if launch.cloud != "aws":
        return
    for name in launch.machines:
        machine = catalog.machine("aws", name)
        if machine is None or not machine.zones:
            continue
        offered = machine.zones.get(request.region, ())
        for zone in launch.zones:
            if zone not in offered:
                raise Refusal(_not_in_zone(name, zone, offered, request))


def refuse_interfaces(request: Request, launch: Launch) -> None:
    """Refuse a launch template whose network interfaces the machines of its node group do not have."""
    template = _template(request, request.inputs.get("launchTemplate"))
    for name in launch.machines:
        machine = catalog.machine(launch.cloud, name)
        for problem in check_network_interfaces(template, machine) if machine else ():
            raise Refusal(f"launch template for {name}: {problem.render()}")


def shortage(request: Request, launch: Launch, faults: FaultPlan) -> str:
    """Return why the machines do not come, in the words of the service; an empty string when they come.

    A group that starts nothing now is not touched: capacity is only asked for when a machine is started.
    """
    if not _asks(request, launch):
        return ""
    for kind in ("capacity", "quota"):
        fault = faults.strike(kind, lambda fault: _hits(fault, launch))
        if fault:
            return _MESSAGES[launch.cloud](kind, request, launch, fault)
    return ""


def _asks(request: Request, launch: Launch) -> bool:
    if launch.count == 0:
        return False
    before = request.before
    if before is None or before.failure:
        return True
    earlier = before.inputs.get("scalingConfig") or {}
    return request.token == NODE_GROUP and launch.count > int(earlier.get("desiredSize") or 0)


def _hits(fault: Fault, launch: Launch) -> bool:
    # EKS fails a group for one zone that is short, even if others have capacity (containers-roadmap#2204)
    wanted = zone_id(fault.zone) or fault.zone
    in_zone = not fault.zone or wanted in launch.zones
    return in_zone and launch.machines == (fault.target,)


def _node_group(request: Request) -> Launch | None:
    inputs = request.inputs
    template = _template(request, inputs.get("launchTemplate"))
    machines = inputs.get("instanceTypes") or ([template["instanceType"]] if template.get("instanceType") else [])
    sizes = inputs.get("scalingConfig") or {}
    return Launch(
        "aws",
        tuple(machines) or ("t3.medium",),  # what EKS takes when nothing is said
        _zones(request, inputs.get("subnetIds") or []),
        int(sizes.get("desiredSize") or 0),
        inputs.get("capacityType") == "SPOT",
    )


def _scaling_group(request: Request) -> Launch | None:
    inputs = request.inputs
    template = _template(request, inputs.get("launchTemplate"))
    if not template.get("instanceType"):
        return None
    count = int(inputs.get("desiredCapacity") or inputs.get("minSize") or 0)
    zones = _zones(request, inputs.get("vpcZoneIdentifiers") or [])
    return Launch("aws", (template["instanceType"],), zones, count)


def _single_machine(request: Request) -> Launch | None:
    if not request.inputs.get("instanceType"):
        return None
    subnets = [request.inputs["subnetId"]] if request.inputs.get("subnetId") else []
    return Launch("aws", (request.inputs["instanceType"],), _zones(request, subnets), 1)


def _google_node_pool(request: Request) -> Launch | None:
    inputs = request.inputs
    node = inputs.get("nodeConfig") or {}
    count = inputs.get("nodeCount", inputs.get("initialNodeCount", 0))
    zones = inputs.get("nodeLocations") or [inputs.get("location", "")]
    return Launch("gcp", (node.get("machineType", "e2-medium"),), tuple(zones), int(count or 0), bool(node.get("spot")))


def _azure_agent_pool(request: Request) -> Launch | None:
    inputs = request.inputs
    zones = tuple(inputs.get("availabilityZones") or ())
    return Launch("azure", (inputs.get("vmSize", ""),), zones, int(inputs.get("count") or 0))


_READERS = {
    NODE_GROUP: _node_group,
    "aws:autoscaling/group:Group": _scaling_group,
    "aws:ec2/instance:Instance": _single_machine,
    "gcp:container/nodePool:NodePool": _google_node_pool,
    "azure-native:containerservice:AgentPool": _azure_agent_pool,
}


def _template(request: Request, reference: Any) -> Properties:
    if not isinstance(reference, dict):
        return {}
    for template in request.world.of_type(LAUNCH_TEMPLATE):
        if reference.get("id") == template.id or reference.get("name") == template.inputs.get("name"):
            return template.inputs
    return {}


def _zones(request: Request, subnets: list[str]) -> tuple[str, ...]:
    found = {subnet.id: subnet for subnet in request.world.of_type("aws:ec2/subnet:Subnet")}
    zones = (_zone_of(found[subnet]) for subnet in subnets if subnet in found)
    return tuple(sorted({zone for zone in zones if zone}))


def _zone_of(subnet: Resource) -> str:
    return str(subnet.outputs.get("availabilityZoneId") or "")


def _invalid(request: Request, message: str) -> Refusal:
    verb, call = ("creating", "CreateNodegroup") if request.before is None else ("updating", "UpdateNodegroupConfig")
    group = f"{request.inputs.get('clusterName')}:{request.name}"
    text = (
        f"{verb} EKS Node Group ({group}){'' if request.before is None else ' config'}: operation error EKS: {call}, "
    )
    return Refusal(f"{text}https response error StatusCode: 400, InvalidParameterException: {message}")


def _not_in_zone(machine: str, zone: str, offered: tuple[str, ...], request: Request) -> str:
    names = ", ".join(sorted(filter(None, map(zone_name, offered))))
    choice = f"not specifying an Availability Zone or choosing {names}" if names else "choosing another region"
    said = (
        f"Your requested instance type ({machine}) is not supported in your requested Availability Zone "
        f"({zone_name(zone)}). Please retry your request by {choice}."
    )
    if request.token != NODE_GROUP:
        return f"Unsupported: {said}"
    group = f"{request.inputs.get('clusterName')}:{request.name}"
    return (
        f"creating EKS Node Group ({group}): operation error EKS: CreateNodegroup, https response error "
        f"StatusCode: 400, InvalidRequestException: {said}"
    )


def _amazon(kind: str, request: Request, launch: Launch, fault: Fault) -> str:
    machine, market = launch.machines[0], "Spot" if launch.spot else "On-Demand"
    zone = zone_name(zone_id(fault.zone) or (launch.zones[0] if launch.zones else ""))
    if kind == "quota":
        said = (
            "VcpuLimitExceeded - You have requested more vCPU capacity than your current vCPU limit of "
            f"{_limit(machine)} allows for the instance bucket that the specified instance type belongs to. Please "
            "visit http://aws.amazon.com/contact-us/ec2-request to request an adjustment to this limit."
        )
    elif launch.spot:
        said = "InsufficientInstanceCapacity - There is no Spot capacity available that matches your request."
    else:
        others = [
            name
            for name, other in zone_ids(request.region).items()
            if name != zone and other in _offers(machine, request)
        ]
        said = (
            f"InsufficientInstanceCapacity - We currently do not have sufficient {machine} capacity in the "
            f"Availability Zone you requested ({zone}). Our system will be working on provisioning additional "
            f"capacity. You can currently get {machine} capacity by not specifying an Availability Zone in your "
            f"request or choosing {', '.join(others)}."
        )
    failed = f"Could not launch {market} Instances. {said} Launching EC2 instance failed."
    if request.token != NODE_GROUP:
        return failed
    group, cluster = request.name, request.inputs.get("clusterName")
    state = "unexpected state 'CREATE_FAILED', wanted target 'ACTIVE'"
    return (
        f"waiting for EKS Node Group ({cluster}:{group}) create: {state}. last error: "
        f"eks-{group}-{uuid.uuid4()}: AsgInstanceLaunchFailures: {failed}"
    )


def _offers(machine: str, request: Request) -> tuple[str, ...]:
    known = catalog.machine("aws", machine)
    return known.zones.get(request.region, ()) if known else ()


def _limit(machine: str) -> int:
    quota = catalog.quota("aws", machine, "on-demand")
    return int(quota.default) if quota and quota.default is not None else 0


def _google(kind: str, _request: Request, launch: Launch, fault: Fault) -> str:
    zone, machine = fault.zone or launch.zones[0], launch.machines[0]
    if kind == "quota":
        return f"Error waiting for creating GKE NodePool: Insufficient quota to satisfy the request: {machine}"
    return (
        f"Error waiting for creating GKE NodePool: Google Compute Engine: ZONE_RESOURCE_POOL_EXHAUSTED: the zone "
        f"'{zone}' does not have enough resources available to fulfill the request for '{machine}'"
    )


def _azure(kind: str, _request: Request, launch: Launch, fault: Fault) -> str:
    machine, where = launch.machines[0], f" in zone {fault.zone}" if fault.zone else ""
    if kind == "quota":
        code, said = "QuotaExceeded", f"Operation results in exceeding the approved quota for {machine}."
    else:
        code, said = "AllocationFailed", f"Allocation failed: no sufficient capacity for the VM size {machine}{where}."
    return f'Code="{code}" Message="{said}"'


_MESSAGES = {"aws": _amazon, "gcp": _google, "azure": _azure}
