"""What tests of a control plane ask of it: pods by their fate, and waiting for it."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from bedplate.simulation.kubernetes_client import Answer, KubernetesClient

SECONDS = 60.0
"""How long a test waits for something before it gives up."""

MANAGER = "test"
ROLE = "bedplate.dev/role"

Object = dict[str, Any]
T = TypeVar("T")


def pod(name: str, namespace: str, **spec: Any) -> Object:
    """Return a pod that restricted namespaces admit, with its spec changed."""
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name, "namespace": namespace},
        "spec": pod_spec(**spec),
    }


def pod_spec(gpus: int = 0, devices: Mapping[str, int] | None = None, **spec: Any) -> Object:
    """Return the spec of a pod that restricted namespaces admit, and that asks for GPUs of NVIDIA or other devices."""
    asked = {name: str(count) for name, count in ({"nvidia.com/gpu": gpus} if gpus else devices or {}).items()}
    container = {
        "name": "main",
        "image": "registry.example.com/app:1",
        "securityContext": {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}},
        **({"resources": {"limits": asked}} if asked else {}),
    }
    security = {"runAsNonRoot": True, "runAsUser": 2000, "seccompProfile": {"type": "RuntimeDefault"}}
    return {"containers": [container], "securityContext": security, "terminationGracePeriodSeconds": 0, **spec}


def workload(kind: str, name: str, namespace: str, **spec: Any) -> Object:
    """Return a workload of such pods: a Deployment, StatefulSet, DaemonSet, Job or CronJob."""
    metadata = {"name": name, "namespace": namespace}
    labels = {"app": name}
    template = {"metadata": {"labels": labels}, "spec": pod_spec(**spec)}
    if kind in ("Job", "CronJob"):
        job = {"template": {**template, "spec": {**template["spec"], "restartPolicy": "Never"}}}
        batch = job if kind == "Job" else {"schedule": "0 4 * * *", "jobTemplate": {"spec": job}}
        return {"apiVersion": "batch/v1", "kind": kind, "metadata": metadata, "spec": batch}
    body: Object = {"selector": {"matchLabels": labels}, "template": template}
    if kind == "StatefulSet":
        body |= {"serviceName": name}
    return {"apiVersion": "apps/v1", "kind": kind, "metadata": metadata, "spec": body}


def apply(client: KubernetesClient, *manifests: Mapping[str, Any]) -> None:
    """Apply objects; the test fails where one is refused."""
    for manifest in manifests:
        answer = client.apply(manifest, manager=MANAGER)
        assert answer.ok, f"{manifest['kind']} {manifest['metadata']['name']}: {answer.message}"


def refusal(answer: Answer) -> str:
    """Return the message of a refusal; the test fails where nothing was refused."""
    assert not answer.ok, "it was admitted"
    return answer.message


def pods(client: KubernetesClient, namespace: str, selector: str = "") -> list[Object]:
    """Return the pods of a namespace that are not on their way out."""
    query = {"labelSelector": selector}
    found = client.request("GET", f"/api/v1/namespaces/{namespace}/pods", query=query).body["items"]
    return [item for item in found if not item["metadata"].get("deletionTimestamp")]


def nodes_of(client: KubernetesClient, namespace: str, count: int, selector: str = "") -> list[str]:
    """Wait until `count` pods run, and return the names of their nodes."""

    def running() -> list[str]:
        return [item["spec"]["nodeName"] for item in pods(client, namespace, selector) if _runs(item)]

    return wait_for(lambda: nodes if len(nodes := running()) == count else None, "the pods run")


def why_pending(client: KubernetesClient, namespace: str, selector: str = "") -> str:
    """Wait until the scheduler gave up on the one pod that is pending, and return its reason."""

    def reason() -> str | None:
        waiting = [item for item in pods(client, namespace, selector) if not item["spec"].get("nodeName")]
        conditions = [c for item in waiting for c in item["status"].get("conditions", [])]
        return next((c["message"] for c in conditions if c.get("reason") == "Unschedulable"), None)

    return wait_for(reason, "a pod is unschedulable")


def wait_for(happened: Callable[[], T | None], what: str) -> T:
    """Return what a function gives as soon as it is something; the test fails when it stays nothing."""
    deadline = time.monotonic() + SECONDS
    while not (found := happened()):
        assert time.monotonic() < deadline, f"not in time: {what}"
        time.sleep(0.05)
    return found


def _runs(item: Mapping[str, Any]) -> bool:
    return bool(item["status"].get("phase") == "Running")
