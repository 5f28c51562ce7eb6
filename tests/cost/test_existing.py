"""What exists already, read back from a state: nothing is left out, and nothing hides in a cluster of somebody else."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from bedplate.clusters.existing_plan import ExistingPlan
from bedplate.cost.confidence import confidence
from bedplate.cost.estimate import cluster_cost
from bedplate.cost.graph.estimate import graph_cost
from bedplate.cost.graph.resources import read_state
from bedplate.cost.wire import from_wire, to_wire
from bedplate.plan import plan_stack
from tests.cost.graphs import resource, state_of, write
from tests.cost.test_graph import TODAY
from tests.support.existing import existing

if TYPE_CHECKING:
    from pathlib import Path

    from bedplate.cost.graph.estimate import GraphCost

PLAN = plan_stack(existing())


def found(folder: Path, *resources: dict[str, Any]) -> GraphCost:
    return graph_cost(read_state(write(folder, state_of(*resources))), TODAY)


def component(kind: str, name: str, **inputs: Any) -> dict[str, Any]:
    entry = resource(f"bedplate:index:{kind}", name, inputs=inputs) | {"custom": False}
    return {key: value for key, value in entry.items() if key != "provider"}


def hall(provider: str = "existing") -> dict[str, Any]:
    cluster = PLAN.clusters["hall"].plan
    assert isinstance(cluster, ExistingPlan)
    return component("Cluster", "hall", provider=provider, cost=to_wire(cluster_cost(cluster)))


def test_a_cluster_that_others_run_is_no_gap_in_the_sum(tmp_path: Path) -> None:
    pools = [
        component(
            "NodePool",
            pool.name,
            provider="existing",
            cost=to_wire([line for line in PLAN.cost.lines if line.owner == f"node_pools.{pool.name}"]),
        )
        for pool in PLAN.node_pools
    ]
    cost = found(tmp_path, hall(), *pools).cost
    assert cost.unpriced == ()
    assert cost.max_per_hour == PLAN.cost.max_per_hour


def test_a_cluster_of_a_cloud_without_a_cost_is_one(tmp_path: Path) -> None:
    assert [line.note for line in found(tmp_path, hall("aws")).cost.unpriced] == ["cost cannot be read"]


def test_a_control_plane_below_it_is_counted(tmp_path: Path) -> None:
    owner = hall()
    plane = resource("aws:eks/cluster:Cluster", inputs={"version": "1.35"}, parent=owner["urn"])
    (line,) = found(tmp_path, owner, plane).cost.lines
    assert (line.item, str(line.usd_per_hour)) == ("EKS control plane it", "0.10")


@pytest.mark.parametrize("line", PLAN.cost.lines, ids=lambda line: line.item)
def test_a_declared_price_stays_declared_on_its_way_through_a_state(line: Any) -> None:
    (read,) = from_wire(to_wire([line]))
    assert confidence(read) == "declared"
    assert read.usd_per_hour == line.usd_per_hour
