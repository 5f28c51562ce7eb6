"""NVIDIA, AMD and TPU side by side: the real scheduler places the workloads of each on its own pool and nowhere else.

The pools are those of examples/three-clouds, here on one control plane: labels, taints and devices keep them apart.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from bedplate.node_pools.plan import NodePoolPlan
from bedplate.plan import plan_stack
from bedplate.simulation.kubernetes_client import KubernetesClient
from bedplate.stack_file.load import load_stack
from tests.support.control_plane.nodes import add_pool
from tests.support.control_plane.pods import ROLE, apply, nodes_of, pod, why_pending, workload
from tests.support.examples import examples

pytestmark = pytest.mark.cluster

NODES = {"h100": 2, "mi300x": 2, "v6e": 2, "aws-general": 1, "azure-general": 1, "gcp-general": 1}
DEVICES = {"h100": "nvidia.com/gpu", "mi300x": "amd.com/gpu", "v6e": "google.com/tpu"}
OF_INFERENCE = {"key": ROLE, "operator": "Equal", "value": "inference", "effect": "NoSchedule"}


def tolerating(*devices: str) -> dict[str, Any]:
    """Return what a pod of an inference pool says: the role, and the taints of some devices."""
    of_devices = [{"key": device, "operator": "Exists", "effect": "NoSchedule"} for device in devices]
    return {"nodeSelector": {ROLE: "inference"}, "tolerations": [OF_INFERENCE, *of_devices]}


@pytest.fixture(scope="module")
def pools(client: KubernetesClient) -> dict[str, NodePoolPlan]:
    example = next(one for one in examples() if str(one) == "three-clouds")
    plan = plan_stack(load_stack(example.file).spec)
    found = {pool.name: pool for pool in plan.node_pools}
    for name, count in NODES.items():
        add_pool(client, found[name], count)
    return found


def nodes(pool: NodePoolPlan) -> set[str]:
    return {f"{pool.groups[0].name}-{number}" for number in range(NODES[pool.name])}


@pytest.mark.parametrize(("name", "device"), DEVICES.items(), ids=list(DEVICES))
def test_workloads_run_on_the_pool_of_their_device_alone(
    name: str, device: str, client: KubernetesClient, namespace: Callable[..., str], pools: dict[str, NodePoolPlan]
) -> None:
    """Every pod tolerates all three taints, so that the device alone decides; two fill a node between them."""
    space = namespace()
    group = pools[name].groups[0]
    half = int(group.unseen_resources[device]) // 2
    assert half == group.machine.accelerator_count // 2
    for number in range(2 * NODES[name]):
        apply(client, pod(f"{name}-{number}", space, devices={device: half}, **tolerating(*DEVICES.values())))
    placed = nodes_of(client, space, 2 * NODES[name])
    assert {node: placed.count(node) for node in placed} == dict.fromkeys(nodes(pools[name]), 2)
    apply(client, pod("one-too-many", space, devices={device: 1}, **tolerating(*DEVICES.values())))
    assert f"6 Insufficient {device}" in why_pending(client, space)


@pytest.mark.parametrize(("name", "device"), DEVICES.items(), ids=list(DEVICES))
def test_a_device_without_its_toleration_is_out_of_reach(
    name: str, device: str, client: KubernetesClient, namespace: Callable[..., str], pools: dict[str, NodePoolPlan]
) -> None:
    space = namespace()
    others = [other for other in DEVICES.values() if other != device]
    apply(client, pod("half", space, devices={device: 1}, **tolerating(*others)))
    reason = why_pending(client, space)
    assert f"{NODES[name]} node(s) had untolerated taint(s)" in reason
    assert f"4 Insufficient {device}" in reason


def test_a_general_workload_stays_on_general_nodes(
    client: KubernetesClient, namespace: Callable[..., str], pools: dict[str, NodePoolPlan]
) -> None:
    space = namespace()
    manifest = workload("Deployment", "web", space)
    apply(client, {**manifest, "spec": {**manifest["spec"], "replicas": 30}})
    general = set().union(*(nodes(pools[name]) for name in NODES if name.endswith("general")))
    assert set(nodes_of(client, space, 30)) == general
