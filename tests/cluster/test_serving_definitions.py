"""Custom resources of endpoints, judged by a real API server that has their definitions: types, limits and rules."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from copy import deepcopy
from dataclasses import replace
from typing import Any

import pytest

from bedplate.services.gateway import gateway_namespace, shared_gateway
from bedplate.serving.gateway import gateway_manifests
from bedplate.serving.monitoring import monitoring_manifests
from bedplate.serving.plan import EndpointPlan, Oidc
from bedplate.serving.scaling import scaled_object
from bedplate.simulation.kubernetes_client import KubernetesClient
from tests.support.crds import DEFINITIONS, find_definition
from tests.support.endpoints import endpoint_plan

pytestmark = pytest.mark.cluster

OIDC = Oidc("https://login.example.com", "chat", "https://login.example.com/keys")
PLANS = [endpoint_plan(), replace(endpoint_plan(), authentication=OIDC)]
_DEFINITIONS_PATH = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
_ESTABLISH_SECONDS = 30


def endpoint_manifests(plan: EndpointPlan) -> list[dict[str, Any]]:
    return [scaled_object(plan), *monitoring_manifests(plan), *gateway_manifests(plan)]


def kinds() -> dict[tuple[str, str], dict[str, Any]]:
    """Return one manifest of each kind that endpoints and their gateway need."""
    every = [*endpoint_manifests(PLANS[0]), *shared_gateway("aws", "internal")]
    return {(one["apiVersion"].partition("/")[0], one["kind"]): one for one in every}


@pytest.fixture(scope="module")
def defined(client: KubernetesClient) -> Iterator[dict[tuple[str, str], str]]:
    """Install the definitions that lie beside the clone; return the plural of each kind."""
    plurals = {}
    for group, kind in kinds():
        definition = find_definition(group, kind)
        if definition is not None:
            answer = client.request("POST", _DEFINITIONS_PATH, definition)
            assert answer.ok, answer.message
            plurals[group, kind] = definition["spec"]["names"]["plural"]
    for (group, _), plural in plurals.items():
        _wait_until_established(client, f"{plural}.{group}")
    yield plurals
    for (group, _), plural in plurals.items():
        client.request("DELETE", f"{_DEFINITIONS_PATH}/{plural}.{group}")


def _wait_until_established(client: KubernetesClient, name: str) -> None:
    deadline = time.monotonic() + _ESTABLISH_SECONDS
    while time.monotonic() < deadline:
        status = client.request("GET", f"{_DEFINITIONS_PATH}/{name}").body.get("status", {})
        if any(one["type"] == "Established" and one["status"] == "True" for one in status.get("conditions", ())):
            return
        time.sleep(0.1)
    raise AssertionError(f"{name} was not established within {_ESTABLISH_SECONDS} s")


@pytest.fixture
def judge(
    client: KubernetesClient, defined: dict[tuple[str, str], str], namespace: Callable[..., str]
) -> Callable[[dict[str, Any]], str]:
    """Return a function that creates a manifest in a namespace of its own, and returns why it was refused, or ""."""
    own = namespace("inference")

    def create(manifest: dict[str, Any]) -> str:
        group, kind = manifest["apiVersion"].partition("/")[0], manifest["kind"]
        if (group, kind) not in defined:
            pytest.skip(f"no definition of {kind} ({group}) in {DEFINITIONS}")
        body = deepcopy(manifest)
        within = "namespace" in body["metadata"]
        if within:
            body["metadata"]["namespace"] = own
        place = f"/namespaces/{own}" if within else ""
        path = f"/apis/{manifest['apiVersion']}{place}/{defined[group, kind]}?fieldValidation=Strict"
        answer = client.request("POST", path, body)
        return "" if answer.ok else answer.message

    return create


@pytest.mark.parametrize("kind", kinds(), ids=lambda kind: kind[1])
def test_every_kind_is_accepted(kind: tuple[str, str], judge: Callable[[dict[str, Any]], str]) -> None:
    assert judge(kinds()[kind]) == ""


def test_a_policy_for_tokens_is_accepted(judge: Callable[[dict[str, Any]], str]) -> None:
    (policy, *_) = gateway_manifests(PLANS[1])
    assert judge(policy) == ""


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"cooldown": 300}, 'unknown field "spec.cooldown"'),
        ({"maxReplicaCount": "3"}, "maxReplicaCount"),
        ({"scaleTargetRef": {}}, "name"),
    ],
    ids=["unknown field", "text for a number", "no target"],
)
def test_what_is_wrong_is_refused(change: dict[str, Any], reason: str, judge: Callable[[dict[str, Any]], str]) -> None:
    manifest = scaled_object(PLANS[0])
    manifest["spec"] |= change
    assert reason in judge(manifest)


def test_a_route_whose_time_is_no_duration_is_refused(judge: Callable[[dict[str, Any]], str]) -> None:
    *_, route = gateway_manifests(PLANS[0])
    route["spec"]["rules"][0]["timeouts"]["request"] = "1.5m"
    assert "timeouts" in judge(route)


def test_manifests_of_the_gateway_stay_in_its_namespace() -> None:
    spaces = {one["metadata"].get("namespace") for one in shared_gateway("aws", "internal")}
    assert spaces == {None, gateway_namespace()}
