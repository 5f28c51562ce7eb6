"""What EKS refuses of a cluster.

Rules: EKS user guide, "Amazon EKS networking requirements for VPC and subnets", "Control network access to cluster API
server endpoint" and "Update existing cluster to new Kubernetes version"; message texts: reports of them
(awsdocs/amazon-eks-user-guide#795, eksctl#118, rancher#28158, terraform-aws-eks#2607). Read 2026-08.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bedplate import catalog
from bedplate.sdk_types import has_unknown
from bedplate.simulation.requests import Refusal
from bedplate.simulation.zones import zone_name

if TYPE_CHECKING:
    from bedplate.simulation.requests import Request

CLUSTER = "aws:eks/cluster:Cluster"
_SUBNET = "aws:ec2/subnet:Subnet"


def refuse_cluster(request: Request) -> None:
    """Raise what EKS says of a cluster that it does not make or change so; anything else passes."""
    if request.token != CLUSTER:
        return
    network = request.inputs.get("vpcConfig") or {}
    if not has_unknown(network):
        _refuse_zones(request, network.get("subnetIds") or [])
        if network.get("endpointPublicAccess") is False and not network.get("endpointPrivateAccess"):
            raise _invalid("Both private and public endpoint access cannot be false")
    version = request.inputs.get("version")
    if isinstance(version, str) and not has_unknown(version):
        _refuse_version(request, version)


def _refuse_zones(request: Request, subnets: list[str]) -> None:
    found = {subnet.id: subnet.outputs for subnet in request.world.of_type(_SUBNET)}
    zones = {found[subnet].get("availabilityZoneId") for subnet in subnets if subnet in found}
    if len(zones) < 2:
        raise _invalid("Subnets specified must be in at least two different AZs")
    supported = catalog.control_plane_zones("aws", request.region) if request.region in catalog.regions("aws") else ()
    for zone in sorted(str(zone) for zone in zones):
        if supported and zone not in supported:
            names = ", ".join(sorted(map(zone_name, supported)))
            raise Refusal(
                f"UnsupportedAvailabilityZoneException: Cannot create cluster '{request.name}' because "
                f"{zone_name(zone)}, the targeted availability zone, does not currently have sufficient capacity to "
                f"support the cluster. Retry and choose from these availability zones: {names}"
            )


def _refuse_version(request: Request, version: str) -> None:
    known = [offered.version for offered in catalog.kubernetes_versions("aws")]
    if version not in known:
        raise _invalid(f"unsupported Kubernetes version {version}")
    before = (request.before.outputs if request.before else {}).get("version")
    if before in known and _minor(version) - _minor(before) not in (0, 1):
        raise _invalid(f"Unsupported Kubernetes minor version update from {before} to {version}")


def _minor(version: Any) -> int:
    return int(str(version).split(".")[1])


def _invalid(message: str) -> Refusal:
    return Refusal(f"InvalidParameterException: {message}")
