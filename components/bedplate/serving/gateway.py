"""The way to an endpoint: its address on the cluster's gateway, who may call, and how a request is carried.

Fields were read in envoyproxy/gateway at tag v1.9.0 (api/v1alpha1).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, assert_never

from bedplate.services.gateway import DRAIN_SECONDS, GATEWAY_NAME, LISTENER_NAME, gateway_namespace
from bedplate.serving.connections import Connections
from bedplate.serving.plan import ApiKeys, Oidc

if TYPE_CHECKING:
    from bedplate.serving.plan import EndpointPlan
    from bedplate.serving.timings import Timings

_POLICIES = "gateway.envoyproxy.io/v1alpha1"

REQUESTS_PER_WORKER = 1024
"""Requests under way that a proxy carries per worker. vLLM takes any number and queues them, and it is the queue that
starts further workers; Envoy's own limit of 1,024 for the whole endpoint would answer 503 before."""


def gateway_manifests(plan: EndpointPlan) -> list[dict[str, Any]]:
    """Return the manifests of an endpoint's address, the route last: declare it when the others are there.

    There is no endpoint without authentication: an EndpointPlan has one of two ways, and both make a policy. A route
    that lost its policy is refused by the gateway's own.
    """
    return [_who_may_call(plan), _how_requests_travel(plan), _route(plan)]


def api_keys_secret(plan: EndpointPlan) -> str:
    """Return the name of the Secret with the callers' keys, in the endpoint's namespace: caller to key, each an entry
    of its own."""
    return f"{plan.full_name}-api-keys"


def longest_request_seconds(timings: Timings) -> int:
    """Return how long a request may take, from its last byte to the last one of its answer.

    As long as a worker drains: one that is allowed to take longer would be cut off by every rollout.
    """
    return timings.shutdown_seconds


def outlasts_gateway(timings: Timings) -> bool:
    """Tell whether requests may take longer than the gateway's own proxies wait when they are replaced."""
    return longest_request_seconds(timings) > DRAIN_SECONDS


def _who_may_call(plan: EndpointPlan) -> dict[str, Any]:
    return {
        "apiVersion": _POLICIES,
        "kind": "SecurityPolicy",
        "metadata": _metadata(plan),
        "spec": {"targetRefs": [_the_route(plan)], **_authentication(plan)},
    }


def _authentication(plan: EndpointPlan) -> dict[str, Any]:
    match plan.authentication:
        case ApiKeys():
            return {
                "apiKeyAuth": {
                    "credentialRefs": [{"kind": "Secret", "name": api_keys_secret(plan)}],
                    # Where clients of the OpenAI API put it. Envoy takes off the word Bearer.
                    "extractFrom": [{"headers": ["Authorization"]}],
                    # The engine has no use for it, and may log what it is sent.
                    "sanitize": True,
                }
            }
        case Oidc(issuer, audience, keys_url):
            return {
                "jwt": {
                    "providers": [
                        {
                            "name": "oidc",
                            "issuer": issuer,
                            "audiences": [audience],
                            "remoteJWKS": {"uri": keys_url},
                            # The default also takes a token from the address, which every proxy on the way logs.
                            "extractFrom": {"headers": [{"name": "Authorization", "valuePrefix": "Bearer "}]},
                        }
                    ]
                }
            }
    assert_never(plan.authentication)


def _how_requests_travel(plan: EndpointPlan) -> dict[str, Any]:
    limit = REQUESTS_PER_WORKER * plan.max_workers
    return {
        "apiVersion": _POLICIES,
        "kind": "BackendTrafficPolicy",
        "metadata": _metadata(plan),
        "spec": {
            "targetRefs": [_the_route(plan)],
            # Answers differ in length by orders of magnitude: taking turns would fill the worker with the long ones.
            "loadBalancer": {"type": "LeastRequest"},
            # Only what never reached a worker is tried again. To repeat a request that did would generate twice, and
            # Envoy Gateway's default repeats what an overloaded worker has refused.
            "retry": {"numRetries": 2, "retryOn": {"triggers": ["connect-failure"]}},
            "timeout": {
                "tcp": {"connectTimeout": "5s"},
                # Until its first token a stream is silent, and an answer that is not streamed to its end; by default
                # five minutes of silence end a request, whatever its own limit.
                "http": {
                    "streamIdleTimeout": f"{longest_request_seconds(plan.timings)}s",
                    # Below the engine's own, so that no request is sent on what the engine has just closed.
                    "connectionIdleTimeout": f"{Connections().gateway_idle_seconds}s",
                },
            },
            "circuitBreaker": {
                "maxConnections": limit,
                "maxPendingRequests": limit,
                "maxParallelRequests": limit,
            },
        },
    }


def _route(plan: EndpointPlan) -> dict[str, Any]:
    return {
        "apiVersion": "gateway.networking.k8s.io/v1",
        "kind": "HTTPRoute",
        "metadata": _metadata(plan),
        "spec": {
            "parentRefs": [{"name": GATEWAY_NAME, "namespace": gateway_namespace(), "sectionName": LISTENER_NAME}],
            "hostnames": [plan.hostname],
            "rules": [
                {
                    # The engine also answers at /metrics, /tokenize and others, which are nobody's outside.
                    "matches": [{"path": {"type": "PathPrefix", "value": "/v1"}}],
                    "backendRefs": [{"name": plan.full_name, "port": plan.port}],
                    "timeouts": {"request": f"{longest_request_seconds(plan.timings)}s"},
                }
            ],
        },
    }


def _the_route(plan: EndpointPlan) -> dict[str, str]:
    return {"group": "gateway.networking.k8s.io", "kind": "HTTPRoute", "name": plan.full_name}


def _metadata(plan: EndpointPlan) -> dict[str, Any]:
    return {"name": plan.full_name, "namespace": plan.namespace}
