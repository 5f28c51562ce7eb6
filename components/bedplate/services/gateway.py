"""Envoy Gateway: one way in for all endpoints of a cluster, encrypted, and closed unless a route says who may call.

Names of values and fields were read in envoyproxy/gateway at tag v1.9.0 (charts/gateway-helm, api/v1alpha1).
cert-manager is not needed: the chart makes the certificates between its own parts, and the one that callers see comes
in a Secret, from wherever the platform's certificates come.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from bedplate import catalog
from bedplate.node_pools.labels import ROLE_LABEL
from bedplate.services.helm import HelmRelease, helm_release
from bedplate.services.load_balancers import health_check, notice_seconds

if TYPE_CHECKING:
    from collections.abc import Mapping

_CHART = "gateway-helm"
_POLICIES = "gateway.envoyproxy.io/v1alpha1"
_ROUTES = "gateway.networking.k8s.io/v1"

GATEWAY_NAME = "endpoints"
LISTENER_NAME = "https"
CERTIFICATE_SECRET = "endpoints-certificate"  # noqa: S105 the name of a Secret
"""A Secret of type kubernetes.io/tls in the gateway's namespace. Until it is there, the gateway answers nobody."""

DRAIN_SECONDS = 600
"""How long a proxy that is replaced lets requests finish: no endpoint may let one take longer. It is what Cluster
Autoscaler grants any pod of a node that it removes (--max-graceful-termination-sec)."""

Exposure = Literal["internal", "public"]
"""From where the load balancer can be reached: the cluster's network and what is connected to it, or the internet."""


def gateway_namespace() -> str:
    """Return the namespace of the gateway and of its proxies: the engines' network policy must let it in."""
    return catalog.chart(_CHART).namespace


def gateway_release() -> HelmRelease:
    """Return Envoy Gateway's Helm release, without any gateway yet. It is the same on every cluster."""
    return helm_release(
        _CHART,
        {
            "deployment": {
                "replicas": 2,
                "pod": {
                    "nodeSelector": _on_general(),
                    "topologySpreadConstraints": _spread({"control-plane": "envoy-gateway"}),
                },
            },
            "certgen": {"job": {"nodeSelector": _on_general()}},
            "podDisruptionBudget": {"maxUnavailable": 1},
            # A webhook on the binding of pods, which tells proxies their zone: nothing here routes by zone.
            "topologyInjector": {"enabled": False},
        },
    )


def shared_gateway(provider: str, exposure: Exposure) -> list[dict[str, Any]]:
    """Return the gateway that all endpoints of a cluster share, and the rules that hold for all of them."""
    return [
        _proxies(provider, exposure),
        {
            "apiVersion": _ROUTES,
            "kind": "GatewayClass",
            "metadata": {"name": GATEWAY_NAME},
            "spec": {
                "controllerName": "gateway.envoyproxy.io/gatewayclass-controller",
                "parametersRef": {
                    "group": "gateway.envoyproxy.io",
                    "kind": "EnvoyProxy",
                    "name": GATEWAY_NAME,
                    "namespace": gateway_namespace(),
                },
            },
        },
        _closed_by_default(),
        _connections(),
        _gateway(),
    ]


def _gateway() -> dict[str, Any]:
    """The only listener is encrypted: there is none that would redirect, because the key has been read by then."""
    return {
        "apiVersion": _ROUTES,
        "kind": "Gateway",
        "metadata": _metadata(),
        "spec": {
            "gatewayClassName": GATEWAY_NAME,
            "listeners": [
                {
                    "name": LISTENER_NAME,
                    "port": 443,
                    "protocol": "HTTPS",
                    "tls": {"mode": "Terminate", "certificateRefs": [{"kind": "Secret", "name": CERTIFICATE_SECRET}]},
                    "allowedRoutes": {
                        "kinds": [{"kind": "HTTPRoute"}],
                        "namespaces": {"from": "Selector", "selector": {"matchLabels": {ROLE_LABEL: "inference"}}},
                    },
                }
            ],
        },
    }


def _closed_by_default() -> dict[str, Any]:
    """A route without its own policy is refused. A route's policy replaces this one as a whole."""
    return {
        "apiVersion": _POLICIES,
        "kind": "SecurityPolicy",
        "metadata": _metadata(),
        "spec": {"targetRefs": [_the_gateway()], "authorization": {"defaultAction": "Deny"}},
    }


