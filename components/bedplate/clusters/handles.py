"""What node pools and services need of a live cluster, whether this stack owns it or a platform stack does."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pulumi
    import pulumi_kubernetes

    from bedplate.clusters.existing_plan import ExistingPlan
    from bedplate.clusters.spec import DriverMode
    from bedplate.networking.gcp_plan import GcpNetworkPlan


@dataclass(frozen=True, slots=True, kw_only=True)
class ClusterHandles:
    """A live cluster.

    `name` is the name in the cloud and always known. `cloud` is the cloud's provider for the cluster's region, None
    outside the clouds; `kubernetes` is the one for its API server. `node_prerequisites` must exist before the first
    node: without them a node never becomes ready. Depend on those, never on the Cluster component, whose DNS in turn
    waits for nodes.
    """

    name: str
    region: str
    kubernetes_version: str
    cloud: pulumi.ProviderResource | None
    kubernetes: pulumi_kubernetes.Provider
    node_prerequisites: tuple[pulumi.Resource, ...] = ()

    @property
    def providers(self) -> list[pulumi.ProviderResource]:
        """The providers of what is declared on the cluster."""
        return [provider for provider in (self.cloud, self.kubernetes) if provider is not None]


@dataclass(frozen=True, slots=True, kw_only=True)
class EksHandles(ClusterHandles):
    """A live EKS cluster.

    `private_subnets` holds a subnet's identifier per zone identifier. `node_security_group_ids` are the groups that
    every node must be in to reach the control plane.
    """

    vpc_id: pulumi.Input[str]
    private_subnets: Mapping[str, pulumi.Input[str]]
    node_security_group_ids: tuple[pulumi.Input[str], ...]
    encryption_key_arn: pulumi.Input[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class GkeHandles(ClusterHandles):
    """A live GKE cluster.

    `network_plan` is what was decided about addresses. `node_service_account` is the address of the account in which
    nodes run, `encryption_key` the key of their boot disks.
    """

    project: str
    network_plan: GcpNetworkPlan
    network: pulumi.Input[str]
    subnetwork: pulumi.Input[str]
    node_service_account: pulumi.Input[str]
    encryption_key: pulumi.Input[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class AksHandles(ClusterHandles):
    """A live AKS cluster.

    `resource_group` holds what is declared for it. `control_plane_principal_id` is the identity that makes its nodes.
    `drivers` is who was declared to install drivers of accelerators.
    """

    subscription: str
    resource_group: str
    nodes_subnet_id: pulumi.Input[str]
    control_plane_principal_id: pulumi.Input[str]
    host_encryption: bool
    drivers: DriverMode | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ExistingHandles(ClusterHandles):
    """A live cluster that somebody else runs: there is nothing of it beside its API server and its declaration."""

    plan: ExistingPlan
