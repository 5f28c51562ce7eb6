"""Custom resources of endpoints, judged by a real API server that has their definitions: types, limits and rules."""

from __future__ import annotations

from collections.abc import Callable
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
from tests.support.crds import DEFINITIONS
from tests.support.endpoints import endpoint_plan

pytestmark = pytest.mark.cluster

OIDC = Oidc("https://login.example.com", "chat", "https://login.example.com/keys")
PLANS = [endpoint_plan(), replace(endpoint_plan(), authentication=OIDC)]


def endpoint_manifests(plan: EndpointPlan) -> list[dict[str, Any]]:
    return [scaled_object(plan), *monitoring_manifests(plan), *gateway_manifests(plan)]


def kinds() -> dict[tuple[str, str], dict[str, Any]]:
    """Return one manifest of each kind that endpoints and their gateway need."""
    every = [*endpoint_manifests(PLANS[0]), *shared_gateway("aws", "internal")]
    return {(one["apiVersion"].partition("/")[0], one["kind"]): one for one in every}


@pytest.fixture
def judge(
    client: KubernetesClient, knows: Callable[[dict[str, Any]], bool], namespace: Callable[..., str]
) -> Callable[[dict[str, Any]], str]:
    """Return a function that creates a manifest in a namespace of its own, and returns why it was refused, or ""."""
    own = namespace("inference")

    def create(manifest: dict[str, Any]) -> str:
        if not knows(manifest):
            group, kind = manifest["apiVersion"].partition("/")[0], manifest["kind"]
            pytest.skip(f"no definition of {kind} ({group}) in {DEFINITIONS}")
        body = deepcopy(manifest)
        within = "namespace" in body["metadata"]
        if within:
            body["metadata"]["namespace"] = own
        served = client.kind(manifest["apiVersion"], manifest["kind"])
        assert served is not None
        path = served.path(own if within else "")
        answer = client.request("POST", path, body, query={"fieldValidation": "Strict"})
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
