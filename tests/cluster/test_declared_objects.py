"""Every Kubernetes object that the stacks of this repository declare is accepted by a real API server, unknown fields
refused.

Helm releases are beyond it: what a chart would create is rendered by Helm, from charts that are not in the clone. So
are changes to nodes that exist already: there are none here. Custom resources need definitions, which those charts
bring: test_custom_resources.
"""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import Any

import pytest

from bedplate.fabrics.acceptance_job import TEST_LABEL
from bedplate.plan import plan_stack
from bedplate.platform import declare
from bedplate.sdk_types import is_known_token
from bedplate.separation.policies import POLICIES, policy_manifest
from bedplate.separation.rules import Rule
from bedplate.simulation.kubernetes_client import KubernetesClient
from bedplate.stack_file.load import load_stack
from tests.support.control_plane.pods import MANAGER, Object, refusal, wait_for, workload
from tests.support.declared import Declared, declared
from tests.support.examples import Example, examples, own_stacks

pytestmark = pytest.mark.cluster

ALL = [*own_stacks(), *examples()]
NOT_JUDGED = ("kubernetes:helm.sh/v3:Release", "kubernetes:core/v1:NodePatch")


@cache
def kubernetes_resources(example: Example) -> tuple[Declared, ...]:
    """Return what a stack declares inside its clusters."""
    loaded = load_stack(example.file)
    plan = plan_stack(loaded.spec, loaded.references)
    resources = declared(lambda: declare(plan), loaded.name)
    return tuple(item for item in resources if item.token.startswith("kubernetes:") and item.token not in NOT_JUDGED)


def objects(example: Example, *, custom: bool = False) -> list[Object]:
    """Return the manifests that a stack declares, its namespaces first: of Kubernetes' own kinds, or of all others."""
    # What is only read (the nodes of an existing cluster) has no inputs.
    declared_here = (item for item in kubernetes_resources(example) if item.inputs)
    found = [item.inputs for item in declared_here if is_known_token(item.token) is not custom]
    return sorted((_whole(manifest) for manifest in found), key=lambda manifest: manifest["kind"] != "Namespace")


@pytest.mark.parametrize("example", ALL, ids=str)
def test_every_declared_object_is_accepted(client: KubernetesClient, example: Example) -> None:
    manifests = objects(example)
    assert {manifest["kind"] for manifest in manifests} >= {"Namespace", "NetworkPolicy"}
    answers = [(manifest, client.apply(manifest, manager=MANAGER)) for manifest in manifests]
    refused = {f"{m['kind']} {m['metadata']['name']}": answer.message for m, answer in answers if not answer.ok}
    assert refused == {}
    # The test of a fabric does what restricted pods may not, in a namespace that is relaxed for it and warns.
    judged = (answer for manifest, answer in answers if TEST_LABEL not in manifest["metadata"].get("labels", {}))
    assert [warning for answer in judged for warning in answer.warnings] == []
    if len(load_stack(example.file).spec.clusters) > 1:
        return  # what has one name on every cluster stands here once
    again = [client.apply(manifest, manager=MANAGER) for manifest in manifests]
    changed = [
        f"{manifest['kind']} {manifest['metadata']['name']}"
        for (manifest, first), second in zip(answers, again, strict=True)
        if _generation(first.body) != _generation(second.body)
    ]
    assert changed == [], "applying the same again changed an object"


def _generation(body: Object) -> int | None:
    """Return an object's generation. All stacks share one plane here, and with it what belongs to no namespace."""
    generation: int | None = body["metadata"].get("generation")
    return generation


def test_a_field_that_kubernetes_does_not_know_is_refused(client: KubernetesClient) -> None:
    deployment = workload("Deployment", "typo", "default", terminationGracePeriod=5)
    message = refusal(client.apply(deployment, manager=MANAGER))
    assert ".spec.template.spec.terminationGracePeriod: field not declared in schema" in message


def test_the_server_finds_no_type_error_in_the_policies(client: KubernetesClient) -> None:
    """The controller manager checks each expression against the schema of each kind that it is for."""
    typo = Rule("typo", "object.spec.nodeNam == ''", "'x'")
    for policy in (replace(POLICIES[0], name="wrong", rules=(typo,)), *POLICIES):
        checked = {**policy_manifest(policy, ["kube-system"]), "metadata": {"name": f"checked-{policy.name}"}}
        answer = client.request("POST", _POLICIES, checked)
        assert answer.ok, answer.message
    assert "undefined field 'nodeNam'" in str(_type_warnings(client, "checked-wrong"))
    for policy in POLICIES:
        assert _type_warnings(client, f"checked-{policy.name}") == []


_POLICIES = "/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicies"


def _type_warnings(client: KubernetesClient, name: str) -> list[Object]:
    def checked() -> Object | None:
        status: Object = client.request("GET", f"{_POLICIES}/{name}").body.get("status") or {}
        return (status.get("typeChecking") is not None and status) or None

    found: list[Object] = wait_for(checked, "the policy is checked")["typeChecking"].get("expressionWarnings", [])
    return found


def _whole(value: Any) -> Any:
    """Undo what the engine's wire does to whole numbers, which it has none of."""
    if isinstance(value, dict):
        return {key: _whole(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_whole(item) for item in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value
