"""The network of a cluster on Azure."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pulumi
import pulumi_azure_native as azure

from bedplate.networking.component import Network
from bedplate.networking.handles import AzureNetworkHandles

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bedplate.clusters.azure_plan import AksPlan

IDLE_TIMEOUT_MINUTES = 4
"""The default: Azure keeps a port for every connection until then, and a longer time uses ports up."""


def declare_network(
    plan: AksPlan, group: pulumi.Input[str], tags: Mapping[str, str], parent: pulumi.Resource
) -> AzureNetworkHandles:
    """Declare a cluster's network component in a resource group: a virtual network with one subnet for nodes, closed
    to the internet, and a NAT gateway as the only way out."""
    numbers = {"cidr": plan.network.cidr, "natGateways": plan.nat_gateways}
    component = Network(plan, numbers, parent)
    declared = _declare(plan, group, dict(tags), component)
    component.finish({"subnetId": declared.nodes_subnet_id})
    return declared


def _declare(
    plan: AksPlan, group: pulumi.Input[str], tags: dict[str, str], parent: pulumi.Resource
) -> AzureNetworkHandles:
    options = pulumi.ResourceOptions(parent=parent)
    name = f"{plan.full_name}-network"
    network = azure.network.VirtualNetwork(
        name,
        virtual_network_name=name,
        resource_group_name=group,
        location=plan.region,
        address_space=azure.network.AddressSpaceArgs(address_prefixes=[plan.network.cidr]),
        tags=tags,
        opts=pulumi.ResourceOptions.merge(options, pulumi.ResourceOptions(protect=plan.deletion_protection)),
    )
    address = azure.network.PublicIPAddress(
        f"{plan.full_name}-nat",
        public_ip_address_name=f"{plan.full_name}-nat",
        resource_group_name=group,
        location=plan.region,
        sku=azure.network.PublicIPAddressSkuArgs(name="Standard", tier="Regional"),
        public_ip_allocation_method="Static",
        public_ip_address_version="IPv4",
        tags=tags,
        opts=options,
    )
    gateway = azure.network.NatGateway(
        f"{plan.full_name}-nat",
        nat_gateway_name=f"{plan.full_name}-nat",
        resource_group_name=group,
        location=plan.region,
        sku=azure.network.NatGatewaySkuArgs(name="Standard"),
        idle_timeout_in_minutes=IDLE_TIMEOUT_MINUTES,
        public_ip_addresses=[azure.network.SubResourceArgs(id=address.id)],
        tags=tags,
        opts=options,
    )
    # Without rules of its own it has Azure's: what is in the network may come in, nothing from the internet.
    closed = azure.network.NetworkSecurityGroup(
        f"{plan.full_name}-nodes",
        network_security_group_name=f"{plan.full_name}-nodes",
        resource_group_name=group,
        location=plan.region,
        tags=tags,
        opts=options,
    )
    subnet = azure.network.Subnet(
        f"{plan.full_name}-nodes",
        subnet_name="nodes",
        virtual_network_name=network.name,
        resource_group_name=group,
        address_prefix=plan.network.nodes_cidr,
        nat_gateway=azure.network.SubResourceArgs(id=gateway.id),
        network_security_group=azure.network.NetworkSecurityGroupArgs(id=closed.id),
        # Azure lets machines without any way out reach the internet by addresses of its own, which nobody knows.
        default_outbound_access=False,
        opts=options,
    )
    return AzureNetworkHandles(
        network_id=network.id,
        nodes_subnet_id=subnet.id,
        nat_address=address.ip_address.apply(lambda known: str(known)),
        egress=(subnet,),
    )
