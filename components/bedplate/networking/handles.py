"""What a cluster needs of a live network."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pulumi


@dataclass(frozen=True, slots=True)
class AwsNetwork:
    """A live VPC. `private_subnets` holds a subnet's identifier per zone identifier.

    `egress` is what must exist before a machine in a private subnet reaches anything: a node that starts without it
    cannot pull its first image, and one that stops without it cannot say so.
    """

    vpc_id: pulumi.Output[str]
    private_subnets: Mapping[str, pulumi.Output[str]]
    egress: tuple[pulumi.Resource, ...]


@dataclass(frozen=True, slots=True)
class GcpNetworkHandles:
    """A live VPC network: its own identifier and that of the subnet in which nodes and pods stand.

    `egress` is what must exist before a node reaches anything outside Google Cloud.
    """

    network: pulumi.Output[str]
    subnetwork: pulumi.Output[str]
    egress: tuple[pulumi.Resource, ...]


@dataclass(frozen=True, slots=True)
class AzureNetworkHandles:
    """A live virtual network of Azure. `nat_address` is where all nodes come from when they reach the internet.

    `egress` is what must exist before a node reaches anything.
    """

    network_id: pulumi.Output[str]
    nodes_subnet_id: pulumi.Output[str]
    nat_address: pulumi.Output[str]
    egress: tuple[pulumi.Resource, ...]
