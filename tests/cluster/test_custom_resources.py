"""Every custom resource that the stacks of this repository declare, judged by a real API server with its definition.

Definitions are not part of this repository. A stack with kinds that have none beside the clone is skipped
with their names, after the others have been judged.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest

from bedplate.simulation.kubernetes_client import KubernetesClient
from tests.cluster.test_declared_objects import ALL, objects
from tests.support.control_plane.pods import MANAGER, Object
from tests.support.crds import DEFINITIONS
from tests.support.examples import Example

pytestmark = pytest.mark.cluster

Knows = Callable[[Object], bool]


def refusal(client: KubernetesClient, manifest: Object) -> str:
    """Return why a manifest of a known kind is refused, or nothing; unknown fields are."""
    answer = client.apply(manifest, manager=MANAGER, dry_run=True)
    return "" if answer.ok else answer.message


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
def test_every_custom_resource_is_valid(client: KubernetesClient, knows: Knows, example: Example) -> None:
    for namespace in (one for one in objects(example) if one["kind"] == "Namespace"):
        assert client.apply(namespace, manager=MANAGER).ok
    manifests = [with_identifiers(manifest) for manifest in objects(example, custom=True)]
    known = [manifest for manifest in manifests if knows(manifest)]
    refusals = {f"{one['kind']} {one['metadata']['name']}": refusal(client, one) for one in known}
    assert {label: refusal for label, refusal in refusals.items() if refusal} == {}
    undefined = sorted({f"{one['apiVersion']} {one['kind']}" for one in manifests if one not in known})
    if undefined:
        pytest.skip(f"no definition in {DEFINITIONS} of {', '.join(undefined)}")


def test_a_custom_resource_with_an_unknown_field_is_refused(client: KubernetesClient, knows: Knows) -> None:
    network = {
        "apiVersion": "mellanox.com/v1alpha1",
        "kind": "MacvlanNetwork",
        "metadata": {"name": "wrong"},
        "spec": {"networkNamespace": "default", "mastr": "ens1"},
    }
    if not knows(network):
        pytest.skip(f"no definition in {DEFINITIONS}")
    assert "mastr" in refusal(client, network)
