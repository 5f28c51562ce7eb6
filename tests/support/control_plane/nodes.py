"""Nodes without machines, and one kubelet for all of them: it says that every pod that was placed runs.

The scheduler reads nodes and places pods as it does in a real cluster; what a kubelet would start is not there.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from bedplate.node_pools.plan import NodePoolPlan
from bedplate.simulation.kubernetes_client import MERGE, KubernetesClient

_POLL_SECONDS = 0.1
_POD_ADDRESSES = 250


@dataclass(frozen=True, slots=True)
class Node:
    """A node that a test wants. `capacity` is added to plain machine sizes: accelerators, huge pages."""

    name: str
    labels: Mapping[str, str] = field(default_factory=dict)
    taints: Sequence[Mapping[str, str]] = ()
    capacity: Mapping[str, str] = field(default_factory=dict)


def add_node(client: KubernetesClient, node: Node) -> None:
    """Create a node that is ready. It stays until it is removed: no controller expects heartbeats of it."""
    body = {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {"name": node.name, "labels": {"kubernetes.io/hostname": node.name, **node.labels}},
        "spec": {"taints": list(node.taints)} if node.taints else {},
    }
    created = client.request("POST", "/api/v1/nodes", body)
    assert created.ok, created.message
    sizes = {"cpu": "16", "memory": "64Gi", "ephemeral-storage": "100Gi", "pods": "110", **node.capacity}
    ready = {"type": "Ready", "status": "True", "reason": "KubeletReady", "lastTransitionTime": _now()}
    status = {"status": {"capacity": sizes, "allocatable": sizes, "conditions": [ready]}}
    reported = client.request("PATCH", f"/api/v1/nodes/{node.name}/status", status, content_type=MERGE)
    assert reported.ok, reported.message


def add_pool(client: KubernetesClient, pool: NodePoolPlan, count: int, *, offer: int = 1) -> None:
    """Create nodes as the group of one of a pool's offers starts them: its labels, taints and resources, with what the
    cloud adds."""
    group = pool.groups[offer - 1]
    taints = [{"key": taint.key, "value": taint.value, "effect": taint.effect} for taint in group.taints.carried]
    for number in range(count):
        add_node(client, Node(f"{group.name}-{number}", group.labels, taints, group.unseen_resources))


def remove_node(client: KubernetesClient, name: str) -> None:
    """Delete a node; the controllers then delete its pods."""
    client.request("DELETE", f"/api/v1/nodes/{name}")


@contextlib.contextmanager
def kubelet(client: KubernetesClient) -> Iterator[None]:
    """Answer for all nodes while the block runs: placed pods become ready, and pods that are deleted end at once."""
    stop = threading.Event()
    thread = threading.Thread(target=_serve, args=(client, stop), name="kubelet", daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


def _serve(client: KubernetesClient, stop: threading.Event) -> None:
    while not stop.wait(_POLL_SECONDS):
        for pod in client.request("GET", "/api/v1/pods").body.get("items") or []:
            _attend(client, pod)


def _attend(client: KubernetesClient, pod: Mapping[str, Any]) -> None:
    metadata = pod["metadata"]
    path = f"/api/v1/namespaces/{metadata['namespace']}/pods/{metadata['name']}"
    if not pod["spec"].get("nodeName"):
        return
    if metadata.get("deletionTimestamp"):
        client.request("DELETE", path, {"gracePeriodSeconds": 0, "preconditions": {"uid": metadata["uid"]}})
    elif pod["status"].get("phase") == "Pending":
        client.request("PATCH", f"{path}/status", {"status": _running(pod)}, content_type=MERGE)


def _running(pod: Mapping[str, Any]) -> dict[str, Any]:
    now = _now()
    types = ("PodReadyToStartContainers", "Initialized", "ContainersReady", "Ready", "PodScheduled")
    address = f"10.244.0.{hash(pod['metadata']['uid']) % _POD_ADDRESSES + 1}"
    return {
        "phase": "Running",
        "startTime": now,
        "podIP": address,
        "podIPs": [{"ip": address}],
        "conditions": [{"type": kind, "status": "True", "lastTransitionTime": now} for kind in types],
        "containerStatuses": [_container(container, now) for container in pod["spec"]["containers"]],
    }


def _container(container: Mapping[str, Any], now: str) -> dict[str, Any]:
    return {
        "name": container["name"],
        "image": container["image"],
        "imageID": "",
        "ready": True,
        "started": True,
        "restartCount": 0,
        "state": {"running": {"startedAt": now}},
    }


def _now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
