from __future__ import annotations

from typing import Any

import pytest

from tests.separation.admission import Object, denials, namespace, warnings

ROLE = "bedplate.dev/role"
DEFAULT = namespace("default")
GENERAL = namespace("vision-dev-general", "general")
INFERENCE = namespace("vision-dev-inference", "inference")
TRAINING = namespace("vision-dev-training", "training")

SELECTS_INFERENCE = {"nodeSelector": {ROLE: "inference"}}


def pod(**spec: Any) -> Object:
    containers = [{"name": "main", "image": "registry.example/app:1"}]
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "app"}, "spec": {"containers": containers, **spec}}


def workload(kind: str, **spec: Any) -> Object:
    template = {"template": {"spec": pod(**spec)["spec"]}}
    body = {"jobTemplate": {"spec": template}} if kind == "CronJob" else template
    return {"kind": kind, "metadata": {"name": "app"}, "spec": body}


def toleration(**fields: str) -> dict[str, Any]:
    return {"tolerations": [fields]}


def affinity(*terms: list[dict[str, Any]]) -> dict[str, Any]:
    required = {"nodeSelectorTerms": [{"matchExpressions": term} if term else {} for term in terms]}
    return {"affinity": {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": required}}}


def in_role(*values: str, operator: str = "In", key: str = ROLE) -> dict[str, Any]:
    return {"key": key, "operator": operator, "values": list(values)}


OF_INFERENCE = toleration(key=ROLE, operator="Equal", value="inference", effect="NoSchedule")

ADMITTED = {
    "a plain pod": (DEFAULT, {}),
    "a plain pod of the general role": (GENERAL, {}),
    "the accelerator's taint, of general pools too": (GENERAL, toleration(key="nvidia.com/gpu", operator="Exists")),
    "what Kubernetes adds to every pod": (
        DEFAULT,
        toleration(key="node.kubernetes.io/not-ready", operator="Exists", effect="NoExecute"),
    ),
    "the own role, selected by label": (INFERENCE, OF_INFERENCE | SELECTS_INFERENCE),
    "operator Equal is the default": (INFERENCE, toleration(key=ROLE, value="inference") | SELECTS_INFERENCE),
    "an empty operator is Equal": (INFERENCE, toleration(key=ROLE, operator="", value="inference") | SELECTS_INFERENCE),
    "the own role, by affinity": (INFERENCE, OF_INFERENCE | affinity([in_role("inference")])),
    "affinity with alternatives that all ask for the role": (
        INFERENCE,
        affinity([in_role("inference"), in_role("a", key="zone")], [in_role("inference")]),
    ),
    "a pod that a scheduling gate holds back": (TRAINING, {"schedulingGates": [{"name": "kueue.x-k8s.io/admission"}]}),
    "an empty node name": (DEFAULT, {"nodeName": ""}),
    "a DaemonSet's pod, bound by affinity to one node": (
        DEFAULT,
        {
            "affinity": {
                "nodeAffinity": {
                    "requiredDuringSchedulingIgnoredDuringExecution": {
                        "nodeSelectorTerms": [
                            {"matchFields": [{"key": "metadata.name", "operator": "In", "values": ["node-1"]}]}
                        ]
                    }
                }
            }
        },
    ),
}


@pytest.mark.parametrize(("where", "spec"), ADMITTED.values(), ids=ADMITTED.keys())
def test_admitted(where: Object, spec: dict[str, Any]) -> None:
    assert denials(pod(**spec), where) == []


WILDCARD = "a toleration without a key accepts every taint"
OTHER_ROLE = "may not tolerate bedplate.dev/role of another one"
NOT_SELECTED = "must run on nodes of that role"
NODE_NAME = "puts a pod on a node past the scheduler"

REFUSED = {
    "a wildcard toleration": (DEFAULT, toleration(operator="Exists"), WILDCARD),
    "a wildcard of one effect": (GENERAL, toleration(operator="Exists", effect="NoSchedule"), WILDCARD),
    "a wildcard with an empty key": (DEFAULT, toleration(key="", operator="Exists"), WILDCARD),
    "a wildcard in a role's own namespace": (INFERENCE, toleration(operator="Exists") | SELECTS_INFERENCE, WILDCARD),
    "inference from a namespace without a role": (DEFAULT, OF_INFERENCE, OTHER_ROLE),
    "inference from general": (GENERAL, OF_INFERENCE | SELECTS_INFERENCE, OTHER_ROLE),
    "inference from training": (TRAINING, OF_INFERENCE | {"nodeSelector": {ROLE: "training"}}, OTHER_ROLE),
    "training from inference": (INFERENCE, toleration(key=ROLE, value="training") | SELECTS_INFERENCE, OTHER_ROLE),
    "every role": (INFERENCE, toleration(key=ROLE, operator="Exists") | SELECTS_INFERENCE, OTHER_ROLE),
    "an operator that Kubernetes adds later": (
        INFERENCE,
        toleration(key=ROLE, operator="Gt", value="inference") | SELECTS_INFERENCE,
        OTHER_ROLE,
    ),
    "a role's taint without a value": (DEFAULT, toleration(key=ROLE), OTHER_ROLE),
    "a role's taint with an empty value": (DEFAULT, toleration(key=ROLE, operator="Equal", value=""), OTHER_ROLE),
    "the second of two tolerations": (
        DEFAULT,
        {"tolerations": [{"key": "nvidia.com/gpu", "operator": "Exists"}, {"key": ROLE, "value": "training"}]},
        OTHER_ROLE,
    ),
    "an inference pod that would run anywhere": (INFERENCE, OF_INFERENCE, NOT_SELECTED),
    "an inference pod for general nodes": (INFERENCE, {"nodeSelector": {ROLE: "general"}}, NOT_SELECTED),
    "a selector of something else": (INFERENCE, {"nodeSelector": {"zone": "a"}}, NOT_SELECTED),
    "one of two alternatives leads elsewhere": (
        INFERENCE,
        affinity([in_role("inference")], [in_role("a", key="zone")]),
        NOT_SELECTED,
    ),
    "an alternative without expressions": (INFERENCE, affinity([in_role("inference")], []), NOT_SELECTED),
    "affinity for two roles": (INFERENCE, affinity([in_role("inference", "general")]), NOT_SELECTED),
    "affinity against its own role": (INFERENCE, affinity([in_role("inference", operator="NotIn")]), NOT_SELECTED),
    "affinity that only prefers": (
        INFERENCE,
        {"affinity": {"nodeAffinity": {"preferredDuringSchedulingIgnoredDuringExecution": []}}},
        NOT_SELECTED,
    ),
    "an empty list of gates": (TRAINING, {"schedulingGates": []}, NOT_SELECTED),
    "a node name": (DEFAULT, {"nodeName": "node-1"}, NODE_NAME),
    "a node name in a role's namespace": (INFERENCE, OF_INFERENCE | SELECTS_INFERENCE | {"nodeName": "n"}, NODE_NAME),
}


@pytest.mark.parametrize(("where", "spec", "reason"), REFUSED.values(), ids=REFUSED.keys())
def test_refused(where: Object, spec: dict[str, Any], reason: str) -> None:
    (message,) = denials(pod(**spec), where)
    assert reason in message


@pytest.mark.parametrize("kind", ["Deployment", "StatefulSet", "DaemonSet", "Job", "CronJob"])
@pytest.mark.parametrize(
    ("spec", "reason"),
    [(toleration(operator="Exists"), WILDCARD), (OF_INFERENCE, OTHER_ROLE), ({"nodeName": "node-1"}, NODE_NAME)],
    ids=["wildcard", "other role", "node name"],
)
def test_workloads_are_refused_when_they_are_applied(kind: str, spec: dict[str, Any], reason: str) -> None:
    (message,) = denials(workload(kind, **spec), DEFAULT)
    assert reason in message


@pytest.mark.parametrize("kind", ["Deployment", "StatefulSet", "DaemonSet", "Job", "CronJob"])
def test_a_workload_without_its_roles_selector_is_warned_of_and_admitted(kind: str) -> None:
    assert denials(workload(kind, **OF_INFERENCE), INFERENCE) == []
    (message,) = warnings(workload(kind, **OF_INFERENCE), INFERENCE)
    assert message == (
        "namespace vision-dev-inference has the role inference, so its pods must run on nodes of that role; "
        "add to the pod: nodeSelector: {bedplate.dev/role: inference}"
    )
    assert warnings(workload(kind, **OF_INFERENCE, **SELECTS_INFERENCE), INFERENCE) == []


def test_messages_name_the_namespace_and_what_to_change() -> None:
    assert denials(pod(**OF_INFERENCE), DEFAULT) == [
        "namespace default has no role, so its pods may not tolerate bedplate.dev/role of another one, nor with "
        "operator Exists; remove the toleration, or deploy to a namespace that is labelled bedplate.dev/role with "
        "the role of the pool"
    ]


@pytest.mark.parametrize("name", ["kube-system", "gpu-operator"])
def test_the_platforms_own_agents_are_exempt(name: str) -> None:
    agent = toleration(operator="Exists") | {"nodeName": "node-1"}
    assert denials(pod(**agent), namespace(name)) == []
    assert denials(workload("DaemonSet", **agent), namespace(name)) == []


def test_the_label_of_an_exempt_name_does_not_exempt() -> None:
    impostor = namespace("mine")
    impostor["metadata"]["labels"]["name"] = "kube-system"
    assert denials(pod(**toleration(operator="Exists")), impostor)


def test_a_pod_from_before_the_policy_can_lose_its_finalizers() -> None:
    old = pod(**toleration(operator="Exists"), nodeName="node-1")
    old["metadata"]["finalizers"] = ["batch.kubernetes.io/job-tracking"]
    new = pod(**toleration(operator="Exists"), nodeName="node-1")
    assert denials(new, DEFAULT, old) == []


def test_a_bound_pod_keeps_its_node_name_when_its_spec_changes() -> None:
    bound = OF_INFERENCE | SELECTS_INFERENCE | {"nodeName": "node-1"}
    assert denials(pod(**bound, activeDeadlineSeconds=60), INFERENCE, pod(**bound)) == []


def test_a_toleration_that_is_added_later_is_judged() -> None:
    old = pod(nodeName="node-1")
    new = pod(nodeName="node-1", **OF_INFERENCE)
    (message,) = denials(new, DEFAULT, old)
    assert OTHER_ROLE in message


def test_a_gate_that_opens_on_other_nodes_is_refused() -> None:
    held = pod(schedulingGates=[{"name": "kueue.x-k8s.io/admission"}])
    (message,) = denials(pod(), TRAINING, held)
    assert NOT_SELECTED in message
    assert denials(pod(nodeSelector={ROLE: "training"}), TRAINING, held) == []


@pytest.mark.parametrize("kind", ["Deployment", "CronJob"])
def test_a_workload_from_before_the_policy_can_be_scaled_down_but_not_changed(kind: str) -> None:
    old = workload(kind, **OF_INFERENCE)
    scaled = workload(kind, **OF_INFERENCE)
    scaled["spec"]["replicas" if kind == "Deployment" else "suspend"] = 0
    assert denials(scaled, DEFAULT, old) == []
    changed = workload(kind, **OF_INFERENCE, priorityClassName="bedplate-general")
    assert denials(changed, DEFAULT, old)


@pytest.mark.parametrize(
    ("before", "after", "admitted"),
    [
        (None, None, True),
        ("inference", "inference", True),
        (None, "inference", False),
        ("general", "inference", False),
        ("inference", None, False),
    ],
)
def test_the_role_of_a_namespace_never_changes(before: str | None, after: str | None, admitted: bool) -> None:
    new = namespace("team", after)
    found = denials(new, new, namespace("team", before))
    assert (found == []) is admitted
    assert all("set when it is created" in message for message in found)


def test_a_namespace_is_created_with_any_role() -> None:
    assert denials(INFERENCE, INFERENCE) == []


def test_a_namespace_without_labels_has_no_role() -> None:
    bare: Object = {"kind": "Namespace", "metadata": {"name": "bare"}}
    assert denials(pod(), bare) == []
    assert denials(pod(**OF_INFERENCE), bare)
