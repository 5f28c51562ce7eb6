"""Declared usage as a Pulumi component: what no resource of a stack shows is still in front of policies and reports."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pulumi

from bedplate.cost.wire import carried_cost

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bedplate.clusters.plan import ClusterPlan
    from bedplate.cost.range import CostLine
    from bedplate.plan import StackPlan


class DeclaredUsage(pulumi.ComponentResource):
    """What a stack expects to move and to log on one cluster in a month. It creates nothing."""

    def __init__(self, cluster: ClusterPlan, stack: StackPlan, lines: Sequence[CostLine]) -> None:
        """Declare the cost lines of the usage of `stack` on a cluster."""
        inputs = carried_cost(stack, cluster, lines)
        super().__init__("bedplate:index:DeclaredUsage", cluster.name, inputs)
        self.register_outputs(inputs)
