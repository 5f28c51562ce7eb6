"""Accelerators of four vendors and parts of GPUs beside whole ones: the real scheduler puts each pod where it belongs.

Nodes are those of the examples' pools, with the resources that their device plugins would advertise.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest

from bedplate.node_pools.plan import NodePoolPlan
from bedplate.node_pools.sharing import SHARING_LABEL
from bedplate.plan import plan_stack
from bedplate.simulation.kubernetes_client import KubernetesClient
from bedplate.stack_file.load import load_stack
from tests.support.control_plane.nodes import add_pool
from tests.support.control_plane.pods import ROLE, Object, apply, nodes_of, pod, why_pending
from tests.support.examples import examples
from tests.support.stacks import one_pool

pytestmark = pytest.mark.cluster

NewNamespace = Callable[..., str]


def example_pool(example: str, resource: str) -> NodePoolPlan:
    """Return the pool of an example whose nodes advertise a resource."""
    (file,) = (one.file for one in examples() if str(one) == example)
    loaded = load_stack(file)
    pools = plan_stack(loaded.spec, loaded.references).node_pools
    return next(pool for pool in pools if resource in pool.groups[0].unseen_resources)


WHOLE = plan_stack(one_pool()).node_pools[1]
TURNS = plan_stack(one_pool({"team": "turns"}, sharing={"mode": "time-slicing", "replicas": 4})).node_pools[1]
SLICES = example_pool("shared-by-mig", "nvidia.com/mig-1g.10gb")
AMD = example_pool("azure-nd-mi300x", "amd.com/gpu")
TPU = example_pool("gcp-tpu-v6e", "google.com/tpu")
NEURON = example_pool("aws-inf2", "aws.amazon.com/neuron")
POOLS = {"nvidia.com/gpu": WHOLE, "amd.com/gpu": AMD, "google.com/tpu": TPU, "aws.amazon.com/neuron": NEURON}


@pytest.fixture(scope="module", autouse=True)
def nodes(client: KubernetesClient) -> None:
    for pool in (WHOLE, TURNS, SLICES, AMD, TPU, NEURON):
        add_pool(client, pool, 1)


def asking(name: str, space: str, resource: str, *, role: str, count: int = 1, shared: bool = False) -> Object:
    """Return a pod that tolerates every accelerator and asks for one kind of them."""
    tolerations = [{"key": ROLE, "operator": "Equal", "value": role}]
    tolerations += [{"key": key, "operator": "Exists"} for key in POOLS]
    if shared:
        tolerations.append({"key": SHARING_LABEL, "operator": "Exists"})
    wanted = pod(name, space, nodeSelector={ROLE: role}, tolerations=tolerations)
    wanted["spec"]["containers"][0]["resources"] = {"limits": {resource: str(count)}}
    return wanted


def node(pool: NodePoolPlan) -> str:
    return f"{pool.groups[0].name}-0"


@pytest.mark.parametrize("resource", POOLS)
def test_a_pod_runs_on_the_accelerators_that_it_asks_for(
    client: KubernetesClient, namespace: NewNamespace, resource: str
) -> None:
    space = namespace()
    pool = POOLS[resource]
    count = int(pool.groups[0].unseen_resources[resource])
    apply(client, asking("all", space, resource, role=pool.role, count=count))
    assert nodes_of(client, space, 1) == [node(pool)]
    apply(client, asking("one-too-many", space, resource, role=pool.role))
    assert f"Insufficient {resource}" in why_pending(client, space)


@pytest.mark.parametrize("resource", POOLS)
def test_a_pod_that_tolerates_another_vendor_alone_is_kept_off(
    client: KubernetesClient, namespace: NewNamespace, resource: str
) -> None:
    """It asks for nothing, so only taints keep it off."""
    space = namespace()
    pool = POOLS[resource]
    others = [{"key": key, "operator": "Exists"} for key in POOLS if key != resource]
    role = {"key": ROLE, "operator": "Equal", "value": pool.role}
    selector = {ROLE: pool.role, "bedplate.dev/pool": pool.full_name}
    apply(client, pod("stranger", space, nodeSelector=selector, tolerations=[role, *others]))
    assert "untolerated taint" in why_pending(client, space)


def test_a_pod_that_wants_whole_gpus_never_lands_on_a_shared_one(
    client: KubernetesClient, namespace: NewNamespace
) -> None:
    """Time-sliced GPUs have the name of whole ones. One whole GPU is there, and four turns on another."""
    space = namespace()
    apply(client, asking("first", space, "nvidia.com/gpu", role="inference"))
    assert nodes_of(client, space, 1) == [node(WHOLE)]
    apply(client, asking("second", space, "nvidia.com/gpu", role="inference"))
    assert "untolerated taint" in why_pending(client, space)


def test_pods_take_turns_where_they_ask_for_it(client: KubernetesClient, namespace: NewNamespace) -> None:
    space = namespace()
    for number in range(4):
        turn = asking(f"turn-{number}", space, "nvidia.com/gpu", role="inference", shared=True)
        turn["spec"]["nodeSelector"]["bedplate.dev/pool"] = TURNS.full_name
        apply(client, turn)
    assert set(nodes_of(client, space, 4)) == {node(TURNS)}


def test_as_many_slices_as_the_plan_says(client: KubernetesClient, namespace: NewNamespace) -> None:
    space = namespace()
    sharing = SLICES.groups[0].sharing
    assert sharing is not None
    for resource, count in sharing.resources.items():
        short = resource.rpartition("-")[2].replace(".", "-")
        for number in range(count):
            apply(client, asking(f"s{short}-{number}", space, resource, role="inference", shared=True))
    total = sum(sharing.resources.values())
    assert set(nodes_of(client, space, total)) == {node(SLICES)}
    apply(client, asking("one-too-many", space, "nvidia.com/mig-1g.10gb", role="inference", shared=True))
    assert "Insufficient nvidia.com/mig-1g.10gb" in why_pending(client, space)
