"""What sim does to single objects of a cluster: its own and other people's."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from bedplate.sdk_types import UNKNOWN
from bedplate.simulation.kubernetes_client import MERGE, KubernetesClient
from bedplate.simulation.local_cluster import LocalCluster, connect
from bedplate.simulation.requests import Refusal
from bedplate.simulation.world_file import Resource, World
from tests.support.control_plane.plane import ControlPlane
from tests.support.control_plane.pods import Object, apply, wait_for

pytestmark = pytest.mark.cluster

TOKEN = "kubernetes:core/v1:ConfigMap"
PLACE = "kubernetes/https://cluster.example"


@pytest.fixture(scope="module")
def cluster(plane: ControlPlane) -> LocalCluster:
    return connect(plane.kubeconfig)


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path / "world.json")


def settings(name: str, **data: str) -> Object:
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name, "namespace": "default"}, "data": data}


def resource(name: str) -> Resource:
    return Resource(TOKEN, f"default/{name}", PLACE, f"urn:pulumi:dev::p::{TOKEN}::{name}")


def path(name: str) -> str:
    return f"/api/v1/namespaces/default/configmaps/{name}"


def delete(cluster: LocalCluster, name: str) -> None:
    cluster.delete(resource(name), threading.Event())


def test_an_object_is_made_changed_and_deleted(cluster: LocalCluster, client: KubernetesClient, world: World) -> None:
    made = cluster.create(TOKEN, settings("own", a="1", b="2"))
    assert made["metadata"]["uid"]
    assert "managedFields" not in made["metadata"]
    assert (
        client.request("GET", path("own")).body["metadata"]["annotations"]["bedplate.dev/applied-by"] == "bedplate-sim"
    )
    changed = cluster.update(world, resource("own"), settings("own", a="3"), preview=False)
    assert changed["data"] == {"a": "3"}, "a field that is not declared any more is taken away"
    delete(cluster, "own")
    assert client.request("GET", path("own")).status == 404
    delete(cluster, "own")  # gone already


def test_a_preview_changes_nothing(cluster: LocalCluster, client: KubernetesClient, world: World) -> None:
    assert cluster.preview(TOKEN, settings("seen", a="1"))["status"] == UNKNOWN
    assert client.request("GET", path("seen")).status == 404
    cluster.create(TOKEN, settings("seen", a="1"))
    assert cluster.update(world, resource("seen"), settings("seen", a="2"), preview=True)["data"] == {"a": "2"}
    assert client.request("GET", path("seen")).body["data"] == {"a": "1"}
    with pytest.raises(Refusal, match="Invalid value"):
        cluster.preview(TOKEN, settings("Not_a_name"))
    assert cluster.preview(TOKEN, settings("Not_a_name", a=UNKNOWN))["status"] == UNKNOWN
    delete(cluster, "seen")


def test_other_peoples_objects_are_left_alone(cluster: LocalCluster, client: KubernetesClient, world: World) -> None:
    apply(client, settings("theirs", a="1"))
    with pytest.raises(Refusal, match="ConfigMap 'theirs' already exists, and sim did not make it"):
        cluster.create(TOKEN, settings("theirs", a="2"))
    with pytest.raises(Refusal, match="already exists, and sim did not make it"):
        cluster.update(world, resource("theirs"), settings("theirs", a="2"), preview=False)
    with pytest.raises(Refusal, match="already exists, and sim did not make it"):
        cluster.preview(TOKEN, settings("theirs", a="2"))
    with pytest.raises(Refusal, match="was not made by sim, and is not deleted"):
        delete(cluster, "theirs")
    assert client.request("GET", path("theirs")).body["data"] == {"a": "1"}
    found = cluster.read(world, resource("theirs"))
    assert found is not None
    assert found.outputs["data"] == {"a": "1"}
    assert len(world) == 0, "what is only looked at is not the simulation's"


def test_a_field_that_somebody_else_has_set_is_a_conflict(
    cluster: LocalCluster, client: KubernetesClient, world: World
) -> None:
    cluster.create(TOKEN, settings("shared", a="1"))
    client.request("PATCH", path("shared"), {"data": {"a": "2"}}, content_type=MERGE, query={"fieldManager": "mara"})
    with pytest.raises(Refusal, match=r'conflict with "mara".*: \.data\.a'):
        cluster.update(world, resource("shared"), settings("shared", a="3"), preview=False)
    forced = settings("shared", a="3")
    forced["metadata"]["annotations"] = {"pulumi.com/patchForce": "true"}
    assert cluster.update(world, resource("shared"), forced, preview=False)["data"] == {"a": "3"}
    delete(cluster, "shared")


def test_a_deletion_waits_for_finalizers_and_can_be_interrupted(
    cluster: LocalCluster, client: KubernetesClient
) -> None:
    cluster.create(TOKEN, settings("kept"))
    finalizers: Object = {"metadata": {"finalizers": ["example.com/kept"]}}
    client.request("PATCH", path("kept"), finalizers, content_type=MERGE)
    cancelled = threading.Event()
    cancelled.set()
    with pytest.raises(Refusal, match=r"is still being deleted \(finalizers: example.com/kept"):
        cluster.delete(resource("kept"), cancelled)
    waiting = threading.Thread(target=delete, args=(cluster, "kept"))
    waiting.start()
    client.request("PATCH", path("kept"), {"metadata": {"finalizers": None}}, content_type=MERGE)
    waiting.join(30)
    assert not waiting.is_alive()
    wait_for(lambda: client.request("GET", path("kept")).status == 404, "it is gone")


def test_text_of_a_secret_that_nobody_changed_is_no_drift(
    cluster: LocalCluster, client: KubernetesClient, world: World
) -> None:
    """The server keeps it encoded, elsewhere."""
    token, where = "kubernetes:core/v1:Secret", "/api/v1/namespaces/default/secrets/keys"
    metadata = {"name": "keys", "namespace": "default"}
    secret = {"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "stringData": {"a": "1"}}
    outputs = cluster.create(token, secret)
    held = Resource(token, "default/keys", PLACE, f"urn:pulumi:dev::p::{token}::keys", secret, outputs)
    world.put(held)
    seen = cluster.read(world, held)
    assert seen is not None
    assert seen.inputs == secret
    client.request("PATCH", where, {"stringData": {"a": "2"}}, content_type=MERGE)
    drifted = cluster.read(world, held)
    assert drifted is not None
    assert drifted.inputs["stringData"] == {"a": "2"}
    cluster.delete(held, threading.Event())


def test_warnings_are_remembered_once(cluster: LocalCluster) -> None:
    old = {"apiVersion": "v1", "kind": "Endpoints", "metadata": {"name": "old", "namespace": "default"}}
    cluster.create("kubernetes:core/v1:Endpoints", old)
    cluster.preview("kubernetes:core/v1:Endpoints", old)
    (warning,) = cluster.warnings
    assert warning.startswith("Endpoints old: v1 Endpoints is deprecated")
