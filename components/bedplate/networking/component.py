"""The Network component: what belongs to the network of one cluster."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pulumi

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bedplate.clusters.plan import ClusterPlan


class Network(pulumi.ComponentResource):
    """The network of one cluster. Its price is among the cluster's cost lines; the cloud's module fills it."""

    def __init__(self, plan: ClusterPlan, numbers: Mapping[str, Any], parent: pulumi.Resource) -> None:
        """Begin the network of a planned cluster; `numbers` is what policies and reports read about it."""
        self._numbers = {
            "name": plan.name,
            "fullName": plan.full_name,
            "provider": plan.provider,
            "region": plan.region,
            "zones": list(plan.zones),
            **numbers,
        }
        super().__init__("bedplate:index:Network", plan.name, self._numbers, pulumi.ResourceOptions(parent=parent))

    def finish(self, outputs: Mapping[str, pulumi.Input[Any]]) -> None:
        """Say that all of it is declared, with what the cloud tells about it."""
        self.register_outputs({**self._numbers, **outputs})
