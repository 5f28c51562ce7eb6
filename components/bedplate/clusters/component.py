"""The Cluster component: a cluster that this stack owns."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pulumi

from bedplate.clusters.azure_plan import AksPlan
from bedplate.clusters.existing_plan import ExistingPlan
from bedplate.clusters.gcp_plan import GkePlan
from bedplate.clusters.plan import EksPlan
from bedplate.cost.estimate import cluster_cost
from bedplate.cost.wire import to_wire

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bedplate.clusters.live import LiveCluster
    from bedplate.clusters.plan import ClusterPlan
    from bedplate.plan import StackPlan


class Cluster(pulumi.ComponentResource):
    """A cluster with its network and what its nodes need; its DNS follows when there are nodes (`start_dns`).

    `handles` is what node pools and services work with. `export` is what a platform stack hands to team stacks:
    plain values, none of them a credential.
    """

    def __init__(self, plan: ClusterPlan, stack: StackPlan, cloud: pulumi.ProviderResource | None) -> None:
        """Declare a planned cluster of `stack`; `cloud` is the provider of the plan's region, None outside clouds."""
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
        if plan.own_nodes:
            numbers["ownNodes"] = dict(zip(("machine", "nodes"), plan.own_nodes, strict=True))
        options = pulumi.ResourceOptions(providers=[cloud] if cloud else None)
        super().__init__("bedplate:index:Cluster", plan.name, numbers, options)
        live = _declare(plan, cloud, self)
        self.handles = live.handles
        self.export = live.export
        self._start_dns = live.start_dns
        self.register_outputs({**numbers, **self.export})

    def start_dns(self, after: Sequence[pulumi.Resource]) -> tuple[pulumi.Resource, ...]:
        """Declare cluster DNS, whose pods need a node, and return it: `after` are the pools that take them."""
        return (self._start_dns(after),) if self._start_dns else ()


def _declare(plan: ClusterPlan, cloud: pulumi.ProviderResource | None, parent: pulumi.Resource) -> LiveCluster:
    match plan:
        case EksPlan():
            from bedplate.clusters import aws

            return aws.declare_cluster(plan, cloud, parent)
        case GkePlan():
            from bedplate.clusters import gcp

            return gcp.declare_cluster(plan, cloud, parent)
        case AksPlan():
            from bedplate.clusters import azure

            return azure.declare_cluster(plan, cloud, parent)
        case ExistingPlan():
            from bedplate.clusters import existing

            return existing.declare_cluster(plan, parent)
    raise ValueError(f"no cluster for the provider {plan.provider!r}")
