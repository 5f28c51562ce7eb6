"""The Cluster component: a cluster that this stack owns."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pulumi

from bedplate.clusters.handles import ClusterHandles
from bedplate.clusters.kubeconfig import kubernetes_provider
from bedplate.cost.estimate import cluster_cost
from bedplate.cost.wire import to_wire
from bedplate.networking.component import Network

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from bedplate.clusters.plan import ClusterPlan
    from bedplate.plan import StackPlan


class Cluster(pulumi.ComponentResource):
    """A cluster with its network and what its nodes need; its DNS follows when there are nodes (`start_dns`).

    `handles` is what node pools and services work with. `export` is what a platform stack hands to team stacks:
    plain values, none of them a credential.
    """

    def __init__(self, plan: ClusterPlan, stack: StackPlan, cloud: pulumi.ProviderResource) -> None:
        """Declare a planned cluster of `stack`; `cloud` is the provider of the plan's region."""
        numbers = {
            "name": plan.name,
            "fullName": plan.full_name,
            "team": stack.team,
            "environment": stack.environment,
            "provider": plan.provider,
            "region": plan.region,
            "kubernetesVersion": plan.kubernetes_version,
            "publicEndpoint": plan.public_endpoint,
            "cost": to_wire(cluster_cost(plan)),
        }
        super().__init__("bedplate:index:Cluster", plan.name, numbers, pulumi.ResourceOptions(providers=[cloud]))
        self._plan = plan
        self._declare(plan, cloud)
        self.register_outputs({**numbers, **self.export})

    def _declare(self, plan: ClusterPlan, cloud: pulumi.ProviderResource) -> None:
        network = Network(plan, pulumi.ResourceOptions(parent=self)).handles
        if plan.provider != "aws":
            raise ValueError(f"no cluster for the cloud {plan.provider!r}")
        from bedplate.clusters import aws

        self._eks = eks = aws.declare_cluster(plan, network, self)
        self.handles = ClusterHandles(
            name=plan.full_name,
            region=plan.region,
            kubernetes_version=plan.kubernetes_version,
            cloud=cloud,
            kubernetes=kubernetes_provider(plan, eks.endpoint, eks.certificate_authority, parent=self),
            vpc_id=network.vpc_id,
            private_subnets=network.private_subnets,
            node_security_group_ids=(eks.node_security_group,),
            encryption_key_arn=eks.key.arn,
            node_prerequisites=eks.node_prerequisites,
        )
        self.export: dict[str, Any] = {
            "endpoint": eks.endpoint,
            "certificateAuthority": eks.certificate_authority,
            "vpcId": network.vpc_id,
            "privateSubnets": dict(network.private_subnets),
            "nodeSecurityGroupIds": list(self.handles.node_security_group_ids),
            "encryptionKeyArn": eks.key.arn,
        }

    def start_dns(self, after: Sequence[pulumi.Resource]) -> pulumi.Resource:
        """Declare cluster DNS, whose pods need a node: `after` are the pools that take them."""
        from bedplate.clusters.aws_addons import declare_dns

        return declare_dns(self._plan, self._eks.cluster, self, after)
