"""Every custom resource that the stacks of this repository declare, judged by a real API server with its definition.

Definitions are not part of this repository. A stack with kinds that have none beside the clone is skipped
with their names, after the others have been judged.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import pytest

from bedplate.simulation.kubernetes_client import KubernetesClient
from tests.cluster.test_declared_objects import ALL, objects
from tests.support.control_plane.pods import MANAGER, Object
from tests.support.crds import DEFINITIONS, find_definition
from tests.support.examples import Example

pytestmark = pytest.mark.cluster

_PATH = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
_ESTABLISH_SECONDS = 30


class Server:
    """An API server that gets definitions when they are first needed."""

    def __init__(self, client: KubernetesClient) -> None:
        self._client = client
        self._plurals: dict[tuple[str, str], str] = {}

    def knows(self, manifest: Object) -> bool:
        """Tell whether the kind of a manifest is defined, defining it if its definition is at hand."""
        group, kind = manifest["apiVersion"].partition("/")[0], manifest["kind"]
        definition = find_definition(group, kind)
        if definition is None:
            return False
        if (group, kind) not in self._plurals:
            answer = self._client.request("POST", _PATH, definition)
            assert answer.ok, answer.message
            self._plurals[group, kind] = definition["spec"]["names"]["plural"]
            self._wait(f"{self._plurals[group, kind]}.{group}")
        return True

    def refusal(self, manifest: Object) -> str:
        """Return why a manifest of a known kind is refused, or nothing; unknown fields are."""
        answer = self._client.apply(manifest, manager=MANAGER, dry_run=True)
        return "" if answer.ok else answer.message

    def forget(self) -> None:
        """Take the definitions away."""
        for (group, _), plural in self._plurals.items():
            self._client.request("DELETE", f"{_PATH}/{plural}.{group}")

    def _wait(self, name: str) -> None:
        deadline = time.monotonic() + _ESTABLISH_SECONDS
        while time.monotonic() < deadline:
            status: dict[str, Any] = self._client.request("GET", f"{_PATH}/{name}").body.get("status", {})
            if any(one["type"] == "Established" and one["status"] == "True" for one in status.get("conditions") or ()):
                return
            time.sleep(0.1)
        raise AssertionError(f"{name} was not established within {_ESTABLISH_SECONDS} s")


@pytest.fixture(scope="module")
def server(client: KubernetesClient) -> Iterator[Server]:
    found = Server(client)
    yield found
    found.forget()


def with_identifiers(manifest: Object) -> Object:
    """Return a manifest with identifiers as EC2 gives them: those of the mocks are names in angle brackets."""
    if manifest["kind"] != "EC2NodeClass":
        return manifest
    terms = {
        field: [{"id": f"{prefix}-{number:017x}"} for number, _ in enumerate(manifest["spec"][field])]
        for field, prefix in (("subnetSelectorTerms", "subnet"), ("securityGroupSelectorTerms", "sg"))
    }
    return {**manifest, "spec": {**manifest["spec"], **terms}}


@pytest.mark.parametrize("example", ALL, ids=str)
def test_every_custom_resource_is_valid(client: KubernetesClient, server: Server, example: Example) -> None:
    for namespace in (one for one in objects(example) if one["kind"] == "Namespace"):
        assert client.apply(namespace, manager=MANAGER).ok
    manifests = [with_identifiers(manifest) for manifest in objects(example, custom=True)]
    known = [manifest for manifest in manifests if server.knows(manifest)]
    refusals = {f"{one['kind']} {one['metadata']['name']}": server.refusal(one) for one in known}
    assert {label: refusal for label, refusal in refusals.items() if refusal} == {}
    undefined = sorted({f"{one['apiVersion']} {one['kind']}" for one in manifests if one not in known})
    if undefined:
        pytest.skip(f"no definition in {DEFINITIONS} of {', '.join(undefined)}")


def test_a_custom_resource_with_an_unknown_field_is_refused(server: Server) -> None:
    network = {
        "apiVersion": "mellanox.com/v1alpha1",
        "kind": "MacvlanNetwork",
        "metadata": {"name": "wrong"},
        "spec": {"networkNamespace": "default", "mastr": "ens1"},
    }
    if not server.knows(network):
        pytest.skip(f"no definition in {DEFINITIONS}")
    assert "mastr" in server.refusal(network)
