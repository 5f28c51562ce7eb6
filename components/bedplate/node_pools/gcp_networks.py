"""The further networks of a pool's nodes on Google Cloud, and the objects by which pods name them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pulumi
import pulumi_gcp as gcp

from bedplate.clouds.gcp_names import RESOURCE_LENGTH, fitting_name
from bedplate.networking.gcp_plan import fabric_ranges
from bedplate.services.manifests import apply_manifests

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from bedplate.clusters.handles import GkeHandles
    from bedplate.fabrics.model import GcpNetwork
    from bedplate.node_pools.plan import NodePoolPlan

PROFILES = "https://www.googleapis.com/compute/v1/projects/{project}/global/networkProfiles/{zone}-{profile}"


@dataclass(frozen=True, slots=True)
class NodeInterface:
    """A further network interface of a node: names of the network and of the subnet that it stands in."""

    network: pulumi.Input[str]
    subnetwork: pulumi.Input[str]


def declare_networks(
    plan: NodePoolPlan, cluster: GkeHandles, parent: pulumi.Resource
) -> tuple[list[NodeInterface], list[pulumi.Resource]]:
    """Declare the networks of a pool's fabric; all its offers stand in them.

    Returns the interfaces in the order in which nodes have them, and what must exist before the first node: a node
    whose network has no object in Kubernetes gets no pods that ask for it.
    """
    fabric = plan.groups[0].fabric.gcp
    if fabric is None or not fabric.networks:
        return [], []
    ranges = fabric_ranges(cluster.network_plan, fabric.networks)
    interfaces: list[NodeInterface] = []
    ready: list[pulumi.Resource] = []
    for network, cidrs in zip(fabric.networks, ranges, strict=True):
        declared = _declare_network(plan, network, cidrs, cluster, parent)
        interfaces += declared
        ready += apply_manifests(
            network_objects(network, fabric_names(plan, network)),
            cluster.kubernetes,
            parent,
            depends_on=[*cluster.node_prerequisites],
        )
    return interfaces, ready


def fabric_names(plan: NodePoolPlan, network: GcpNetwork) -> tuple[str, tuple[str, ...]]:
    """Return the names of a network and of its subnets in the project."""
    return (
        fitting_name(f"{plan.full_name}-{network.suffix}", RESOURCE_LENGTH),
        tuple(fitting_name(f"{plan.full_name}-{subnet.suffix}", RESOURCE_LENGTH) for subnet in network.subnets),
    )


def _declare_network(
    plan: NodePoolPlan, network: GcpNetwork, cidrs: Sequence[str], cluster: GkeHandles, parent: pulumi.Resource
) -> list[NodeInterface]:
    options = pulumi.ResourceOptions(parent=parent)
    name, subnets = fabric_names(plan, network)
    zone = plan.groups[0].zones[0]
    profile = PROFILES.format(project=cluster.project, zone=zone, profile=network.network_profile)
    vpc = gcp.compute.Network(
        name,
        name=name,
        project=cluster.project,
        description=f"Fabric of the node pool {plan.full_name}",
        auto_create_subnetworks=False,
        mtu=network.mtu,
        network_profile=profile if network.network_profile else None,
        # Nothing in it has a way out, and nothing needs one. A network for RDMA has no such route to begin with.
        delete_default_routes_on_create=True if not network.network_profile else None,
        opts=options,
    )
    declared = [
        gcp.compute.Subnetwork(
            subnet,
            name=subnet,
            project=cluster.project,
            region=cluster.region,
            network=vpc.id,
            ip_cidr_range=cidr,
            opts=options,
        )
        for subnet, cidr in zip(subnets, cidrs, strict=True)
    ]
    if network.device_mode == "NetDevice":
        _allow_inside(name, vpc, cidrs, cluster, options)
    return [NodeInterface(vpc.name, subnet.name) for subnet in declared]


def _allow_inside(
    name: str,
    vpc: gcp.compute.Network,
    cidrs: Sequence[str],
    cluster: GkeHandles,
    options: pulumi.ResourceOptions,
) -> None:
    """Let nodes reach each other. A network lets nothing in by itself; one for RDMA lets in everything of its own."""
    gcp.compute.Firewall(
        f"{name}-inside",
        name=fitting_name(f"{name}-inside", RESOURCE_LENGTH),
        project=cluster.project,
        network=vpc.name,
        direction="INGRESS",
        source_ranges=list(cidrs),
        allows=[gcp.compute.FirewallAllowArgs(protocol=protocol) for protocol in ("tcp", "udp", "icmp")],
        opts=options,
    )


def network_objects(network: GcpNetwork, names: tuple[str, tuple[str, ...]]) -> Iterator[dict[str, Any]]:
    """Return the objects of a network: for each subnet that pods ask for, its parameters and the name for it."""
    vpc, subnets = names
    for subnet, subnet_name in zip(network.subnets, subnets, strict=True):
        if not subnet.object_name:
            continue
        yield {
            "apiVersion": "networking.gke.io/v1",
            "kind": "GKENetworkParamSet",
            "metadata": {"name": subnet.object_name},
            "spec": {"vpc": vpc, "vpcSubnet": subnet_name, "deviceMode": network.device_mode},
        }
        yield {
            "apiVersion": "networking.gke.io/v1",
            "kind": "Network",
            "metadata": {"name": subnet.object_name},
            "spec": {
                "type": "Device",
                "parametersRef": {
                    "group": "networking.gke.io",
                    "kind": "GKENetworkParamSet",
                    "name": subnet.object_name,
                },
            },
        }
