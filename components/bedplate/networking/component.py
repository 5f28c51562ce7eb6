"""The Network component."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pulumi

if TYPE_CHECKING:
    from bedplate.clusters.plan import ClusterPlan
    from bedplate.networking.handles import NetworkHandles


class Network(pulumi.ComponentResource):
    """The network of one cluster. Its price is among the cluster's cost lines."""

    def __init__(self, plan: ClusterPlan, opts: pulumi.ResourceOptions | None = None) -> None:
        """Declare the network of a planned cluster."""
        numbers = {
            "name": plan.name,
            "fullName": plan.full_name,
            "provider": plan.provider,
            "region": plan.region,
            "cidr": plan.network.cidr,
            "zones": list(plan.zones),
            "natGateways": plan.network.nat_gateways,
        }
        super().__init__("bedplate:index:Network", plan.name, numbers, opts)
        self.handles = _declare_network(plan, self)
        self.register_outputs({**numbers, "vpcId": self.handles.vpc_id})


def _declare_network(plan: ClusterPlan, parent: pulumi.Resource) -> NetworkHandles:
    match plan.provider:
        case "aws":
            from bedplate.networking import aws

            return aws.declare_network(plan, parent)
    raise ValueError(f"no network for the cloud {plan.provider!r}")
