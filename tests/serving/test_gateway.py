"""The way to an endpoint: nobody in without proof, and no answer cut off that a worker would have finished."""

from __future__ import annotations

from dataclasses import fields, replace
from pathlib import Path
from typing import Any, get_args, get_type_hints

import pytest

from bedplate.services.gateway import DRAIN_SECONDS, GATEWAY_NAME, LISTENER_NAME, gateway_namespace, shared_gateway
from bedplate.serving import plan as serving_plan
from bedplate.serving.gateway import (
    api_keys_secret,
    gateway_manifests,
    longest_request_seconds,
    outlasts_gateway,
)
from bedplate.serving.plan import ApiKeys, EndpointPlan, Oidc
from bedplate.serving.timings import Timings
from tests.support.crds import schema_problems
from tests.support.endpoints import endpoint_plan
from tests.support.golden import check_golden

GOLDEN = Path(__file__).with_name("golden")
OIDC = Oidc("https://login.example.com", "chat", "https://login.example.com/keys")
PLANS = {"api-keys": endpoint_plan(), "oidc": replace(endpoint_plan(), authentication=OIDC)}


def spec(kind: str, plan: EndpointPlan) -> dict[str, Any]:
    (found,) = (manifest["spec"] for manifest in gateway_manifests(plan) if manifest["kind"] == kind)
    return dict(found)


def seconds(duration: str) -> int:
    return int(duration.removesuffix("s"))


@pytest.mark.parametrize("name", PLANS)
def test_as_rendered(name: str) -> None:
    check_golden(GOLDEN / f"gateway-{name}.yaml", gateway_manifests(PLANS[name]))


@pytest.mark.parametrize("plan", PLANS.values(), ids=PLANS)
@pytest.mark.parametrize("kind", ["SecurityPolicy", "BackendTrafficPolicy", "HTTPRoute"])
def test_the_definition_knows_every_field(kind: str, plan: EndpointPlan) -> None:
    (manifest,) = (one for one in gateway_manifests(plan) if one["kind"] == kind)
    assert schema_problems(manifest) == []


def test_an_endpoint_cannot_be_planned_without_authentication() -> None:
    (field,) = (field for field in fields(EndpointPlan) if field.name == "authentication")
    assert field.default is field.default_factory  # both are missing: it has to be given
    hints = get_type_hints(EndpointPlan, vars(serving_plan) | {"Taint": Any})
    assert set(get_args(hints["authentication"])) == {ApiKeys, Oidc}


@pytest.mark.parametrize("plan", PLANS.values(), ids=PLANS)
def test_every_route_has_a_policy_that_asks_for_proof(plan: EndpointPlan) -> None:
    *_, route = gateway_manifests(plan)
    policy = spec("SecurityPolicy", plan)
    assert route["kind"] == "HTTPRoute"
    assert policy["targetRefs"] == [
        {"group": "gateway.networking.k8s.io", "kind": "HTTPRoute", "name": route["metadata"]["name"]}
    ]
    assert len(policy.keys() & {"apiKeyAuth", "jwt"}) == 1
    assert {manifest["metadata"]["namespace"] for manifest in gateway_manifests(plan)} == {plan.namespace}


def test_something_else_than_the_two_ways_makes_no_route() -> None:
    plan = endpoint_plan()
    object.__setattr__(plan, "authentication", None)  # nothing less gets it in there
    with pytest.raises(AssertionError):
        gateway_manifests(plan)


def test_keys_are_read_where_clients_put_them_and_go_no_further() -> None:
    keys = spec("SecurityPolicy", PLANS["api-keys"])["apiKeyAuth"]
    assert keys["credentialRefs"] == [{"kind": "Secret", "name": api_keys_secret(PLANS["api-keys"])}]
    assert keys["extractFrom"] == [{"headers": ["Authorization"]}]
    assert keys["sanitize"] is True


def test_tokens_are_for_this_endpoint_and_never_in_an_address() -> None:
    (provider,) = spec("SecurityPolicy", PLANS["oidc"])["jwt"]["providers"]
    assert (provider["issuer"], provider["audiences"]) == (OIDC.issuer, [OIDC.audience])
    assert provider["remoteJWKS"] == {"uri": OIDC.keys_url}
    assert provider["extractFrom"].keys() == {"headers"}


def test_a_request_may_take_as_long_as_a_worker_drains() -> None:
    plan = replace(endpoint_plan(), timings=Timings(shutdown_seconds=240, termination_grace_seconds=270))
    (rule,) = spec("HTTPRoute", plan)["rules"]
    silent = spec("BackendTrafficPolicy", plan)["timeout"]["http"]["streamIdleTimeout"]
    assert seconds(rule["timeouts"]["request"]) == seconds(silent) == longest_request_seconds(plan.timings) == 240


def test_a_gateway_that_is_replaced_waits_for_the_longest_request() -> None:
    assert not outlasts_gateway(Timings())
    assert not outlasts_gateway(Timings(shutdown_seconds=DRAIN_SECONDS))
    assert outlasts_gateway(Timings(shutdown_seconds=DRAIN_SECONDS + 1))


def test_only_what_never_arrived_is_sent_again() -> None:
    retry = spec("BackendTrafficPolicy", endpoint_plan())["retry"]
    assert retry["retryOn"] == {"triggers": ["connect-failure"]}


@pytest.mark.parametrize(("workers", "requests"), [(1, 1024), (4, 4096)])
def test_the_gateway_refuses_nothing_that_could_wait_in_a_queue(workers: int, requests: int) -> None:
    plan = replace(endpoint_plan(), max_workers=workers)
    assert set(spec("BackendTrafficPolicy", plan)["circuitBreaker"].values()) == {requests}


def test_only_the_api_is_reached_from_outside() -> None:
    route = spec("HTTPRoute", endpoint_plan())
    (rule,) = route["rules"]
    assert rule["matches"] == [{"path": {"type": "PathPrefix", "value": "/v1"}}]
    assert rule["backendRefs"] == [{"name": "vision-dev-chat", "port": 8000}]
    assert route["hostnames"] == ["chat.example.com"]


def test_a_route_belongs_to_the_encrypted_listener_of_the_shared_gateway() -> None:
    (parent,) = spec("HTTPRoute", endpoint_plan())["parentRefs"]
    assert parent == {"name": GATEWAY_NAME, "namespace": gateway_namespace(), "sectionName": LISTENER_NAME}
    (gateway,) = (one for one in shared_gateway("aws", "internal") if one["kind"] == "Gateway")
    (listener,) = gateway["spec"]["listeners"]
    assert (listener["name"], listener["protocol"], listener["tls"]["mode"]) == (LISTENER_NAME, "HTTPS", "Terminate")
