"""One control plane for all tests of this folder, and a namespace for each that asks for one."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from itertools import count

import pytest

from bedplate.simulation.custom_kinds import PATH
from bedplate.simulation.kubernetes_client import KubernetesClient
from tests.support.control_plane.nodes import kubelet
from tests.support.control_plane.plane import ControlPlane, running
from tests.support.control_plane.pods import Object, wait_for
from tests.support.control_plane.programs import install
from tests.support.crds import find_definition


@pytest.fixture(scope="module")
def plane(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ControlPlane]:
    """A control plane with a kubelet for nodes that tests add. What it logged stays when a test failed."""
    directory = tmp_path_factory.mktemp("control-plane")
    failed_before = request.session.testsfailed
    with running(install(), directory) as started, kubelet(started.client()):
        yield started
    if request.session.testsfailed == failed_before:
        shutil.rmtree(directory)
    else:
        print(f"\nThe control plane's logs: {directory}")


@pytest.fixture(scope="module")
def client(plane: ControlPlane) -> KubernetesClient:
    """An administrator's client."""
    return plane.client()


_numbers = count(1)


@pytest.fixture
def namespace(client: KubernetesClient) -> Iterator[Callable[..., str]]:
    """Return a function that makes a namespace, of a role if one is named; all are deleted after the test."""
    made = []

    def make(role: str = "") -> str:
        name = f"test-{next(_numbers)}"
        labels = {"bedplate.dev/role": role} if role else {}
        body = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": labels}}
        answer = client.request("POST", "/api/v1/namespaces", body)
        assert answer.ok, answer.message
        made.append(name)
        return name

    yield make
    for name in made:
        client.request("DELETE", f"/api/v1/namespaces/{name}")


@pytest.fixture(scope="module")
def knows(client: KubernetesClient) -> Callable[[Object], bool]:
    """Return a function that tells whether the kind of a manifest has a definition beside the clone.

    The definition is put on the server first, whatever versions it has, and goes with the plane.
    """
    defined: set[str] = set()

    def known(manifest: Object) -> bool:
        definition = find_definition(manifest["apiVersion"].partition("/")[0], manifest["kind"])
        if definition is None:
            return False
        name = definition["metadata"]["name"]
        if name not in defined:
            answer = client.request("POST", PATH, definition)
            assert answer.ok, answer.message
            wait_for(lambda: _is_established(client, name), f"{name} is established")
            defined.add(name)
        group, _, version = manifest["apiVersion"].partition("/")
        if version in {one["name"] for one in definition["spec"]["versions"] if one["served"]}:
            found = f"{group}/{version} {manifest['kind']} is listed"  # which is later than it is established
            wait_for(lambda: client.kind(manifest["apiVersion"], manifest["kind"]), found)
        return True

    return known


def _is_established(client: KubernetesClient, name: str) -> bool:
    conditions = client.request("GET", f"{PATH}/{name}").body.get("status", {}).get("conditions") or ()
    return any(one["type"] == "Established" and one["status"] == "True" for one in conditions)
