"""The rule that checks what the Kubernetes provider cannot see while its kubeconfig is unknown."""

from __future__ import annotations

from typing import Any

import pytest

from tests.policies.stack import UNKNOWN, Declared, deployment, kubernetes, register


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
