from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from bedplate.node_pools.floor import floor_manifests
from bedplate.plan import StackPlan, plan_stack
from bedplate.sdk_types import check_inputs
from bedplate.separation.priorities import priority_classes
from bedplate.services.manifests import manifest_token
from tests.separation.admission import denials, namespace, warnings
from tests.support.golden import check_golden
from tests.support.stacks import stack

GOLDEN = Path(__file__).with_name("golden")


def planned(**changes: Any) -> StackPlan:
    return plan_stack(stack({f"node_pools.{path.replace('__', '.')}": value for path, value in changes.items()}))


def floor(plan: StackPlan, pool_name: str) -> dict[str, Any]:
    (pool,) = (pool for pool in plan.node_pools if pool.name == pool_name)
    (deployment,) = floor_manifests(pool, plan)
    return deployment


def test_a_pool_that_may_be_empty_has_no_floor() -> None:
    plan = planned()
    assert {pool.name: len(floor_manifests(pool, plan)) for pool in plan.node_pools} == {
        "system": 1,
        "l4": 0,
        "h100": 0,
    }


def test_floor_of_a_pool_with_two_offers_as_rendered() -> None:
    check_golden(GOLDEN / "floor.yaml", [floor(planned(h100__nodes__min=1), "h100")])


@pytest.mark.parametrize("nodes", [1, 4])
def test_one_pod_for_each_node_of_the_floor(nodes: int) -> None:
    deployment = floor(planned(l4__nodes__min=nodes), "l4")
    assert deployment["spec"]["replicas"] == nodes
    (term,) = deployment["spec"]["template"]["spec"]["affinity"]["podAntiAffinity"][
        "requiredDuringSchedulingIgnoredDuringExecution"
    ]
    assert term["topologyKey"] == "kubernetes.io/hostname"
    assert term["labelSelector"]["matchLabels"] == deployment["spec"]["template"]["metadata"]["labels"]


def test_floors_of_two_pools_do_not_keep_each_other_off_a_node() -> None:
    plan = planned(l4__nodes__min=1, h100__nodes__min=1)
    selectors = [floor(plan, name)["spec"]["selector"]["matchLabels"] for name in ("l4", "h100")]
    assert selectors[0] != selectors[1]


def test_a_floor_tolerates_exactly_the_taints_of_its_pool() -> None:
    plan = planned(l4__nodes__min=1)
    taints = {pool.name: pool.taints for pool in plan.node_pools}
    pod = floor(plan, "l4")["spec"]["template"]["spec"]
    assert [(one["key"], one["value"], one["effect"]) for one in pod["tolerations"]] == [
        (taint.key, taint.value, taint.effect) for taint in taints["l4"]
    ]
    assert "tolerations" not in floor(plan, "system")["spec"]["template"]["spec"]


@pytest.mark.parametrize(
    ("pool", "role"), [("system", "general"), ("l4", "inference"), ("l4", "training")], ids=lambda value: value
)
def test_a_floor_obeys_the_rules_of_separation(pool: str, role: str) -> None:
    deployment = floor(planned(l4__role="inference" if role == "general" else role, l4__nodes__min=1), pool)
    where = namespace(deployment["metadata"]["namespace"], role)
    pod = {"kind": "Pod", "metadata": {"name": "floor"}, "spec": deployment["spec"]["template"]["spec"]}
    assert where["metadata"]["name"] == f"vision-dev-{role}"
    assert denials(deployment, where) == warnings(deployment, where) == denials(pod, where) == []


def test_the_autoscaler_neither_evicts_nor_ignores_a_floor() -> None:
    template = floor(planned(), "system")["spec"]["template"]
    assert template["metadata"]["annotations"] == {"cluster-autoscaler.kubernetes.io/safe-to-evict": "false"}
    values = {one["metadata"]["name"]: one["value"] for one in priority_classes()}
    assert values[template["spec"]["priorityClassName"]] >= -10  # --expendable-pods-priority-cutoff


def test_the_sdk_knows_every_field() -> None:
    deployment = floor(planned(l4__nodes__min=1), "l4")
    assert [problem.render() for problem in check_inputs(manifest_token(deployment), deployment)] == []
