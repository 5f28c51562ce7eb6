"""The network of a cluster on Google Cloud."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pulumi
import pulumi_gcp as gcp

from bedplate.networking.component import Network
from bedplate.networking.handles import GcpNetworkHandles

if TYPE_CHECKING:
    from bedplate.clusters.gcp_plan import GkePlan

PODS, SERVICES = "pods", "services"
"""Names of the secondary ranges."""

PORTS_PER_NODE = (64, 32768)
"""The fewest and the most ports of an address that one node holds at once. Cloud NAT raises them by need."""


def declare_network(plan: GkePlan, parent: pulumi.Resource) -> GcpNetworkHandles:
    """Declare a cluster's network component: a VPC network with one private subnet, and Cloud NAT as the way out."""
    numbers = {"cidr": plan.network.cidr, "natAddresses": plan.network.nat_addresses}
    component = Network(plan, numbers, parent)
    declared = _declare_vpc(plan, component)
    component.finish({"network": declared.network, "subnetwork": declared.subnetwork})
    return declared


def _declare_vpc(plan: GkePlan, parent: pulumi.Resource) -> GcpNetworkHandles:
    options = pulumi.ResourceOptions(parent=parent)
    kept = pulumi.ResourceOptions.merge(options, pulumi.ResourceOptions(protect=plan.deletion_protection))
    name = f"{plan.cloud_name}-network"
    network = gcp.compute.Network(
        name,
        name=name,
        description=f"Nodes of the cluster {plan.full_name}",
        auto_create_subnetworks=False,
        routing_mode="REGIONAL",
        mtu=plan.network.mtu,
        opts=kept,
    )
    subnetwork = gcp.compute.Subnetwork(
        f"{plan.cloud_name}-nodes",
        name=f"{plan.cloud_name}-nodes",
        network=network.id,
        region=plan.region,
        ip_cidr_range=plan.network.node_cidr,
        secondary_ip_ranges=[
            gcp.compute.SubnetworkSecondaryIpRangeArgs(range_name=PODS, ip_cidr_range=plan.network.pod_cidr),
            gcp.compute.SubnetworkSecondaryIpRangeArgs(range_name=SERVICES, ip_cidr_range=plan.network.service_cidr),
        ],
        # Images, weights and logs reach Google's own services without a public address and without Cloud NAT.
        private_ip_google_access=True,
        opts=kept,
    )
    nat = _declare_nat(plan, network, subnetwork, options)
    return GcpNetworkHandles(network=network.id, subnetwork=subnetwork.id, egress=(nat,))


def _declare_nat(
    plan: GkePlan,
    network: gcp.compute.Network,
    subnetwork: gcp.compute.Subnetwork,
    options: pulumi.ResourceOptions,
) -> gcp.compute.RouterNat:
    """Declare the way out. Its addresses are ours: their number is known, and others can name them in their rules."""
    name = f"{plan.cloud_name}-nat"
    addresses = [
        gcp.compute.Address(
            f"{name}-{number + 1}",
            name=f"{name}-{number + 1}",
            region=plan.region,
            address_type="EXTERNAL",
            opts=options,
        )
        for number in range(plan.network.nat_addresses)
    ]
    router = gcp.compute.Router(name, name=name, network=network.id, region=plan.region, opts=options)
    fewest, most = PORTS_PER_NODE
    return gcp.compute.RouterNat(
        name,
        name=name,
        router=router.name,
        region=plan.region,
        nat_ip_allocate_option="MANUAL_ONLY",
        nat_ips=[address.self_link for address in addresses],
        source_subnetwork_ip_ranges_to_nat="LIST_OF_SUBNETWORKS",
        subnetworks=[
            gcp.compute.RouterNatSubnetworkArgs(name=subnetwork.id, source_ip_ranges_to_nats=["ALL_IP_RANGES"])
        ],
        # Both cannot be had at once, and pods pull from many places: ports by need serve them better.
        enable_dynamic_port_allocation=True,
        enable_endpoint_independent_mapping=False,
        min_ports_per_vm=fewest,
        max_ports_per_vm=most,
        # Only what went wrong: a line for every connection would be billed by the byte.
        log_config=gcp.compute.RouterNatLogConfigArgs(enable=True, filter="ERRORS_ONLY"),
        opts=options,
    )
