"""How a node of a group starts: its machine, disks, network cards and what it is told."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING

import pulumi
import pulumi_aws as aws

from bedplate.node_pools.user_data import user_data

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from bedplate.fabrics.model import NetworkInterface
    from bedplate.node_pools.plan import NodeGroupPlan

ROOT_DEVICE = "/dev/xvda"
"""The root volume of Amazon Linux 2023."""

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
    interfaces = [_interface(interface, security_groups) for interface in group.fabric.interfaces]
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


def _interface(
    interface: NetworkInterface, security_groups: Sequence[pulumi.Input[str]]
) -> aws.ec2.LaunchTemplateNetworkInterfaceArgs:
    """Return an interface without a subnet, which EKS refuses, and without a word about public addresses.

    EC2 refuses that word beside several interfaces; the private subnets give out none.
    """
    return aws.ec2.LaunchTemplateNetworkInterfaceArgs(
        network_card_index=interface.network_card,
        device_index=interface.device,
        interface_type=interface.kind,
        security_groups=list(security_groups),
        delete_on_termination="true",
    )


def _placement(group: NodeGroupPlan, options: pulumi.ResourceOptions) -> aws.ec2.LaunchTemplatePlacementArgs:
    placement_group = aws.ec2.PlacementGroup(f"{group.name}-placement", strategy="cluster", opts=options)
    return aws.ec2.LaunchTemplatePlacementArgs(group_name=placement_group.name)
