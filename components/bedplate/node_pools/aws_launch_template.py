"""How a node of a group starts: its machine, disks, network cards and what it is told."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING

import pulumi
import pulumi_aws as aws

from bedplate.fabrics.model import NetworkInterface
from bedplate.node_pools.images import ROOT_DEVICE
from bedplate.node_pools.user_data import user_data

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from bedplate.node_pools.plan import NodeGroupPlan

TAGGED = ("instance", "volume", "network-interface")
"""What an instance brings with it; the provider's default tags do not reach that."""


def declare_launch_template(
    group: NodeGroupPlan,
    tags: Mapping[str, str],
    security_groups: Sequence[pulumi.Input[str]],
    encryption_key_arn: pulumi.Input[str],
    parent: pulumi.Resource,
) -> aws.ec2.LaunchTemplate:
    """Declare the launch template of a node group. It names no subnet and no image: EKS fills them in."""
    options = pulumi.ResourceOptions(parent=parent)
    told = user_data(group)
    interfaces = [_interface(one, security_groups, group.tcp_idle_seconds) for one in listed_interfaces(group)]
    return aws.ec2.LaunchTemplate(
        f"{group.name}-template",
        instance_type=group.machine.name,
        update_default_version=True,
        metadata_options=aws.ec2.LaunchTemplateMetadataOptionsArgs(
            http_endpoint="enabled",
            http_tokens="required",
            # One hop ends at the node: a pod cannot take the node's role from the metadata service.
            http_put_response_hop_limit=1,
        ),
        block_device_mappings=[_root_volume(group, encryption_key_arn)],
        # Security groups stand on the interfaces where those are listed, and EC2 refuses them in both places.
        network_interfaces=interfaces or None,
        vpc_security_group_ids=None if interfaces else list(security_groups),
        placement=_placement(group, options) if group.placement.kind == "cluster-placement-group" else None,
        instance_market_options=_market(group),
        capacity_reservation_specification=_reservation(group),
        user_data=base64.b64encode(told.encode()).decode() if told else None,
        tag_specifications=[
            aws.ec2.LaunchTemplateTagSpecificationArgs(resource_type=kind, tags={**tags, "Name": group.name})
            for kind in TAGGED
        ],
        opts=options,
    )


def _root_volume(
    group: NodeGroupPlan, encryption_key_arn: pulumi.Input[str]
) -> aws.ec2.LaunchTemplateBlockDeviceMappingArgs:
    return aws.ec2.LaunchTemplateBlockDeviceMappingArgs(
        device_name=ROOT_DEVICE,
        ebs=aws.ec2.LaunchTemplateBlockDeviceMappingEbsArgs(
            volume_type="gp3",
            volume_size=group.root_disk_gib,
            encrypted="true",
            kms_key_id=encryption_key_arn,
            delete_on_termination="true",
        ),
    )


def listed_interfaces(group: NodeGroupPlan) -> tuple[NetworkInterface, ...]:
    """Return the interfaces that a template must list: those of the fabric, and one to carry a setting of connections.

    A node that needs neither gets its one interface from EKS.
    """
    if group.fabric.interfaces or group.tcp_idle_seconds is None:
        return group.fabric.interfaces
    return (NetworkInterface(network_card=0, device=0, kind="interface"),)


def _interface(
    interface: NetworkInterface, security_groups: Sequence[pulumi.Input[str]], idle_seconds: int | None
) -> aws.ec2.LaunchTemplateNetworkInterfaceArgs:
    """Return an interface without a subnet, which EKS refuses, and without a word about public addresses.

    EC2 refuses that word beside several interfaces; the private subnets give out none.
    """
    tracked = idle_seconds is not None and interface.kind == "interface"  # EFA traffic has no connections
    return aws.ec2.LaunchTemplateNetworkInterfaceArgs(
        network_card_index=interface.network_card,
        device_index=interface.device,
        interface_type=interface.kind,
        security_groups=list(security_groups),
        connection_tracking_specification=(
            aws.ec2.LaunchTemplateNetworkInterfaceConnectionTrackingSpecificationArgs(
                tcp_established_timeout=idle_seconds
            )
            if tracked
            else None
        ),
        delete_on_termination="true",
    )


def _market(group: NodeGroupPlan) -> aws.ec2.LaunchTemplateInstanceMarketOptionsArgs | None:
    """Capacity blocks are a market of their own. Spot stands on the node group, and EKS refuses it here too."""
    if group.capacity != "capacity-block":
        return None
    return aws.ec2.LaunchTemplateInstanceMarketOptionsArgs(market_type="capacity-block")


def _reservation(group: NodeGroupPlan) -> aws.ec2.LaunchTemplateCapacityReservationSpecificationArgs | None:
    """Bind the nodes to what was bought ahead, and to nothing else: beyond it they would be bought on demand."""
    if group.reservation is None:
        return None
    return aws.ec2.LaunchTemplateCapacityReservationSpecificationArgs(
        capacity_reservation_preference="capacity-reservations-only",
        capacity_reservation_target=aws.ec2.LaunchTemplateCapacityReservationSpecificationCapacityReservationTargetArgs(
            capacity_reservation_id=group.reservation.name
        ),
    )


def _placement(group: NodeGroupPlan, options: pulumi.ResourceOptions) -> aws.ec2.LaunchTemplatePlacementArgs:
    placement_group = aws.ec2.PlacementGroup(f"{group.name}-placement", strategy="cluster", opts=options)
    return aws.ec2.LaunchTemplatePlacementArgs(group_name=placement_group.name)