def _connections() -> dict[str, Any]:
    return {
        "apiVersion": _POLICIES,
        "kind": "ClientTrafficPolicy",
        "metadata": _metadata(),
        "spec": {
            "targetRefs": [_the_gateway()],
            # A network load balancer forgets a connection that is silent for 350 s, and a long answer that is not
            # streamed is silent until it is complete.
            "tcpKeepalive": {"idleTime": "60s", "interval": "20s", "probes": 3},
            "tls": {"minVersion": "1.2"},
            "timeout": {"http": {"requestHeadersReceivedTimeout": "30s"}},
        },
    }


def _proxies(provider: str, exposure: Exposure) -> dict[str, Any]:
    labels = {
        "gateway.envoyproxy.io/owning-gateway-name": GATEWAY_NAME,
        "gateway.envoyproxy.io/owning-gateway-namespace": gateway_namespace(),
    }
    return {
        "apiVersion": _POLICIES,
        "kind": "EnvoyProxy",
        "metadata": _metadata(),
        "spec": {
            "provider": {
                "type": "Kubernetes",
                "kubernetes": {
                    "envoyDeployment": {
                        "replicas": 2,
                        # One more before one fewer, or a rollout of two halves what callers can reach.
                        "strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 1, "maxUnavailable": 0}},
                        "pod": {"nodeSelector": _on_general(), "topologySpreadConstraints": _spread(labels)},
                        "container": {
                            "resources": {
                                "requests": {"cpu": "500m", "memory": "512Mi"},
                                "limits": {"memory": "1Gi"},
                            }
                        },
                    },
                    "envoyPDB": {"maxUnavailable": 1},
                    "envoyService": {"type": "LoadBalancer", "annotations": _balancer(provider, exposure)},
                },
            },
            "shutdown": _shutdown(notice_seconds(health_check(provider))),
        },
    }


def _shutdown(unnoticed_seconds: int) -> dict[str, str]:
    """Return how a proxy goes: it takes new connections until the load balancer can have noticed, then finishes."""
    return {
        # The default ends what is running after 60 s.
        "drainTimeout": f"{DRAIN_SECONDS}s",
        # By default it fails its readiness at once. Its node then passes nothing to it, and has no other proxy.
        "healthCheckFailureDelay": f"{unnoticed_seconds}s",
        # Without a connection it would be gone before the next one arrives.
        "minDrainDuration": f"{unnoticed_seconds}s",
    }


def _balancer(provider: str, exposure: Exposure) -> Mapping[str, str]:
    """Return what a cloud's load balancer is told by annotations of the Service."""
    if provider != "aws":
        raise LookupError(f"no load balancer is known for {provider}")
    prefix = "service.beta.kubernetes.io/aws-load-balancer"
    check = health_check(provider)
    return {
        # Without a type EKS makes a Classic Load Balancer, which cuts connections that are silent for a minute.
        f"{prefix}-type": "nlb",
        f"{prefix}-internal": "true" if exposure == "internal" else "false",
        # What the proxies count on when they go. A network load balancer wants the two thresholds to be the same.
        f"{prefix}-healthcheck-interval": str(check.interval_seconds),
        f"{prefix}-healthcheck-healthy-threshold": str(check.failures),
        f"{prefix}-healthcheck-unhealthy-threshold": str(check.failures),
    }


def _the_gateway() -> dict[str, str]:
    return {"group": "gateway.networking.k8s.io", "kind": "Gateway", "name": GATEWAY_NAME}


def _metadata() -> dict[str, str]:
    return {"name": GATEWAY_NAME, "namespace": gateway_namespace()}


def _spread(labels: Mapping[str, str]) -> list[dict[str, Any]]:
    return [
        {
            "maxSkew": 1,
            "topologyKey": "kubernetes.io/hostname",
            # A rule that must hold would make the autoscaler buy a node for a second replica.
            "whenUnsatisfiable": "ScheduleAnyway",
            "labelSelector": {"matchLabels": dict(labels)},
        }
    ]


def _on_general() -> dict[str, str]:
    return {"kubernetes.io/os": "linux", ROLE_LABEL: "general"}
