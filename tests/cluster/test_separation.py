"""Separation of roles, judged by the real API server and scheduler on nodes as the pools would start them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from bedplate.plan import StackPlan, plan_stack
from bedplate.separation.component import exempt_namespaces
from bedplate.separation.policies import separation_manifests
from bedplate.separation.priorities import priority_classes
from bedplate.simulation.kubernetes_client import JSON, MERGE, KubernetesClient
from tests.separation.test_guide import GUIDE, example
from tests.support.control_plane.nodes import add_pool
from tests.support.control_plane.pods import (
    MANAGER,
    ROLE,
    Object,
    apply,
    nodes_of,
    pod,
    refusal,
    wait_for,
    why_pending,
    workload,
)
from tests.support.stacks import L4, STACK, changed, spec

pytestmark = pytest.mark.cluster

NewNamespace = Callable[..., str]

OF_INFERENCE = {"key": ROLE, "operator": "Equal", "value": "inference", "effect": "NoSchedule"}
OF_GPUS = {"key": "nvidia.com/gpu", "operator": "Exists", "effect": "NoSchedule"}
INFERENCE = {"nodeSelector": {ROLE: "inference"}, "tolerations": [OF_INFERENCE, OF_GPUS]}
ANYWHERE = {"tolerations": [{"operator": "Exists"}]}
KINDS = ["Deployment", "StatefulSet", "DaemonSet", "Job", "CronJob"]

GENERAL_NODES = {"vision-dev-system-offer1-0", "vision-dev-system-offer1-1"}
INFERENCE_NODES = {"vision-dev-l4-offer1-0", "vision-dev-l4-offer1-1", "vision-dev-h100-offer1-0"}
TRAINING_NODES = {"vision-dev-train-offer1-0"}


@pytest.fixture(scope="module")
def plan() -> StackPlan:
    serving = {"clusters.use1.serving": "internal", "clusters.use1.system_namespaces": ["security"]}
    return plan_stack(spec(changed(STACK, {"node_pools.train": {**L4, "role": "training"}, **serving})))


@pytest.fixture(scope="module", autouse=True)
def old_objects(client: KubernetesClient, plan: StackPlan) -> None:
    """Nodes of four pools, objects that were there before any rule, and then the rules."""
    for pool, count in {"system": 2, "l4": 2, "h100": 1, "train": 1}.items():
        add_pool(client, next(item for item in plan.node_pools if item.name == pool), count)
    client.request("POST", "/api/v1/namespaces", {"metadata": {"name": "old"}})
    old = pod("everywhere", "old", **ANYWHERE)
    old["metadata"]["finalizers"] = ["example.com/kept"]
    apply(client, old, workload("Deployment", "everywhere", "old", **ANYWHERE, nodeSelector={ROLE: "training"}))
    nodes_of(client, "old", 2)
    (cluster,) = plan.clusters.values()
    apply(client, *priority_classes(), *separation_manifests(exempt_namespaces(cluster)))
    probe = pod("probe", "default", **ANYWHERE)
    wait_for(lambda: not client.apply(probe, manager=MANAGER, dry_run=True).ok, "the rules hold")


def test_inference_pods_run_on_inference_nodes_only(client: KubernetesClient, namespace: NewNamespace) -> None:
    space = namespace("inference")
    for number in range(10):  # two cards of L4, eight of H100: every card of the role, and no room to choose
        apply(client, pod(f"engine-{number}", space, gpus=1, **INFERENCE))
    assert set(nodes_of(client, space, 10)) == INFERENCE_NODES
    apply(client, pod("one-too-many", space, gpus=1, **INFERENCE))
    reason = why_pending(client, space)
    assert "3 Insufficient nvidia.com/gpu" in reason
    assert "2 node(s) didn't match Pod's node affinity/selector" in reason
    assert "1 node(s) had untolerated taint(s)" in reason


def test_a_general_workload_stays_on_general_nodes(client: KubernetesClient, namespace: NewNamespace) -> None:
    space = namespace()
    apply(client, {**(manifest := workload("Deployment", "web", space)), "spec": {**manifest["spec"], "replicas": 20}})
    assert set(nodes_of(client, space, 20)) == GENERAL_NODES


def test_a_pod_that_tolerates_only_the_accelerator_is_kept_off(
    client: KubernetesClient, namespace: NewNamespace
) -> None:
    space = namespace()
    apply(client, pod("half", space, gpus=1, tolerations=[OF_GPUS]))
    reason = why_pending(client, space)
    assert "4 node(s) had untolerated taint(s)" in reason
    assert "2 Insufficient nvidia.com/gpu" in reason


def test_an_inference_pod_without_the_accelerators_toleration_is_kept_off(
    client: KubernetesClient, namespace: NewNamespace
) -> None:
    space = namespace("inference")
    apply(client, pod("half", space, nodeSelector={ROLE: "inference"}, tolerations=[OF_INFERENCE]))
    reason = why_pending(client, space)
    assert "4 node(s) had untolerated taint(s)" in reason
    assert "2 node(s) didn't match Pod's node affinity/selector" in reason


WILDCARD = "a toleration without a key accepts every taint, those of inference and training nodes too"
NODE_NAME = "spec.nodeName puts a pod on a node past the scheduler and its taints"
OTHER_ROLE = "so its pods may not tolerate bedplate.dev/role of another one, nor with operator Exists"
NOT_SELECTED = "so its pods must run on nodes of that role; add to the pod: nodeSelector: {bedplate.dev/role: "

DENIED = {
    "operator Exists without a key": ("", ANYWHERE, WILDCARD),
    "the same for one effect": ("", {"tolerations": [{"operator": "Exists", "effect": "NoSchedule"}]}, WILDCARD),
    "a node name": ("", {"nodeName": "vision-dev-h100-offer1-0"}, NODE_NAME),
    "the role's taint from a namespace without a role": ("", INFERENCE, OTHER_ROLE),
    "the role's taint from a general namespace": ("general", INFERENCE, OTHER_ROLE),
    "every role's taint": ("inference", {"tolerations": [{"key": ROLE, "operator": "Exists"}]}, OTHER_ROLE),
    "another role's nodes": ("training", INFERENCE, OTHER_ROLE),
    "no selector": ("inference", {"tolerations": [OF_INFERENCE, OF_GPUS]}, NOT_SELECTED),
    "a selector of another role": ("inference", {"nodeSelector": {ROLE: "general"}}, NOT_SELECTED),
}


@pytest.mark.parametrize(("role", "pod_spec", "reason"), DENIED.values(), ids=DENIED.keys())
def test_denied(
    client: KubernetesClient, namespace: NewNamespace, role: str, pod_spec: dict[str, Any], reason: str
) -> None:
    answer = client.apply(pod("intruder", namespace(role), **pod_spec), manager=MANAGER)
    assert answer.status == 403
    assert "ValidatingAdmissionPolicy 'bedplate-separation-pods'" in answer.message
    assert reason in answer.message


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    ("pod_spec", "reason"),
    [(ANYWHERE, WILDCARD), (INFERENCE, OTHER_ROLE), ({"nodeName": "vision-dev-h100-offer1-0"}, NODE_NAME)],
    ids=["wildcard", "role", "node name"],
)
def test_workloads_are_denied_when_they_are_applied(
    client: KubernetesClient, kind: str, pod_spec: dict[str, Any], reason: str
) -> None:
    answer = client.apply(workload(kind, "intruder", "default", **pod_spec), manager=MANAGER, dry_run=True)
    assert answer.status == 403
    assert "ValidatingAdmissionPolicy 'bedplate-separation-workloads'" in answer.message
    assert reason in answer.message


@pytest.mark.parametrize("kind", KINDS)
def test_workloads_without_a_selector_are_warned_of(
    client: KubernetesClient, namespace: NewNamespace, kind: str
) -> None:
    space = namespace("inference")
    tolerant = workload(kind, "engine", space, tolerations=[OF_INFERENCE, OF_GPUS])
    answer = client.apply(tolerant, manager=MANAGER, dry_run=True)
    assert answer.ok, answer.message
    (warning,) = answer.warnings
    assert NOT_SELECTED in warning
    selecting = workload(kind, "engine", space, **INFERENCE)
    assert client.apply(selecting, manager=MANAGER, dry_run=True).warnings == ()


def test_a_daemon_set_of_an_exempt_namespace_runs_everywhere(client: KubernetesClient) -> None:
    apply(client, workload("DaemonSet", "agent", "kube-system", **ANYWHERE))
    nodes = nodes_of(client, "kube-system", 6, "app=agent")
    assert set(nodes) == GENERAL_NODES | INFERENCE_NODES | TRAINING_NODES
    answer = client.apply(workload("DaemonSet", "agent", "default", **ANYWHERE), manager=MANAGER)
    assert WILDCARD in refusal(answer)


def test_an_agent_of_the_owner_runs_everywhere_where_the_cluster_names_its_namespace(client: KubernetesClient) -> None:
    client.request("POST", "/api/v1/namespaces", {"metadata": {"name": "security"}})
    apply(client, workload("DaemonSet", "agent", "security", **ANYWHERE))
    assert set(nodes_of(client, "security", 6)) == GENERAL_NODES | INFERENCE_NODES | TRAINING_NODES


@pytest.mark.parametrize("name", ["monitoring", "keda", "envoy-gateway-system"])
def test_a_platform_namespace_without_agents_on_nodes_is_no_way_around(client: KubernetesClient, name: str) -> None:
    client.request("POST", "/api/v1/namespaces", {"metadata": {"name": name}})
    assert WILDCARD in refusal(client.apply(workload("DaemonSet", "agent", name, **ANYWHERE), manager=MANAGER))
    assert "spec.nodeName" in refusal(client.apply(pod("bound", name, nodeName="a-node"), manager=MANAGER))


def test_nobody_becomes_exempt_by_a_label(client: KubernetesClient, namespace: NewNamespace) -> None:
    space = namespace()
    labels = {"metadata": {"labels": {"kubernetes.io/metadata.name": "kube-system"}}}
    client.request("PATCH", f"/api/v1/namespaces/{space}", labels, content_type=MERGE)
    assert WILDCARD in refusal(client.apply(pod("intruder", space, **ANYWHERE), manager=MANAGER))


@pytest.mark.parametrize("way", ["", "/status", "/finalize"])
def test_a_namespace_keeps_its_role(client: KubernetesClient, namespace: NewNamespace, way: str) -> None:
    path = f"/api/v1/namespaces/{namespace('general')}"
    body = client.request("GET", path).body
    body["metadata"]["labels"][ROLE] = "inference"
    message = refusal(client.request("PUT", path + way, body))
    assert 'is set when it is created and never changes (it is "general")' in message


def test_the_rules_do_not_keep_a_namespace_from_being_deleted(
    client: KubernetesClient, namespace: NewNamespace
) -> None:
    space = namespace("inference")
    apply(client, pod("engine", space, **INFERENCE))
    nodes_of(client, space, 1)
    client.request("DELETE", f"/api/v1/namespaces/{space}")
    wait_for(lambda: client.request("GET", f"/api/v1/namespaces/{space}").status == 404, "the namespace is gone")


def test_an_editor_of_a_namespace_cannot_bind_pods_to_nodes(client: KubernetesClient, namespace: NewNamespace) -> None:
    space = namespace()
    apply(client, _edits("mara", space), pod("half", space, gpus=1, tolerations=[OF_GPUS]))
    why_pending(client, space)
    binding = {
        "apiVersion": "v1",
        "kind": "Binding",
        "metadata": {"name": "half"},
        "target": {"apiVersion": "v1", "kind": "Node", "name": "vision-dev-h100-offer1-0"},
    }
    mara = {"Impersonate-User": "mara"}
    for path in ("pods/half/binding", "bindings"):
        answer = client.request("POST", f"/api/v1/namespaces/{space}/{path}", binding, content_type=JSON, headers=mara)
        assert answer.status == 403
        assert 'User "mara" cannot create resource' in answer.message
    own = client.request("GET", f"/api/v1/namespaces/{space}/pods/half", headers=mara)
    assert own.ok, own.message
    assert not own.body["spec"].get("nodeName")


def test_what_was_there_before_the_rules_can_shrink_and_go_but_not_change(client: KubernetesClient) -> None:
    changed_template = workload("Deployment", "everywhere", "old", **ANYWHERE, priorityClassName="bedplate-general")
    assert WILDCARD in refusal(client.apply(changed_template, manager=MANAGER))
    path = "/apis/apps/v1/namespaces/old/deployments/everywhere"
    shrunk = client.request("PATCH", path, {"spec": {"replicas": 0}}, content_type=MERGE)
    assert shrunk.ok, shrunk.message
    wait_for(lambda: client.request("GET", path).body["status"].get("replicas", 0) == 0, "its pods are gone")
    # the finalizer is taken away by an update of a pod that breaks the rules
    old_pod = "/api/v1/namespaces/old/pods/everywhere"
    assert client.request("DELETE", old_pod).ok
    freed = client.request("PATCH", old_pod, {"metadata": {"finalizers": None}}, content_type=MERGE)
    assert freed.ok, freed.message
    wait_for(lambda: client.request("GET", old_pod).status == 404, "the pod is gone")


def test_a_running_pod_can_be_debugged_and_gains_no_toleration(
    client: KubernetesClient, namespace: NewNamespace
) -> None:
    space = namespace()
    apply(client, pod("web", space))
    nodes_of(client, space, 1)
    path = f"/api/v1/namespaces/{space}/pods/web"
    debugger = {"name": "debug", "image": "registry.example.com/debug:1"}
    added = client.request(
        "PATCH",
        f"{path}/ephemeralcontainers",
        {"spec": {"ephemeralContainers": [debugger]}},
        content_type="application/strategic-merge-patch+json",
    )
    assert added.ok, added.message
    body = client.request("GET", path).body
    body["spec"]["tolerations"].append(OF_INFERENCE)
    assert OTHER_ROLE in refusal(client.request("PUT", path, body))


def test_a_gate_opens_only_on_nodes_of_the_role(client: KubernetesClient, namespace: NewNamespace) -> None:
    space = namespace("training")
    gate = {"schedulingGates": [{"name": "kueue.x-k8s.io/admission"}]}
    tolerations = [{**OF_INFERENCE, "value": "training"}, OF_GPUS]
    apply(client, pod("job", space, tolerations=tolerations, **gate))
    path = f"/api/v1/namespaces/{space}/pods/job"
    opened: Object = {"spec": {"schedulingGates": None}}
    assert NOT_SELECTED in refusal(client.request("PATCH", path, opened, content_type=MERGE))
    opened["spec"]["nodeSelector"] = {ROLE: "training"}
    answer = client.request("PATCH", path, opened, content_type=MERGE)
    assert answer.ok, answer.message
    assert set(nodes_of(client, space, 1)) == TRAINING_NODES


def test_the_guides_example_runs_on_the_pool_that_it_names(
    client: KubernetesClient, team_namespace: Callable[[str], str]
) -> None:
    deployment = example()
    space = team_namespace("vision-prod-inference")
    deployment["metadata"]["namespace"] = space
    deployment["spec"]["template"]["spec"]["nodeSelector"]["bedplate.dev/pool"] = "vision-dev-l4"
    answer = client.apply(deployment, manager=MANAGER)
    assert answer.ok, answer.message
    assert answer.warnings == ()
    assert nodes_of(client, space, 1)[0].startswith("vision-dev-l4")


def test_messages_are_those_of_the_guide(client: KubernetesClient) -> None:
    message = refusal(client.apply(pod("intruder", "default", **ANYWHERE), manager=MANAGER))
    assert f"`{message.rpartition('denied request: ')[2]}`" in GUIDE


@pytest.fixture
def team_namespace(client: KubernetesClient, plan: StackPlan) -> Iterator[Callable[[str], str]]:
    """Return a function that makes a team's namespace with everything that closes it."""
    from bedplate.separation.namespaces import namespace_manifests, team_namespaces

    made = []

    def make(name: str) -> str:
        inference = next(item for item in team_namespaces(plan) if item.role == "inference")
        apply(client, *namespace_manifests(inference))
        made.append(inference.name)
        return inference.name

    yield make
    for name in made:
        client.request("DELETE", f"/api/v1/namespaces/{name}")


def _edits(user: str, namespace: str) -> Object:
    return {
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": "RoleBinding",
        "metadata": {"name": "editor", "namespace": namespace},
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "edit"},
        "subjects": [{"apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": user}],
    }
