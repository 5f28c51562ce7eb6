from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from bedplate.node_pools.prepull import prepull_manifests
from bedplate.plan import StackPlan, plan_stack
from bedplate.platform import declare
from bedplate.sdk_types import check_inputs
from bedplate.separation.priorities import FLOOR_PRIORITY_CLASS
from bedplate.services.manifests import manifest_token
from tests.separation.admission import denials, namespace, warnings
from tests.support.declared import by_label, declared
from tests.support.existing import existing
from tests.support.golden import check_golden
from tests.support.stacks import stack

GOLDEN = Path(__file__).with_name("golden")
IMAGES = ["registry.example.com/engine:1.2", "registry.example.com/trainer@sha256:" + "a" * 64]


def planned(images: list[str] = IMAGES) -> StackPlan:
    return plan_stack(stack({"node_pools.h100.prepull_images": images}))


def daemon_set(plan: StackPlan, pool_name: str = "h100") -> dict[str, Any]:
    (pool,) = (pool for pool in plan.node_pools if pool.name == pool_name)
    (manifest,) = prepull_manifests(pool, plan)
    return manifest


def test_a_pool_that_names_no_image_loads_none() -> None:
    plan = planned([])
    assert [manifest for pool in plan.node_pools for manifest in prepull_manifests(pool, plan)] == []


def test_images_of_a_pool_with_two_offers_as_rendered() -> None:
    check_golden(GOLDEN / "prepull.yaml", [daemon_set(planned())])


def test_each_image_is_loaded_by_a_container_that_ends_at_once_and_the_pod_stays() -> None:
    pod = daemon_set(planned())["spec"]["template"]["spec"]
    assert [(one["image"], one["command"]) for one in pod["initContainers"]] == [(image, ["true"]) for image in IMAGES]
    assert [one["name"] for one in pod["containers"]] == ["pause"]


def test_it_takes_next_to_nothing_and_preempts_nothing() -> None:
    pod = daemon_set(planned())["spec"]["template"]["spec"]
    assert pod["priorityClassName"] == FLOOR_PRIORITY_CLASS
    containers = [*pod["initContainers"], *pod["containers"]]
    assert all(one["resources"]["requests"]["cpu"] == "10m" for one in containers)
    assert all("nvidia.com/gpu" not in one["resources"]["limits"] for one in containers)


def test_it_runs_on_its_own_pool_alone() -> None:
    pod = daemon_set(planned())["spec"]["template"]["spec"]
    assert pod["nodeSelector"]["bedplate.dev/pool"] == "vision-dev-h100"
    assert {one["key"] for one in pod["tolerations"]} == {"bedplate.dev/role", "nvidia.com/gpu"}


@pytest.mark.parametrize("role", ["general", "inference", "training"])
def test_the_rules_of_separation_let_it_in(role: str) -> None:
    pool = "system" if role == "general" else "h100"
    plan = plan_stack(stack({f"node_pools.{pool}.prepull_images": IMAGES, f"node_pools.{pool}.role": role}))
    manifest = daemon_set(plan, pool)
    where = namespace(manifest["metadata"]["namespace"], role)
    pod = {"kind": "Pod", "metadata": {"name": "prepull"}, "spec": manifest["spec"]["template"]["spec"]}
    assert where["metadata"]["name"] == f"vision-dev-{role}"
    assert denials(manifest, where) == warnings(manifest, where) == denials(pod, where) == []


def test_it_is_what_the_sdk_takes() -> None:
    manifest = daemon_set(planned())
    assert [problem.render() for problem in check_inputs(manifest_token(manifest), manifest)] == []


def test_it_follows_the_nodes_on_every_kind_of_cluster() -> None:
    images = {"node_pools.train.prepull_images": IMAGES}
    plan = plan_stack(existing(images))
    found = by_label(declared(lambda: declare(plan)))
    made = found["DaemonSet train-daemonset-vision-dev-training-prepull-train"]
    assert made.parent == "NodePool train"
    assert "NodePatch vision-dev-train-gpu-01" in made.depends_on
