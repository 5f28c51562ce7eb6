"""The rules that keep workloads on the pools they were given, in every kind that makes pods."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from bedplate import catalog
from bedplate.node_pools.labels import ROLE_LABEL
from bedplate.separation.namespaces import namespace_manifests, team_namespaces
from bedplate.separation.priorities import priority_classes
from rules.namespaces import agent_namespaces, system_namespaces
from rules.priorities import MOST_PRIORITY
from rules.separation import tolerated_roles
from tests.policies.stack import UNKNOWN, Declared, deployment, kubernetes, node_group, of_rule, pool, register
from tests.support.stacks import changed
from tests.support.stacks import stack as stack_spec

CONTAINERS = [{"name": "c", "image": "registry.example/c:1"}]
INFERENCE = {"key": ROLE_LABEL, "operator": "Equal", "value": "inference", "effect": "NoSchedule"}
SELECTS = {ROLE_LABEL: "inference"}
ANY = {"operator": "Exists"}


def affinity(*terms: dict[str, Any]) -> dict[str, Any]:
    return {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": list(terms)}}}


def term(*values: str, operator: str = "In", key: str = ROLE_LABEL) -> dict[str, Any]:
    return {"matchExpressions": [{"key": key, "operator": operator, "values": list(values)}]}


PASSES = {
    "a general workload": deployment("vision-dev-general"),
    "another toleration": deployment("apps", tolerations=[{"key": "nvidia.com/gpu", "operator": "Exists"}]),
    "inference, selected": deployment("vision-dev-inference", nodeSelector=SELECTS, tolerations=[INFERENCE]),
    "inference, by affinity": deployment("vision-dev-inference", affinity=affinity(term("inference"))),
    "inference, in a queue": kubernetes(
        "batch/v1:Job",
        "queued",
        {
            "metadata": {"namespace": "vision-dev-inference", "labels": {"kueue.x-k8s.io/queue-name": "q"}},
            "spec": {"template": {"spec": {"containers": CONTAINERS, "tolerations": [INFERENCE]}}},
        },
    ),
    "an agent of the platform": deployment("kube-system", tolerations=[ANY], nodeName="n"),
}

FAILS = {
    "every taint": (deployment("apps", tolerations=[ANY]), "[0] lets it onto inference and training nodes"),
    "the key alone": (
        deployment("apps", tolerations=[{"key": ROLE_LABEL, "operator": "Exists"}]),
        "lets it onto inference and training nodes",
    ),
    "one role": (deployment("apps", tolerations=[INFERENCE]), "lets it onto inference nodes"),
    "no operator": (
        deployment("apps", tolerations=[{"key": ROLE_LABEL, "value": "training"}]),
        "lets it onto training nodes",
    ),
    "an operator of the future": (
        deployment("apps", tolerations=[{"key": ROLE_LABEL, "operator": "Gt", "value": "a"}]),
        "lets it onto inference and training nodes",
    ),
    "another role's": (
        deployment("vision-dev-training", nodeSelector={ROLE_LABEL: "training"}, tolerations=[INFERENCE]),
        "belongs on training nodes, but spec.template.spec.tolerations[0] lets it onto inference nodes",
    ),
    "another team's namespace": (
        deployment("search-dev-inference", nodeSelector=SELECTS, tolerations=[INFERENCE]),
        "belongs on general nodes",
    ),
    "no namespace": (deployment(None, tolerations=[ANY]), "in namespace default belongs on general nodes"),
    "not selected": (deployment("vision-dev-inference", tolerations=[INFERENCE]), "does not select its nodes"),
    "another selected": (
        deployment("vision-dev-inference", nodeSelector={ROLE_LABEL: "general"}),
        "selects general nodes: spec.template.spec.nodeSelector needs bedplate.dev/role: inference",
    ),
    "affinity with a way out": (
        deployment("vision-dev-inference", affinity=affinity(term("inference"), term("a", key="zone"))),
        "does not select its nodes",
    ),
    "affinity with two roles": (
        deployment("vision-dev-inference", affinity=affinity(term("inference", "general"))),
        "does not select its nodes",
    ),
    "affinity against": (
        deployment("vision-dev-inference", affinity=affinity(term("inference", operator="NotIn"))),
        "does not select its nodes",
    ),
    "a node by name": (deployment("apps", nodeName="n"), "sets spec.template.spec.nodeName"),
    "a DaemonSet": (
        kubernetes(
            "apps/v1:DaemonSet",
            "agent",
            {
                "metadata": {"namespace": "apps"},
                "spec": {
                    "selector": {"matchLabels": {}},
                    "template": {"metadata": {}, "spec": {"containers": CONTAINERS}},
                },
            },
        ),
        "DaemonSet agent is in namespace apps, not in one of agents on nodes",
    ),
    "a namespace with a role of its own": (
        kubernetes("core/v1:Namespace", "mine", {"metadata": {"name": "mine", "labels": SELECTS}}),
        "namespace mine has the role inference; this stack's namespace of it is vision-dev-inference",
    ),
    "unknown namespace": (deployment(UNKNOWN), "metadata.namespace is not known before the update"),
    "unknown tolerations": (deployment("apps", tolerations=UNKNOWN), "cannot be decided: tolerations is not known"),
    "unknown key": (deployment("apps", tolerations=[{"key": UNKNOWN}]), "tolerations[0].key is not known"),
    "unknown selector": (deployment("vision-dev-inference", nodeSelector=UNKNOWN), "nodeSelector is not known"),
    "unknown affinity": (deployment("vision-dev-inference", affinity=UNKNOWN), "affinity is not known"),
    "unknown node": (deployment("apps", nodeName=UNKNOWN), "nodeName is not known"),
    "unknown pod": (
        kubernetes("batch/v1:Job", "job", {"spec": {"template": UNKNOWN}}),
        "spec.template is not known before the update",
    ),
    "no pod": (kubernetes("batch/v1:Job", "job", {"spec": {}}), "spec.template.spec is not set"),
}


@pytest.mark.parametrize("workload", PASSES.values(), ids=PASSES)
def test_passes(workload: Declared) -> None:
    assert separation(workload) == []


@pytest.mark.parametrize(("workload", "expected"), FAILS.values(), ids=FAILS)
def test_fails(workload: Declared, expected: str) -> None:
    messages = separation(workload)
    assert any(expected in message for message in messages), messages


def separation(*workloads: Declared) -> list[str]:
    return [message for message in register(*workloads) if message.startswith("separation-")]


POD = {"containers": CONTAINERS, "tolerations": [ANY]}
TEMPLATE = {"template": {"spec": POD}}
KINDS: dict[str, dict[str, Any]] = {
    "core/v1:Pod": {"spec": POD},
    "core/v1:PodPatch": {"spec": {"tolerations": [ANY]}},
    "core/v1:PodTemplate": {"template": {"spec": POD}},
    "core/v1:ReplicationController": {"spec": TEMPLATE},
    "apps/v1:StatefulSet": {"spec": TEMPLATE},
    "apps/v1:ReplicaSet": {"spec": TEMPLATE},
    "apps/v1:DeploymentPatch": {"spec": TEMPLATE},
    "apps/v1:DeploymentList": {"items": [{"spec": TEMPLATE}]},
    "batch/v1:Job": {"spec": TEMPLATE},
    "batch/v1:CronJob": {"spec": {"jobTemplate": {"spec": TEMPLATE}}},
    "node.k8s.io/v1:RuntimeClass": {"handler": "h", "scheduling": {"tolerations": [ANY]}},
    "jobset.x-k8s.io/v1alpha2:JobSet": {"spec": {"replicatedJobs": [{"template": {"spec": TEMPLATE}}]}},
    "leaderworkerset.x-k8s.io/v1:LeaderWorkerSet": {
        "spec": {"leaderWorkerTemplate": {"workerTemplate": {"spec": POD}}}
    },
    "kubeflow.org/v2beta1:MPIJob": {"spec": {"mpiReplicaSpecs": {"Worker": TEMPLATE}}},
    "serving.knative.dev/v1:Service": {"spec": TEMPLATE},
}


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_that_makes_pods(kind: str) -> None:
    messages = separation(kubernetes(kind, "it", KINDS[kind]))
    assert any("tolerations[0] lets it onto inference and training nodes" in message for message in messages), messages


@pytest.mark.parametrize(
    "properties",
    [
        {"spec": UNKNOWN},
        {"spec": {"template": UNKNOWN}},
        {"spec": {"workers": [{"spec": {"containers": UNKNOWN}}]}},
        {"spec": {"replicatedJobs": [UNKNOWN]}},
        {"spec": {"template": {"spec": {"containers": CONTAINERS, "tolerations": UNKNOWN}}}},
    ],
)
def test_custom_resources_that_may_hide_a_pod(properties: dict[str, Any]) -> None:
    messages = separation(kubernetes("acme.example/v1:Runner", "it", properties))
    assert messages
    assert all("is not known before the update" in message for message in messages)


def test_unknown_values_elsewhere_do_not_matter() -> None:
    config = kubernetes("core/v1:ConfigMap", "it", {"metadata": {"namespace": "apps"}, "data": {"a": UNKNOWN}})
    custom = kubernetes("acme.example/v1:Thing", "it", {"spec": {"roleArn": UNKNOWN, "groups": [UNKNOWN]}})
    assert separation(config, custom, deployment("apps", containers=[{"name": "c", "image": UNKNOWN}])) == []


@pytest.mark.parametrize(
    ("toleration", "roles"),
    [
        ({"key": ROLE_LABEL, "value": "inference"}, {"inference"}),
        ({"key": ROLE_LABEL, "value": "general"}, set()),
        ({"key": ROLE_LABEL, "operator": "Equal"}, set()),
        ({"key": "", "operator": "Exists"}, {"inference", "training"}),
        ({"key": "nvidia.com/gpu", "operator": "Exists"}, set()),
    ],
)
def test_tolerated_roles(toleration: dict[str, str], roles: set[str]) -> None:
    assert tolerated_roles(toleration) == roles


def release(**changes: Any) -> Declared:
    chart = catalog.chart("gpu-operator")
    properties = {
        "chart": chart.name,
        "version": chart.version,
        "namespace": chart.namespace,
        "repositoryOpts": {"repo": chart.repository},
    }
    return kubernetes("helm.sh/v3:Release", "gpu", properties | changes)


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, None),
        ({"repositoryOpts": {"repo": catalog.chart("gpu-operator").repository + "/"}}, None),
        ({"chart": "miner"}, "installs miner, which the catalog does not have"),
        ({"chart": "coredns"}, "installs coredns, which the catalog does not have"),
        ({"chart": "./local"}, "installs ./local"),
        ({"version": "v0.1"}, "has version v0.1; the catalog has "),
        ({"version": None}, "has version not set"),
        ({"repositoryOpts": {"repo": "https://charts.example"}}, "has repositoryOpts.repo https://charts.example"),
        ({"repositoryOpts": None}, "has repositoryOpts.repo not set"),
        ({"namespace": "apps"}, "has namespace apps; the catalog has gpu-operator"),
        ({"chart": UNKNOWN}, "cannot be decided: chart is not known"),
        ({"version": UNKNOWN}, "cannot be decided: version is not known"),
    ],
)
def test_helm_releases(changes: dict[str, Any], expected: str | None) -> None:
    messages = separation(release(**changes))
    assert (messages == []) if expected is None else any(expected in message for message in messages), messages


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, None),
        ({"chart": "gateway-helm"}, "installs gateway-helm, which the catalog does not have"),
        ({"chart": "oci://docker.io/somebody/gateway-helm"}, "installs oci://docker.io/somebody/gateway-helm"),
        ({"repositoryOpts": {"repo": "https://charts.example"}}, "has repositoryOpts.repo https://charts.example"),
        ({"version": "v0.1"}, "has version v0.1"),
    ],
)
def test_charts_kept_as_images(changes: dict[str, Any], expected: str | None) -> None:
    chart = catalog.chart("gateway-helm")
    address = f"{chart.repository}/{chart.name}"
    properties = {"chart": address, "version": chart.version, "namespace": chart.namespace}
    messages = separation(kubernetes("helm.sh/v3:Release", "gateway", properties | changes))
    assert (messages == []) if expected is None else any(expected in message for message in messages), messages


def test_bedplates_own_namespaces_pass() -> None:
    from bedplate.plan import plan_stack

    for namespace in team_namespaces(plan_stack(stack_spec())):
        own, *_ = namespace_manifests(namespace)
        assert register(kubernetes("core/v1:Namespace", namespace.name, own)) == []


AGENT = {"spec": {"template": {"spec": POD | {"nodeName": "node-1"}}}}


@pytest.mark.parametrize(
    ("namespace", "exempt"),
    [
        ("kube-system", True),
        ("gpu-operator", True),
        ("nvidia-network-operator", True),
        ("datadog", True),
        ("monitoring", False),
        ("keda", False),
        ("envoy-gateway-system", False),
        ("falco", False),
    ],
)
def test_exempt_is_what_the_cluster_exempts(namespace: str, *, exempt: bool) -> None:
    """Agents of the platform on nodes, and of the owner where its cluster names their namespace."""
    cluster = Declared("bedplate:index:ClusterSeparation", "use1", {"exemptNamespaces": ["datadog"]}, provider="")
    messages = separation(
        cluster, kubernetes("apps/v1:DaemonSet", "agent", AGENT | {"metadata": {"namespace": namespace}})
    )
    broken = {message.partition(":")[0] for message in messages}
    expected = {"separation-tolerations", "separation-no-node-name", "separation-daemon-sets"}
    assert broken == (set() if exempt else expected)


def test_what_a_plan_exempts_is_what_the_pack_exempts() -> None:
    from bedplate.plan import plan_stack
    from bedplate.separation.component import exempt_namespaces

    (cluster,) = plan_stack(stack_spec({"clusters.use1.serving": "internal"})).clusters.values()
    assert set(exempt_namespaces(cluster)) <= agent_namespaces()


def test_system_namespaces_are_those_of_the_platforms_charts() -> None:
    assert system_namespaces() >= {"kube-system", "gpu-operator"}
    assert not any(name.startswith(("vision", "default")) for name in system_namespaces())


@pytest.mark.parametrize(
    ("namespace", "name", "expected"),
    [
        ("vision-dev-training", "bedplate-training", ""),
        ("vision-dev-general", "bedplate-general", ""),
        ("vision-dev-training", "our-own", ""),
        ("vision-dev-training", None, ""),
        ("kube-system", "system-node-critical", ""),
        ("vision-dev-training", "bedplate-inference", "the priority class bedplate-inference, which is for others"),
        ("vision-dev-training", "bedplate-floor", "which is for others"),
        ("apps", "system-node-critical", "the priority class system-node-critical, which is for others"),
        ("apps", UNKNOWN, "priorityClassName is not known"),
    ],
)
def test_priority_class_of_a_role(namespace: str, name: Any, expected: str) -> None:
    workload = deployment(namespace, nodeSelector={ROLE_LABEL: "training"}, priorityClassName=name)
    messages = of_rule("separation-priority-classes", register(workload))
    assert (messages == []) if not expected else expected in messages[0]


def test_a_floor_stands_above_all() -> None:
    floor = deployment("vision-dev-inference", priorityClassName="bedplate-floor")
    assert of_rule("separation-priority-classes", register(H100, replace(floor, parent=H100))) == []


@pytest.mark.parametrize(
    ("properties", "expected"),
    [
        ({"value": 5000}, ""),
        ({"value": 100_001}, "has the value 100001; at most 100000 is allowed"),
        ({"value": 5, "globalDefault": True}, "is the default of all pods"),
        ({"value": UNKNOWN}, "value is not known"),
        ({}, "value is not set"),
    ],
)
def test_values_of_priority_classes(properties: dict[str, Any], expected: str) -> None:
    declared = kubernetes("scheduling.k8s.io/v1:PriorityClass", "mine", {"metadata": {"name": "mine"}} | properties)
    messages = of_rule("separation-priority-values", register(declared))
    assert (messages == []) if not expected else expected in messages[0]


def test_the_highest_value_is_that_of_inference() -> None:
    values = {one["metadata"]["name"]: one["value"] for one in priority_classes()}
    assert values["bedplate-inference"] == MOST_PRIORITY


H100 = pool("p5.48xlarge", 1)
TAINTS = [{"key": ROLE_LABEL, "value": "inference", "effect": "NO_SCHEDULE"}]


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"labels": SELECTS, "taints": TAINTS}, ""),
        ({"labels": {ROLE_LABEL: "general"}, "taints": TAINTS}, "has the label bedplate.dev/role general; its pool is"),
        ({"labels": None, "taints": TAINTS}, "has the label bedplate.dev/role not set"),
        ({"labels": SELECTS}, "has no taint bedplate.dev/role=inference NO_SCHEDULE"),
        ({"labels": SELECTS, "taints": [TAINTS[0] | {"effect": "PREFER_NO_SCHEDULE"}]}, "has no taint"),
        ({"labels": SELECTS, "taints": [TAINTS[0] | {"value": "training"}]}, "has no taint"),
        ({"labels": UNKNOWN, "taints": TAINTS}, "labels is not known"),
        ({"labels": SELECTS, "taints": UNKNOWN}, "taints is not known"),
    ],
)
def test_nodes_carry_the_role_of_their_pool(changes: dict[str, Any], expected: str) -> None:
    messages = of_rule("separation-nodes-carry-role", register(H100, node_group(H100, **changes)))
    assert (messages == []) if not expected else expected in messages[0]


MARKED: dict[str, tuple[str, dict[str, Any]]] = {
    "GKE": (
        "gcp:container/nodePool:NodePool",
        {"nodeConfig": {"labels": SELECTS, "taints": TAINTS}},
    ),
    "AKS": (
        "azure-native:containerservice:AgentPool",
        {"nodeLabels": SELECTS, "nodeTaints": ["sku=gpu:NoSchedule", f"{ROLE_LABEL}=inference:NoSchedule"]},
    ),
    "Karpenter": (
        "kubernetes:karpenter.sh/v1:NodePool",
        {"spec": {"template": {"metadata": {"labels": SELECTS}, "spec": {"taints": [INFERENCE]}}}},
    ),
}
UNMARKED: list[tuple[str, dict[str, Any], str]] = [
    ("GKE", {"nodeConfig.labels": {ROLE_LABEL: "general"}}, "has the label bedplate.dev/role general"),
    ("GKE", {"nodeConfig.taints": []}, "has no taint bedplate.dev/role=inference NO_SCHEDULE"),
    ("GKE", {"nodeConfig.taints": [TAINTS[0] | {"effect": "PREFER_NO_SCHEDULE"}]}, "has no taint"),
    ("GKE", {"nodeConfig": UNKNOWN}, "nodeConfig is not known"),
    ("AKS", {"nodeLabels": {}}, "has the label bedplate.dev/role not set"),
    ("AKS", {"nodeTaints": [f"{ROLE_LABEL}=training:NoSchedule"]}, "has no taint bedplate.dev/role=inference NoSch"),
    ("AKS", {"nodeTaints": [f"{ROLE_LABEL}=inference:PreferNoSchedule"]}, "has no taint"),
    ("AKS", {"nodeTaints": ["odd"]}, "has no taint"),
    ("AKS", {"nodeTaints": UNKNOWN}, "nodeTaints is not known"),
    ("Karpenter", {"spec.template.metadata": {}}, "has the label bedplate.dev/role not set"),
    ("Karpenter", {"spec.template.spec": {"startupTaints": [INFERENCE]}}, "has no taint"),
    ("Karpenter", {"spec.template.spec.taints": [INFERENCE | {"effect": "PreferNoSchedule"}]}, "has no taint"),
]


def marked(kind: str, changes: dict[str, Any]) -> Declared:
    """Return nodes of a cloud as an inference pool has them, with values changed by dotted path."""
    token, properties = MARKED[kind]
    return Declared(token, "it", changed(properties, changes), parent=H100, provider=token.split(":")[0])


@pytest.mark.parametrize("kind", MARKED)
def test_nodes_of_every_cloud_carry_the_role_of_their_pool(kind: str) -> None:
    assert of_rule("separation-nodes-carry-role", register(H100, marked(kind, {}))) == []


@pytest.mark.parametrize(("kind", "changes", "expected"), UNMARKED)
def test_nodes_of_every_cloud_without_their_role(kind: str, changes: dict[str, Any], expected: str) -> None:
    messages = of_rule("separation-nodes-carry-role", register(H100, marked(kind, changes)))
    assert any(expected in message for message in messages), messages


@pytest.mark.parametrize(
    ("component", "expected"),
    [
        (pool(), ""),
        (H100, ""),
        (pool("p5.48xlarge", 1, role="general"), "it is a general pool, but offers p5.48xlarge with H100"),
        (pool(role=UNKNOWN), "role is not known"),
        (pool(provider="cloudy"), "the catalog has no cloud 'cloudy'"),
    ],
)
def test_accelerators_are_not_general(component: Declared, expected: str) -> None:
    messages = of_rule("separation-accelerators", register(component))
    assert (messages == []) if not expected else expected in messages[0]
