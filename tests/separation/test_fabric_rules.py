"""What pods may do where a fabric needs more than `restricted`: what fabrics themselves put on a pod, and no more."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from bedplate.fabrics.pods import patch_template
from bedplate.separation.fabric_rules import FABRIC_PODS_LABEL
from tests.fabrics.pools import planned
from tests.separation.admission import denials, namespace

RELAXED = namespace("vision-dev-training", "training")
RELAXED["metadata"]["labels"][FABRIC_PODS_LABEL] = "true"
CLOSED = namespace("vision-dev-inference", "training")


def pod(spec: dict[str, Any]) -> dict[str, Any]:
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "p"},
        "spec": {"nodeSelector": {"bedplate.dev/role": "training"}, **spec},
    }


def container(**fields: Any) -> dict[str, Any]:
    return {"name": "c", "image": "registry.example.com/c:1", **fields}


@pytest.mark.parametrize(
    ("position", "changes"),
    [
        (("gcp",), {"machine": "a3-highgpu-8g"}),
        (("gcp",), {"machine": "a3-megagpu-8g"}),
        (("gcp",), {"machine": "a4-highgpu-8g"}),
        (("gcp", "1.34"), {"machine": "a3-ultragpu-8g"}),
        (("azure",), {"machine": "Standard_ND96isr_H100_v5"}),
        (("azure",), {"machine": "Standard_ND96isr_MI300X_v5"}),
        (("aws",), {"machine": "p5.48xlarge"}),
    ],
    ids=str,
)
def test_what_a_fabric_puts_on_a_pod_is_let_in(position: tuple[Any, ...], changes: dict[str, Any]) -> None:
    pods = planned(*position, **changes).pods
    template = patch_template({"spec": {"containers": [container()]}}, pods, "c")
    assert denials(pod(template["spec"]), RELAXED) == []


SYS = {"name": "sys", "hostPath": {"path": "/sys"}}
LIBRARIES = {"name": "gib", "hostPath": {"path": "/home/kubernetes/bin/gib"}}

REFUSED: list[tuple[dict[str, Any], str]] = [
    ({"containers": [container(securityContext={"privileged": True})]}, "remove privileged"),
    ({"containers": [container()], "initContainers": [container(securityContext={"privileged": True})]}, "privileged"),
    ({"containers": [container()], "hostNetwork": True}, "remove hostNetwork"),
    ({"containers": [container()], "hostPID": True}, "hostPID"),
    ({"containers": [container()], "hostIPC": True}, "hostIPC"),
    ({"containers": [container(securityContext={"capabilities": {"add": ["SYS_ADMIN"]}})]}, "IPC_LOCK"),
    ({"containers": [container(securityContext={"capabilities": {"add": ["IPC_LOCK", "ALL"]}})]}, "IPC_LOCK"),
    (
        {"containers": [container()], "volumes": [{"name": "root", "hostPath": {"path": "/"}}]},
        "directories of the node",
    ),
    (
        {"containers": [container()], "volumes": [{"name": "d", "hostPath": {"path": "/dev"}}]},
        "directories of the node",
    ),
    (
        {"containers": [container(volumeMounts=[{"name": "sys", "mountPath": "/s"}])], "volumes": [SYS]},
        "only the daemons",
    ),
    (
        {"containers": [container(volumeMounts=[{"name": "gib", "mountPath": "/g"}])], "volumes": [LIBRARIES]},
        "readOnly: true",
    ),
]


@pytest.mark.parametrize(("spec", "message"), REFUSED, ids=[case[1] for case in REFUSED])
def test_everything_beyond_is_refused(spec: dict[str, Any], message: str) -> None:
    found = denials(pod(spec), RELAXED)
    assert len(found) == 1
    assert message in found[0]
    assert "vision-dev-training" in found[0]


@pytest.mark.parametrize("spec", [case[0] for case in REFUSED])
def test_elsewhere_pod_security_judges(spec: dict[str, Any]) -> None:
    assert denials(pod(spec), CLOSED) == []


def test_an_image_that_only_begins_alike_is_no_daemon() -> None:
    spec = {"containers": [container(volumeMounts=[{"name": "sys", "mountPath": "/s"}])], "volumes": [SYS]}
    named = copy.deepcopy(spec)
    named["containers"][0]["image"] = "us-docker.pkg.dev/gce-ai-infra.example.com/x:1"
    assert denials(pod(named), RELAXED)
