"""A pool's floor: one pod that does nothing per node that must stay, placed by the real scheduler."""

from __future__ import annotations

from typing import Any

import pytest

from bedplate.node_pools.floor import FLOOR_LABEL, floor_manifests
from bedplate.node_pools.plan import NodePoolPlan
from bedplate.plan import StackPlan, plan_stack
from bedplate.separation.namespaces import namespace_manifests, team_namespaces
from bedplate.separation.policies import separation_manifests
from bedplate.separation.priorities import priority_classes
from bedplate.simulation.kubernetes_client import KubernetesClient
from tests.support.control_plane.nodes import add_pool, remove_node
from tests.support.control_plane.pods import ROLE, Object, apply, nodes_of, pod, pods, wait_for, why_pending
from tests.support.stacks import L4, STACK, changed, spec

pytestmark = pytest.mark.cluster

SPACE = "vision-dev-inference"
FLOOR = f"{FLOOR_LABEL}=vision-dev-l4"
DEPLOYMENT = f"/apis/apps/v1/namespaces/{SPACE}/deployments/floor-l4"
NODES = ["vision-dev-l4-offer1-0", "vision-dev-l4-offer1-1"]


def planned(floor: int) -> StackPlan:
    return plan_stack(spec(changed(STACK, {"node_pools.l4": {**L4, "nodes": {"min": floor, "max": 4}}})))


def pool(floor: int) -> NodePoolPlan:
    return next(item for item in planned(floor).node_pools if item.name == "l4")


def keep(client: KubernetesClient, floor: int) -> None:
    """Apply the floor as `up` does."""
    apply(client, *floor_manifests(pool(floor), planned(floor)))


def engine(name: str, priority: str, gpus: int = 0) -> Object:
    tolerations = [
        {"key": ROLE, "operator": "Equal", "value": "inference"},
        {"key": "nvidia.com/gpu", "operator": "Exists"},
    ]
    selector = {ROLE: "inference"}
    return pod(name, SPACE, gpus=gpus, priorityClassName=priority, nodeSelector=selector, tolerations=tolerations)


@pytest.fixture(scope="module", autouse=True)
def team(client: KubernetesClient) -> None:
    """The rules, the team's namespace, and a general node that no floor of an accelerator pool may stand on."""
    apply(client, *priority_classes(), *separation_manifests(["kube-system"]))
    inference = next(item for item in team_namespaces(planned(2)) if item.role == "inference")
    apply(client, *namespace_manifests(inference))
    add_pool(client, next(item for item in planned(2).node_pools if item.name == "system"), 1)


@pytest.fixture(autouse=True)
def clean(client: KubernetesClient) -> Any:
    """Leave no floor and no accelerator node to the next test."""
    yield
    client.request("DELETE", DEPLOYMENT, query={"propagationPolicy": "Foreground"})
    wait_for(lambda: client.request("GET", DEPLOYMENT).status == 404 and not pods(client, SPACE), "the floor is gone")
    for node in NODES:
        remove_node(client, node)


def test_without_a_node_a_floor_waits_for_the_autoscaler(client: KubernetesClient) -> None:
    keep(client, 1)
    reason = why_pending(client, SPACE, FLOOR)
    assert "0/1 nodes are available: 1 node(s) didn't match Pod's node affinity/selector" in reason
    add_pool(client, pool(1), 1)
    assert nodes_of(client, SPACE, 1, FLOOR) == NODES[:1]


def test_one_pod_per_node_and_never_two(client: KubernetesClient) -> None:
    add_pool(client, pool(2), 2)
    keep(client, 2)
    assert sorted(nodes_of(client, SPACE, 2, FLOOR)) == NODES
    keep(client, 3)
    reason = why_pending(client, SPACE, FLOOR)
    assert "2 node(s) didn't match pod anti-affinity rules" in reason
    assert sorted(nodes_of(client, SPACE, 2, FLOOR)) == NODES


def test_a_new_version_of_the_floor_needs_no_third_node(client: KubernetesClient) -> None:
    add_pool(client, pool(2), 2)
    keep(client, 2)
    nodes_of(client, SPACE, 2, FLOOR)
    (manifest,) = floor_manifests(pool(2), planned(2))
    manifest["spec"]["template"]["spec"]["containers"][0]["image"] = "registry.example.com/pause:2"
    apply(client, manifest)

    def rolled_out() -> bool:
        status = client.request("GET", DEPLOYMENT).body["status"]
        counts = {status.get(name) for name in ("updatedReplicas", "readyReplicas", "replicas")}
        return status["observedGeneration"] == 2 and counts == {2}

    wait_for(rolled_out, "the floor is rolled out")
    assert sorted(nodes_of(client, SPACE, 2, FLOOR)) == NODES


def test_a_full_node_keeps_its_floor(client: KubernetesClient) -> None:
    """Inference has the highest class of workloads; it waits for a node rather than push the floor out."""
    add_pool(client, pool(1), 1)
    keep(client, 1)
    nodes_of(client, SPACE, 1, FLOOR)
    whole = engine("engine", "bedplate-inference")
    whole["spec"]["containers"][0]["resources"] = {"requests": {"cpu": "16"}}
    apply(client, whole)
    reason = why_pending(client, SPACE)
    assert "1 Insufficient cpu" in reason
    assert "1 No preemption victims found for incoming pod" in reason
    assert nodes_of(client, SPACE, 1, FLOOR) == NODES[:1]
    client.request("DELETE", f"/api/v1/namespaces/{SPACE}/pods/engine")


def test_a_batch_pod_gives_way_to_inference(client: KubernetesClient) -> None:
    add_pool(client, pool(1), 1)
    apply(client, engine("batch", "bedplate-training", gpus=1))
    nodes_of(client, SPACE, 1)
    apply(client, engine("urgent", "bedplate-inference", gpus=1))
    wait_for(lambda: [item["metadata"]["name"] for item in pods(client, SPACE)] == ["urgent"], "batch has given way")
    assert nodes_of(client, SPACE, 1) == NODES[:1]
    client.request("DELETE", f"/api/v1/namespaces/{SPACE}/pods/urgent")
