"""Every cluster of a cloud has nodes for its operators: a general pool that has a node always, and keeps no pod off."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from bedplate.errors import Problem, dotted
from bedplate.preconditions import stack_problems
from bedplate.stack import StackSpec
from tests.support import azure, gcp, stacks
from tests.support.stacks import REMOVED, changed, spec

CLUSTERS: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "aws": (stacks.CLUSTER, stacks.SYSTEM),
    "azure": (azure.CLUSTER, azure.SYSTEM),
    "gcp": (gcp.CLUSTER, gcp.SYSTEM),
}
NO_POOL = "no general pool with nodes.min of 1 or more"


def stack_with(provider: str, pools: dict[str, dict[str, Any]], **cluster: Any) -> StackSpec:
    declared, system = CLUSTERS[provider]
    name = system["cluster"]
    data = {"team": "vision", "environment": "dev", "clusters": {name: declared | cluster}}
    return spec(data | {"node_pools": {key: {"cluster": name} | pool for key, pool in pools.items()}})


def general(provider: str, *capacities: str, **changes: Any) -> dict[str, Any]:
    _, system = CLUSTERS[provider]
    offers = [{"machine": system["machine"], "capacity": capacity} for capacity in capacities]
    return changed(system, ({"machine": REMOVED, "offers": offers} if offers else {}) | changes)


def problems(stack: StackSpec) -> list[Problem]:
    return [problem for problem in stack_problems(stack) if "general pool" in problem.message]


@pytest.mark.parametrize(
    ("provider", "capacities"),
    [
        ("aws", ()),
        ("aws", ("spot",)),
        ("aws", ("spot", "on-demand")),
        ("azure", ()),
        ("azure", ("spot", "on-demand")),
        ("gcp", ()),
        ("gcp", ("spot",)),
    ],
)
def test_a_pool_on_whose_nodes_any_pod_runs_is_enough(provider: str, capacities: tuple[str, ...]) -> None:
    assert problems(stack_with(provider, {"system": general(provider, *capacities)})) == []


@pytest.mark.parametrize(
    ("provider", "pool", "field", "message"),
    [
        ("aws", {"nodes.min": 0}, "clusters.use1", NO_POOL),
        ("azure", {"nodes.min": 0}, "clusters.eus", NO_POOL),
        ("gcp", {"role": "training"}, "clusters.usc1", NO_POOL),
        (
            "azure",
            {"capacities": ("spot",)},
            "node_pools.system.offers",
            "general pool carry kubernetes.azure.com/scalesetpriority=spot:NoSchedule, which operators do not tolerate",
        ),
        (
            "gcp",
            {"capacities": ("spot", "on-demand")},
            "node_pools.system.offers",
            "carry cloud.google.com/compute-class=vision-dev-system:NoSchedule, which operators do not tolerate",
        ),
    ],
)
def test_refused(provider: str, pool: dict[str, Any], field: str, message: str) -> None:
    pool = dict(pool)
    declared = general(provider, *pool.pop("capacities", ()), **pool)
    (found,) = problems(stack_with(provider, {"system": declared}))
    assert dotted(found.field) == field
    assert message in found.message
    advised = yaml.safe_load(found.hint[found.hint.index("{") :])
    assert problems(stack_with(provider, {"system": declared, "more": advised})) == []
    assert stack_problems(stack_with(provider, {"more": advised})) == []


@pytest.mark.parametrize(
    ("provider", "region", "machine"),
    [
        ("aws", "us-east-1", "m7i.2xlarge"),
        ("azure", "eastus", "Standard_D8ds_v5"),
        ("gcp", "us-central1", "e2-standard-8"),
    ],
)
def test_the_advice_names_a_machine_of_the_clusters_own_cloud(provider: str, region: str, machine: str) -> None:
    (found,) = problems(stack_with(provider, {"system": general(provider, **{"nodes.min": 0})}, region=region))
    assert f"machine: {machine}," in found.hint


def test_a_spot_pool_beside_another_general_pool_is_fine() -> None:
    pools = {"system": general("azure"), "cheap": general("azure", "spot")}
    assert problems(stack_with("azure", pools)) == []
