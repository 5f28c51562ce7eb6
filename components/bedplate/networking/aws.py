"""The network of a cluster on AWS."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pulumi
import pulumi_aws as aws

from bedplate.networking.component import Network
from bedplate.networking.handles import AwsNetwork

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bedplate.clusters.plan import EksPlan
    from bedplate.networking.plan import ZonePlan


# The AWS load balancer controller and the cloud controller find the subnets of load balancers by these tags.
PRIVATE_SUBNET_TAGS = {"kubernetes.io/role/internal-elb": "1"}
PUBLIC_SUBNET_TAGS = {"kubernetes.io/role/elb": "1"}


def declare_network(plan: EksPlan, parent: pulumi.Resource) -> AwsNetwork:
    """Declare a cluster's network component: a VPC with a private and a public subnet per zone, NAT as planned, S3
    without NAT."""
    numbers = {"cidr": plan.network.cidr, "natGateways": plan.nat_gateways}
    component = Network(plan, numbers, parent)
    declared = _declare_vpc(plan, component)
    component.finish({"vpcId": declared.vpc_id})
    return declared


def _declare_vpc(plan: EksPlan, parent: pulumi.Resource) -> AwsNetwork:
    options = pulumi.ResourceOptions(parent=parent)
    network = plan.network
    name = f"{plan.full_name}-network"
    vpc = aws.ec2.Vpc(
        name,
        cidr_block=network.cidr,
        enable_dns_support=True,
        enable_dns_hostnames=True,
        tags={"Name": name},
        opts=pulumi.ResourceOptions.merge(options, pulumi.ResourceOptions(protect=plan.deletion_protection)),
    )
    # Every VPC comes with a security group that lets its members talk to each other and out. Adopting it without
    # rules closes it, so that whatever is started without a group of its own can do nothing.
    aws.ec2.DefaultSecurityGroup(
        f"{name}-default",
        vpc_id=vpc.id,
        ingress=[],
        egress=[],
        tags={"Name": f"{name}-default"},
        opts=options,
    )
    gateways = _declare_public_side(plan, vpc, options)
    return _declare_private_side(plan, vpc, gateways, options)


def _declare_public_side(
    plan: EksPlan, vpc: aws.ec2.Vpc, options: pulumi.ResourceOptions
) -> Mapping[str, aws.ec2.NatGateway]:
    """Declare the way out and the NAT gateways on it, by zone."""
    name = f"{plan.full_name}-public"
    internet = aws.ec2.InternetGateway(
        f"{plan.full_name}-internet", vpc_id=vpc.id, tags={"Name": f"{plan.full_name}-internet"}, opts=options
    )
    table = aws.ec2.RouteTable(name, vpc_id=vpc.id, tags={"Name": name}, opts=options)
    route = aws.ec2.Route(
        name, route_table_id=table.id, destination_cidr_block="0.0.0.0/0", gateway_id=internet.id, opts=options
    )
    # A NAT gateway whose zone has no route out yet starts, and drops everything.
    after_route = pulumi.ResourceOptions.merge(options, pulumi.ResourceOptions(depends_on=[route]))
    gateways = {}
    for zone in plan.network.zones:
        subnet = _subnet(f"{name}-{zone.zone}", zone, zone.public_cidr, vpc, PUBLIC_SUBNET_TAGS, options)
        aws.ec2.RouteTableAssociation(f"{name}-{zone.zone}", subnet_id=subnet.id, route_table_id=table.id, opts=options)
        if zone.nat_gateway:
            gateways[zone.zone] = _declare_nat_gateway(f"{plan.full_name}-nat-{zone.zone}", subnet, after_route)
    return gateways


def _declare_nat_gateway(name: str, subnet: aws.ec2.Subnet, options: pulumi.ResourceOptions) -> aws.ec2.NatGateway:
    address = aws.ec2.Eip(name, domain="vpc", tags={"Name": name}, opts=options)
    return aws.ec2.NatGateway(name, allocation_id=address.id, subnet_id=subnet.id, tags={"Name": name}, opts=options)


def _declare_private_side(
    plan: EksPlan,
    vpc: aws.ec2.Vpc,
    gateways: Mapping[str, aws.ec2.NatGateway],
    options: pulumi.ResourceOptions,
) -> AwsNetwork:
    """Declare the subnets of nodes and pods; every zone has its own route table, so that it can fail alone."""
    subnets, tables = {}, []
    egress: list[pulumi.Resource] = []
    for zone in plan.network.zones:
        name = f"{plan.full_name}-private-{zone.zone}"
        subnet = _subnet(name, zone, zone.private_cidr, vpc, PRIVATE_SUBNET_TAGS, options)
        table = aws.ec2.RouteTable(name, vpc_id=vpc.id, tags={"Name": name}, opts=options)
        egress += [
            aws.ec2.Route(
                name,
                route_table_id=table.id,
                destination_cidr_block="0.0.0.0/0",
                nat_gateway_id=gateways[plan.network.nat_zone(zone.zone)].id,
                opts=options,
            ),
            aws.ec2.RouteTableAssociation(name, subnet_id=subnet.id, route_table_id=table.id, opts=options),
        ]
        subnets[zone.zone] = subnet.id
        tables.append(table.id)
    # Weights and image layers come from S3: through this endpoint they cost nothing, through NAT they cost per GB.
    s3 = aws.ec2.VpcEndpoint(
        f"{plan.full_name}-s3",
        vpc_id=vpc.id,
        service_name=f"com.amazonaws.{plan.region}.s3",
        vpc_endpoint_type="Gateway",
        route_table_ids=tables,
        tags={"Name": f"{plan.full_name}-s3"},
        opts=options,
    )
    return AwsNetwork(vpc_id=vpc.id, private_subnets=subnets, egress=(*egress, s3))


def _subnet(
    name: str,
    zone: ZonePlan,
    cidr: str,
    vpc: aws.ec2.Vpc,
    tags: Mapping[str, str],
    options: pulumi.ResourceOptions,
) -> aws.ec2.Subnet:
    return aws.ec2.Subnet(
        name,
        vpc_id=vpc.id,
        cidr_block=cidr,
        availability_zone_id=zone.zone,
        map_public_ip_on_launch=False,
        tags={"Name": name, **tags},
        opts=options,
    )
