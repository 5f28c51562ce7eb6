"""What fabrics bring, before the real API server: it takes every built-in object, and lets in just their pods."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import pytest

from bedplate.fabrics.acceptance_job import acceptance_manifests
from bedplate.fabrics.installers import installer_manifests
from bedplate.fabrics.manifests import fabric_manifests
from bedplate.fabrics.pods import patch_template
from bedplate.node_pools.plan import NodePoolPlan
from bedplate.plan import StackPlan
from bedplate.separation.namespaces import TeamNamespace, namespace_manifests
from bedplate.separation.policies import separation_manifests
from bedplate.simulation.kubernetes_client import KubernetesClient
from tests.fabrics.pools import planned
from tests.fabrics.test_manifests import POOLS
from tests.support.control_plane.pods import MANAGER, apply, wait_for

pytestmark = pytest.mark.cluster

STACK = cast("StackPlan", SimpleNamespace(team="vision", environment="dev"))
ROLE = {"bedplate.dev/role": "training"}
CUSTOM = ("ComputeDomain",)
"""Kinds that a chart defines: this API server does not know them."""


def plan(name: str) -> NodePoolPlan:
    position, changes = POOLS[name]
    return planned(*position, **changes)


def pod(name: str, namespace: str, template: dict[str, Any]) -> dict[str, Any]:
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name, "namespace": namespace, **template.get("metadata", {})},
        "spec": {**template["spec"], "nodeSelector": ROLE},
    }


@pytest.fixture(scope="module", autouse=True)
def rules(client: KubernetesClient) -> None:
    """A namespace of each level, and the rules."""
    for purpose, level in (("closed", "restricted"), ("tested", "baseline"), ("fabric", "privileged")):
        namespace = TeamNamespace(
            "c",
            "vision",
            "dev",
            "training",
            protected=False,
            purpose=purpose,
            pod_security=level,  # type: ignore[arg-type]
        )
        apply(client, *namespace_manifests(namespace))
        account = {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "default"}}
        apply(client, {**account, "metadata": {"name": "default", "namespace": namespace.name}})
    apply(client, *separation_manifests(("kube-system",)))
    probe = pod(
        "probe", "vision-dev-fabric", {"spec": {"containers": [{"name": "c", "image": "c:1"}], "hostPID": True}}
    )
    wait_for(lambda: not client.apply(probe, manager=MANAGER, dry_run=True).ok, "the rules hold")


@pytest.mark.parametrize("name", POOLS)
def test_the_api_server_takes_what_a_pool_brings(client: KubernetesClient, name: str) -> None:
    pool = plan(name)
    manifests = [
        *fabric_manifests(pool, "vision-dev-fabric"),
        *installer_manifests(pool),
        *(one for one in acceptance_manifests(pool, STACK) if one["kind"] in ("Job", "Service", "ConfigMap")),
    ]
    for manifest in manifests:
        if manifest["kind"] in CUSTOM:
            continue
        if manifest["metadata"]["namespace"] == f"vision-dev-{pool.name}-test":
            manifest["metadata"]["namespace"] = "vision-dev-fabric"
        answer = client.apply(manifest, manager=MANAGER, dry_run=True)
        assert answer.ok, f"{manifest['kind']} {manifest['metadata']['name']}: {answer.message}"


@pytest.mark.parametrize("name", POOLS)
def test_pods_of_a_fabric_are_let_in_where_its_pools_are(client: KubernetesClient, name: str) -> None:
    pool = plan(name)
    container = {"name": "train", "image": "registry.example.com/train:1"}
    closed = {
        "allowPrivilegeEscalation": False,
        "runAsNonRoot": True,
        "capabilities": {"drop": ["ALL"]},
        "seccompProfile": {"type": "RuntimeDefault"},
    }
    template = patch_template({"spec": {"containers": [{**container, "securityContext": closed}]}}, pool.pods, "train")
    where = "vision-dev-closed" if pool.pods.pod_security == "restricted" else "vision-dev-fabric"
    answer = client.apply(pod("train", where, template), manager=MANAGER, dry_run=True)
    assert answer.ok, answer.message
    if pool.pods.pod_security == "privileged":
        refused = client.apply(pod("train", "vision-dev-closed", template), manager=MANAGER, dry_run=True)
        assert not refused.ok
        assert "PodSecurity" in refused.message


@pytest.mark.parametrize("name", [name for name in POOLS if plan(name).acceptance])
def test_the_pods_of_a_test_are_let_in_at_its_level(client: KubernetesClient, name: str) -> None:
    pool = plan(name)
    (job,) = (one for one in acceptance_manifests(pool, STACK) if one["kind"] == "Job")
    where = "vision-dev-tested" if pool.pods.pod_security == "restricted" else "vision-dev-fabric"
    template = job["spec"]["template"]
    answer = client.apply(pod("test", where, {"spec": template["spec"]}), manager=MANAGER, dry_run=True)
    assert answer.ok, answer.message


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ({"hostNetwork": True}, "remove hostNetwork"),
        ({"volumes": [{"name": "root", "hostPath": {"path": "/"}}]}, "directories of the node"),
        ({"containers": [{"name": "c", "image": "c:1", "securityContext": {"privileged": True}}]}, "remove privileged"),
    ],
)
def test_nothing_more_is_let_in(client: KubernetesClient, spec: dict[str, Any], message: str) -> None:
    template = {"spec": {"containers": [{"name": "c", "image": "c:1"}], **spec}}
    answer = client.apply(pod("more", "vision-dev-fabric", template), manager=MANAGER, dry_run=True)
    assert not answer.ok
    assert message in answer.message
