"""Pods are found wherever a custom resource has them, also behind something that looks like a pod."""

from __future__ import annotations

from typing import Any

import pytest

from tests.policies.stack import UNKNOWN, Declared, advice, kubernetes, of_rule, register

RULE = "security-unprivileged"
PRIVILEGED = {"name": "c", "image": "registry.example/c:1", "securityContext": {"privileged": True}}
FINE = {"name": "c", "image": "registry.example/c:1", "securityContext": {"allowPrivilegeEscalation": False}}
POD = {"containers": [PRIVILEGED]}

HIDDEN: dict[str, tuple[str, dict[str, Any]]] = {
    "below tolerations": ("acme.example/v1:Runner", {"tolerations": [], "template": {"spec": POD}}),
    "below a node selector": ("acme.example/v1:Runner", {"nodeSelector": {}, "anything": [{"spec": POD}]}),
    "beside the containers": ("acme.example/v1:Runner", {"containers": [FINE], "sidekick": {"spec": POD}}),
    "workers of KServe": (
        "serving.kserve.io/v1beta1:InferenceService",
        {"predictor": {"containers": [FINE], "workerSpec": POD}},
    ),
    "workers of LeaderWorkerSet": (
        "leaderworkerset.x-k8s.io/v1:LeaderWorkerSet",
        {"leaderWorkerTemplate": {"leaderTemplate": {"spec": {"containers": [FINE]}}, "workerTemplate": {"spec": POD}}},
    ),
    "a container of Argo": (
        "argoproj.io/v1alpha1:Workflow",
        {"nodeSelector": {}, "templates": [{"name": "a", "container": PRIVILEGED}]},
    ),
    "a script of Argo": (
        "argoproj.io/v1alpha1:WorkflowTemplate",
        {"templates": [{"name": "a", "script": PRIVILEGED | {"source": "id"}}]},
    ),
    "a sidecar of Argo": (
        "argoproj.io/v1alpha1:Workflow",
        {"templates": [{"name": "a", "container": FINE, "sidecars": [PRIVILEGED]}]},
    ),
    "a set of containers of Argo": (
        "argoproj.io/v1alpha1:Workflow",
        {"templates": [{"name": "a", "containerSet": {"containers": [PRIVILEGED]}}]},
    ),
    "a step of Tekton": ("tekton.dev/v1:Task", {"steps": [FINE, PRIVILEGED]}),
    "a step of a run of Tekton": ("tekton.dev/v1:TaskRun", {"taskSpec": {"steps": [PRIVILEGED]}}),
    "a sidecar of Tekton": ("tekton.dev/v1:Task", {"steps": [FINE], "sidecars": [PRIVILEGED]}),
    "what all steps of Tekton begin with": ("tekton.dev/v1:Task", {"stepTemplate": PRIVILEGED, "steps": [FINE]}),
}


def custom(kind: str, spec: dict[str, Any]) -> Declared:
    return kubernetes(kind, "it", {"metadata": {"namespace": "apps"}, "spec": spec})


@pytest.mark.parametrize(("kind", "spec"), HIDDEN.values(), ids=HIDDEN)
def test_a_privileged_container_is_found(kind: str, spec: dict[str, Any]) -> None:
    messages = of_rule(RULE, register(custom(kind, spec)))
    assert any(" privileged" in message for message in messages), messages


@pytest.mark.parametrize(
    "field",
    [
        "leaderWorkerTemplate",
        "leaderTemplate",
        "workerTemplate",
        "workerSpec",
        "predictor",
        "templates",
        "container",
        "script",
        "steps",
        "sidecars",
        "taskSpec",
        "workflowSpec",
        "headGroupSpec",
        "workerGroupSpecs",
        "pytorchReplicaSpecs",
        "mpiReplicaSpecs",
        "jobTargetRef",
    ],
)
def test_a_field_that_is_known_to_hold_pods_may_not_be_unknown(field: str) -> None:
    messages = register(custom("acme.example/v1:Runner", {field: UNKNOWN}))
    assert any(f"cannot be decided: spec.{field} is not known before the update" in one for one in messages), messages


NO_PODS: dict[str, tuple[str, dict[str, Any]]] = {
    "steps of a canary": (
        "argoproj.io/v1alpha1:AnalysisTemplate",
        {"strategy": {"canary": {"steps": [{"setWeight": 20}, {"pause": {}}]}}},
    ),
    "steps that name templates": (
        "argoproj.io/v1alpha1:Workflow",
        {"templates": [{"name": "a", "steps": [[{"name": "b", "template": "b"}]]}]},
    ),
    "the name of a container": ("autoscaling.example/v1:Scaler", {"metrics": [{"container": "web"}]}),
    "no steps": ("acme.example/v1:Runner", {"steps": [], "container": {}}),
}


@pytest.mark.parametrize(("kind", "spec"), NO_PODS.values(), ids=NO_PODS)
def test_what_only_sounds_like_a_pod(kind: str, spec: dict[str, Any]) -> None:
    assert register(custom(kind, spec)) == []


def test_the_schema_of_a_kind_is_no_pod() -> None:
    schema = {"properties": {"containers": {"type": "array"}, "tolerations": {"type": "array"}}}
    definition = {"metadata": {"name": "things.example.com"}, "spec": {"versions": [{"schema": schema}]}}
    found = register(kubernetes("apiextensions.k8s.io/v1:CustomResourceDefinition", "it", definition))
    assert [message for message in found if message.startswith(("security-", "separation-"))] == []


