"""The rule that checks what the Kubernetes provider cannot see while its kubeconfig is unknown."""

from __future__ import annotations

from typing import Any

import pytest

from tests.policies.stack import UNKNOWN, Declared, deployment, kubernetes, of_rule, register


def of(spec: dict[str, Any]) -> Declared:
    declared = deployment()
    declared.properties["spec"] |= spec
    return declared


@pytest.mark.parametrize(
    ("resource", "expected"),
    [
        (of({"minReadySeconds": 5}), []),
        (of({"replicas": "three"}), ["spec.replicas: expected an integer, got text"]),
        (of({"replicas": 1.5}), ["spec.replicas: expected an integer, got a number"]),
        (of({"replica": 3}), ["spec.replica: unknown property; did you mean 'replicas'?"]),
        (of({"replicas": UNKNOWN}), []),
        (of({"selector": None}), ["spec.selector: missing required property"]),
        (
            deployment(containers=[{"name": "c", "imagee": "i"}]),
            ["spec.template.spec.containers[0].imagee: unknown property; did you mean 'image'?"],
        ),
        (kubernetes("core/v1:Secret", "s", {"stringData": {"password": 5}}), ["expected a string, got a number"]),
        (kubernetes("acme.example/v1:Thing", "custom", {"spec": {"anything": 1}}), []),
        (kubernetes("yaml/v2:ConfigGroup", "component", {"anything": 1}), []),
    ],
)
def test_inputs(resource: Declared, expected: list[str]) -> None:
    messages = [message for message in register(resource) if message.startswith("kubernetes-inputs: ")]
    assert len(messages) == len(expected), messages
    assert all(text in message for text, message in zip(expected, messages, strict=True)), messages


def test_values_stay_out_of_messages() -> None:
    """Secrets reach a policy decrypted, and a violation is printed and kept in logs."""
    secret = kubernetes("core/v1:Secret", "s", {"stringData": "hunter2", "immutable": "hunter2"})
    messages = register(secret)
    assert len(messages) == 2
    assert "hunter2" not in "".join(messages)


TYPE_RULE = "kubernetes-inputs-type"


@pytest.mark.parametrize(
    ("token", "api_version", "kind"),
    [
        ("core/v1:ConfigMap", "v1", "ConfigMap"),
        ("core/v1:ConfigMapList", "v1", "ConfigMapList"),
        ("apps/v1:Deployment", "apps/v1", "Deployment"),
        ("apps/v1:DeploymentPatch", "apps/v1", "Deployment"),
        ("v1:ConfigMap", "v1", "ConfigMap"),
        ("keda.sh/v1alpha1:ScaledObject", "keda.sh/v1alpha1", "ScaledObject"),
        ("keda.sh/v1alpha1:ScaledObjectPatch", "keda.sh/v1alpha1", "ScaledObject"),
        ("example.com/v1:Patch", "example.com/v1", "Patch"),
        ("example.com/v1:OsPatch", "example.com/v1", "OsPatch"),
        ("apps/v1:Deployment", None, None),
        ("helm.sh/v3:Release", None, None),
        ("yaml/v2:ConfigGroup", None, None),
    ],
)
def test_an_object_of_the_kind_that_its_type_says(token: str, api_version: Any, kind: Any) -> None:
    properties = {"apiVersion": api_version, "kind": kind, "metadata": {"namespace": "apps"}}
    assert of_rule(TYPE_RULE, register(kubernetes(token, "it", properties))) == []


@pytest.mark.parametrize(
    ("token", "changes", "message"),
    [
        ("example.com/v1:Harmless", {"apiVersion": "karpenter.sh/v1"}, "apiVersion karpenter.sh/v1; its type"),
        ("example.com/v1:Harmless", {"kind": "NodePool"}, "kind NodePool; its type"),
        ("example.com/v1:Harmless", {"apiVersion": "example.com/v2"}, "apiVersion example.com/v2"),
        ("example.com/v1:Harmless", {"kind": UNKNOWN}, "kind is not known before the update"),
        ("example.com/v1:Harmless", {"apiVersion": UNKNOWN}, "apiVersion is not known before the update"),
        ("example.com/v1:Harmless", {"apiVersion": "v1", "kind": "Pod"}, "apiVersion v1"),
        ("core/v1:ConfigMap", {"apiVersion": "v1", "kind": "Pod"}, "kind Pod"),
        ("core/v1:ConfigMap", {"apiVersion": "core/v1", "kind": "ConfigMap"}, "apiVersion core/v1"),
        ("helm.sh/v3:Chart", {"apiVersion": "karpenter.sh/v1", "kind": "NodePool"}, "kind NodePool"),
        ("yaml/v2:ConfigGroup", {"apiVersion": "v1", "kind": "Pod"}, "kind Pod"),
        ("kustomize/v2:Directory", {"apiVersion": "v1", "kind": "Pod"}, "kind Pod"),
    ],
)
def test_a_type_that_says_something_else_than_the_object(token: str, changes: dict[str, Any], message: str) -> None:
    properties = {"apiVersion": "example.com/v1", "kind": "Harmless"} | changes
    messages = of_rule(TYPE_RULE, register(kubernetes(token, "it", properties)))
    assert any(message in one for one in messages), messages


@pytest.mark.parametrize("group", ["yaml.example.com", "kustomize.example.com", "helm.sh.example.com"])
def test_a_group_that_begins_like_a_component_is_judged(group: str) -> None:
    """Components of the SDK are left to their children; custom resources have none."""
    pod = {"containers": [], "nodeName": "ip-10-0-0-1"}
    messages = register(kubernetes(f"{group}/v1:Thing", "it", {"metadata": {"namespace": "apps"}, "spec": pod}))
    assert of_rule("separation-no-node-name", messages) != []