OWN_RULES = "separation-own-admission"
AUDIT = {"policyName": "bedplate-separation-pods", "validationActions": ["Audit"]}


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        ("ValidatingAdmissionPolicyBindingPatch", "bedplate-separation-pods"),
        ("ValidatingAdmissionPolicyBinding", "bedplate-separation-pods"),
        ("ValidatingAdmissionPolicyPatch", "bedplate-separation-namespaces"),
        ("MutatingAdmissionPolicy", "bedplate-anything"),
    ],
)
def test_the_clusters_own_rules_are_left_alone(kind: str, name: str) -> None:
    found = kubernetes(f"admissionregistration.k8s.io/v1:{kind}", "it", {"metadata": {"name": name}, "spec": AUDIT})
    assert "is one of the rules that Bedplate keeps on a cluster" in of_rule(OWN_RULES, register(found))[0]


def test_a_name_that_may_be_one_of_bedplates() -> None:
    kind = "admissionregistration.k8s.io/v1:ValidatingAdmissionPolicyBindingPatch"
    (message,) = of_rule(OWN_RULES, register(kubernetes(kind, "it", {"metadata": {"name": UNKNOWN}})))
    assert "metadata.name is not known before the update" in message


def test_rules_of_others_and_bedplates_own_pass() -> None:
    above = Declared("bedplate:index:ClusterSeparation", "use1", {}, provider="")
    kind = "admissionregistration.k8s.io/v1:ValidatingAdmissionPolicyBinding"
    own = kubernetes(kind, "own", {"metadata": {"name": "bedplate-separation-pods"}})
    own.parent = above
    other = kubernetes(kind, "other", {"metadata": {"name": "team-limits"}})
    unnamed = kubernetes(kind, "unnamed", {"spec": AUDIT})
    assert of_rule(OWN_RULES, register(above, own, other, unnamed)) == []


def test_a_patch_is_no_rule_of_bedplates_even_inside_of_it() -> None:
    above = Declared("bedplate:index:ClusterSeparation", "use1", {}, provider="")
    patch = kubernetes(
        "admissionregistration.k8s.io/v1:ValidatingAdmissionPolicyBindingPatch",
        "it",
        {"metadata": {"name": "bedplate-separation-pods"}},
    )
    patch.parent = above
    assert of_rule(OWN_RULES, register(above, patch)) != []


SAFE = {
    "serviceAccountName": "runner",
    "automountServiceAccountToken": False,
    "securityContext": {"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}},
}
LEAF = {"name": "a", "container": FINE}
INHERITED = ("security-not-root", "security-seccomp", "security-service-account-token")


@pytest.mark.parametrize("rule", INHERITED)
@pytest.mark.parametrize(
    ("kind", "spec"),
    [
        ("Workflow", SAFE | {"templates": [LEAF]}),
        ("Workflow", SAFE | {"templates": [{"name": "a", "script": FINE | {"source": "id"}}]}),
        ("Workflow", SAFE | {"templates": [{"name": "a", "containerSet": {"containers": [FINE]}}]}),
        ("Workflow", {"templates": [LEAF | SAFE]}),
        ("Workflow", SAFE | {"templates": [LEAF | {"serviceAccountName": ""}]}),
        ("CronWorkflow", {"schedules": ["0 3 * * *"], "workflowSpec": SAFE | {"templates": [LEAF]}}),
    ],
)
def test_a_template_of_argo_has_what_its_workflow_says(rule: str, kind: str, spec: dict[str, Any]) -> None:
    assert of_rule(rule, register(custom(f"argoproj.io/v1alpha1:{kind}", spec))) == []


@pytest.mark.parametrize(
    ("rule", "template"),
    [
        ("security-not-root", {"securityContext": {"seccompProfile": {"type": "RuntimeDefault"}}}),
        ("security-seccomp", {"securityContext": {}}),
        ("security-service-account-token", {"serviceAccountName": "default", "automountServiceAccountToken": True}),
    ],
)
def test_what_a_template_of_argo_says_itself_replaces_that(rule: str, template: dict[str, Any]) -> None:
    found = register(custom("argoproj.io/v1alpha1:Workflow", SAFE | {"templates": [LEAF | template]}))
    assert len(of_rule(rule, found)) == 1


def test_what_a_workflow_says_may_be_unknown() -> None:
    spec = SAFE | {"securityContext": UNKNOWN, "templates": [LEAF]}
    (message,) = of_rule("security-not-root", register(custom("argoproj.io/v1alpha1:Workflow", spec)))
    assert "cannot be decided: securityContext is not known before the update" in message


DIGEST = f"@sha256:{'0' * 64}"


@pytest.mark.parametrize(
    ("rule", "image", "named"),
    [
        ("security-image-tags", "$(params.image)", True),
        ("security-image-tags", "registry.example/$(params.name)", True),
        ("security-image-tags", "{{inputs.parameters.image}}", True),
        ("security-image-tags", "registry.example/web:{{=inputs.parameters.tag}}", True),
        ("security-image-tags", "$(params.registry)/web", False),
        ("security-image-tags", "$(params.image):latest", False),
        ("security-image-digests", "$(params.image)", True),
        ("security-image-digests", "{{inputs.parameters.image}}", True),
        ("security-image-digests", f"$(params.registry)/web{DIGEST}", True),
        ("security-image-digests", "{{inputs.parameters.registry}}/web:1", False),
    ],
)
def test_an_image_that_a_run_fills_in(rule: str, image: str, named: bool) -> None:
    task = custom("tekton.dev/v1:Task", {"steps": [FINE | {"image": image}]})
    assert (of_rule(rule, [*register(task), *advice(task)]) == []) == named
