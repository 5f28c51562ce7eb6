"""What protects an endpoint asks who comes, and what is internal is so on the cloud where it stands."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from tests.policies.resources import ingress, resource, service
from tests.policies.stack import UNKNOWN, Declared, check_stack, cluster, kubernetes, of_rule, pool, register
from tests.policies.test_security import namespace, network_policy, route
from tests.support.stacks import REMOVED

CHAT = {"kind": "HTTPRoute", "name": "chat"}
ENVOY = "gateway.envoyproxy.io/v1alpha1"
ISTIO = "security.istio.io/v1"
KUADRANT = "kuadrant.io/v1"
KEYS: dict[str, Any] = {"k": {"apiKey": {"selector": {}}}}

ASKS: dict[str, tuple[str, dict[str, Any]]] = {
    "keys": (f"{ENVOY}:SecurityPolicy", {"apiKeyAuth": {"credentialRefs": [{"name": UNKNOWN}]}}),
    "a password": (f"{ENVOY}:SecurityPolicy", {"basicAuth": {"users": {"name": "u"}}}),
    "a token": (f"{ENVOY}:SecurityPolicy", {"jwt": {"providers": [{"name": "p"}]}}),
    "a login": (f"{ENVOY}:SecurityPolicy", {"oidc": UNKNOWN}),
    "a service that decides": (f"{ENVOY}:SecurityPolicy", {"extAuth": {"http": {}}, "cors": {}}),
    "a token beside a login": (
        f"{ENVOY}:SecurityPolicy",
        {"jwt": {"optional": True, "providers": []}, "oidc": {"a": 1}},
    ),
    "Istio, callers with a token": (
        f"{ISTIO}:AuthorizationPolicy",
        {"rules": [{"from": [{"source": {"requestPrincipals": ["*"]}}]}]},
    ),
    "Istio, a service account": (
        f"{ISTIO}:AuthorizationPolicy",
        {"action": "ALLOW", "rules": [{"from": [{"source": {"principals": ["cluster.local/ns/a/sa/b"]}}]}]},
    ),
    "Istio, nobody": (f"{ISTIO}:AuthorizationPolicy", {"action": "ALLOW"}),
    "Istio, all but those with a token": (
        f"{ISTIO}:AuthorizationPolicy",
        {"action": "DENY", "rules": [{"from": [{"source": {"notRequestPrincipals": ["*"]}}]}]},
    ),
    "Istio, a service that decides": (
        f"{ISTIO}:AuthorizationPolicy",
        {"action": "CUSTOM", "provider": {"name": "p"}, "rules": [{}]},
    ),
    "Kuadrant": (f"{KUADRANT}:AuthPolicy", {"rules": {"authentication": KEYS}}),
    "Kuadrant, by default": (f"{KUADRANT}:AuthPolicy", {"defaults": {"rules": {"authentication": KEYS}}}),
}
ASKS_NOT: dict[str, tuple[str, dict[str, Any]]] = {
    "retries": (f"{ENVOY}:BackendTrafficPolicy", {"retry": {}}),
    "an extension": (f"{ENVOY}:EnvoyExtensionPolicy", {"wasm": []}),
    "the settings of clients": (f"{ENVOY}:ClientTrafficPolicy", {"tls": {}}),
    "other origins": (f"{ENVOY}:SecurityPolicy", {"cors": {"allowOrigins": ["*"]}}),
    "rights without a name": (f"{ENVOY}:SecurityPolicy", {"authorization": {"defaultAction": "Allow"}}),
    "an empty login": (f"{ENVOY}:SecurityPolicy", {"oidc": {}}),
    "a token that may be missing": (f"{ENVOY}:SecurityPolicy", {"jwt": {"optional": True, "providers": [{}]}}),
    "a service that may be down": (f"{ENVOY}:SecurityPolicy", {"extAuth": {"failOpen": True, "http": {}}}),
    "Istio, everybody": (f"{ISTIO}:AuthorizationPolicy", {"action": "ALLOW", "rules": [{}]}),
    "Istio, everybody besides": (
        f"{ISTIO}:AuthorizationPolicy",
        {"rules": [{"from": [{"source": {"requestPrincipals": ["*"]}}]}, {"to": [{"operation": {"paths": ["/*"]}}]}]},
    ),
    "Istio, an address": (
        f"{ISTIO}:AuthorizationPolicy",
        {"rules": [{"from": [{"source": {"ipBlocks": ["0.0.0.0/0"]}}]}]},
    ),
    "Istio, some paths": (
        f"{ISTIO}:AuthorizationPolicy",
        {
            "action": "DENY",
            "rules": [
                {"from": [{"source": {"notRequestPrincipals": ["*"]}}], "to": [{"operation": {"paths": ["/admin"]}}]}
            ],
        },
    ),
    "Istio, a log": (f"{ISTIO}:AuthorizationPolicy", {"action": "AUDIT", "rules": [{}]}),
    "Istio, tokens that may be missing": (f"{ISTIO}:RequestAuthentication", {"jwtRules": [{"issuer": "i"}]}),
    "Kuadrant, a rate": (f"{KUADRANT}:RateLimitPolicy", {"limits": {}}),
    "Kuadrant, anonymous": (f"{KUADRANT}:AuthPolicy", {"rules": {"authentication": {"a": {"anonymous": {}}}}}),
    "Kuadrant, anonymous besides": (
        f"{KUADRANT}:AuthPolicy",
        {"rules": {"authentication": KEYS | {"a": {"anonymous": {}}}}},
    ),
    "Kuadrant, rights alone": (f"{KUADRANT}:AuthPolicy", {"rules": {"authorization": {"a": {}}}}),
}


def guard(kind: str, spec: dict[str, Any]) -> Declared:
    """Return a policy that targets the route `chat`."""
    metadata = {"name": "guard", "namespace": "apps"}
    return kubernetes(kind, "guard", {"metadata": metadata, "spec": {"targetRefs": [CHAT]} | spec})


@pytest.mark.parametrize(("kind", "spec"), ASKS.values(), ids=ASKS)
def test_a_policy_that_asks_who_comes(kind: str, spec: dict[str, Any]) -> None:
    assert of_rule("security-route-authentication", check_stack(route(), guard(kind, spec))) == []


@pytest.mark.parametrize(("kind", "spec"), ASKS_NOT.values(), ids=ASKS_NOT)
def test_a_policy_that_asks_nobody(kind: str, spec: dict[str, Any]) -> None:
    (message,) = of_rule("security-route-authentication", check_stack(route(), guard(kind, spec)))
    assert "HTTPRoute chat is reachable and no policy of this stack asks who comes" in message


@pytest.mark.parametrize(
    ("spec", "named"),
    [
        ({"jwt": {"optional": UNKNOWN, "providers": []}}, "spec.jwt.optional"),
        ({"extAuth": {"failOpen": UNKNOWN}}, "spec.extAuth.failOpen"),
    ],
)
def test_whether_it_asks_everybody_is_unknown(spec: dict[str, Any], named: str) -> None:
    (message,) = of_rule("security-route-authentication", check_stack(route(), guard(f"{ENVOY}:SecurityPolicy", spec)))
    assert f"cannot be decided: {named} is not known" in message


AWS_SCHEME = "service.beta.kubernetes.io/aws-load-balancer-scheme"
AWS_OLD = "service.beta.kubernetes.io/aws-load-balancer-internal"
GKE_TYPE = "networking.gke.io/load-balancer-type"
AZURE = "service.beta.kubernetes.io/azure-load-balancer-internal"
ON_AWS, ON_GCP, ON_AZURE = (
    replace(cluster(provider=provider), name=f"on-{provider}") for provider in ("aws", "gcp", "azure")
)


@pytest.mark.parametrize(
    ("clusters", "annotations", "internal"),
    [
        ([ON_AWS], {AWS_SCHEME: "internal"}, True),
        ([ON_AWS], {AWS_OLD: "true"}, True),
        ([ON_AWS], {AWS_OLD: "true", AWS_SCHEME: "internet-facing"}, False),
        ([ON_AWS], {GKE_TYPE: "Internal"}, False),
        ([ON_AWS], {AZURE: "true"}, False),
        ([ON_GCP], {GKE_TYPE: "Internal"}, True),
        ([ON_GCP], {AWS_SCHEME: "internal"}, False),
        ([ON_GCP], {"cloud.google.com/load-balancer-type": "Internal", GKE_TYPE: "External"}, False),
        ([ON_AZURE], {AZURE: "true"}, True),
        ([ON_AZURE], {AZURE: "false"}, False),
        ([ON_AZURE], {GKE_TYPE: "Internal"}, False),
        ([], {AZURE: "true"}, True),
        ([], {AWS_OLD: "true", AWS_SCHEME: "internet-facing"}, False),
        ([ON_AWS, ON_GCP], {AWS_SCHEME: "internal"}, True),
        ([ON_AWS, ON_GCP], {AWS_SCHEME: "internal", GKE_TYPE: "External"}, False),
        ([ON_AWS, ON_GCP], {AWS_SCHEME: "internet-facing"}, False),
        ([ON_AWS, ON_GCP], {AZURE: "true"}, False),
        ([ON_AWS, ON_GCP], {AWS_SCHEME: "internal", GKE_TYPE: "Internal"}, True),
        ([pool()], {GKE_TYPE: "Internal"}, False),
    ],
)
def test_an_internal_load_balancer(clusters: list[Declared], annotations: dict[str, str], internal: bool) -> None:
    declared = service({"metadata.annotations": annotations})
    assert (of_rule("security-public-services", register(*clusters, declared)) == []) == internal


def on(cloud: str, declared: Declared) -> Declared:
    """Return an object as the provider of a cluster of ours creates it: it says of which cluster it is."""
    declared.provider_properties["clusterIdentifier"] = f"{cloud}/somewhere/vision-dev-use1"
    return declared


@pytest.mark.parametrize(
    ("clusters", "cloud", "annotations", "internal"),
    [
        ([ON_AWS, ON_GCP], "aws", {AWS_SCHEME: "internal"}, True),
        ([ON_AWS, ON_GCP], "gcp", {AWS_SCHEME: "internal"}, False),
        ([ON_AWS, ON_GCP], "gcp", {AWS_SCHEME: "internet-facing", GKE_TYPE: "Internal"}, True),
        ([ON_AWS], "gcp", {GKE_TYPE: "Internal"}, False),
        ([ON_AWS, ON_GCP], "existing", {GKE_TYPE: "Internal"}, True),
        ([], "gcp", {AWS_SCHEME: "internal"}, False),
    ],
)
def test_a_load_balancer_of_a_cluster_that_is_known(
    clusters: list[Declared], cloud: str, annotations: dict[str, str], internal: bool
) -> None:
    declared = on(cloud, service({"metadata.annotations": annotations}))
    assert (of_rule("security-public-services", register(*clusters, declared)) == []) == internal


ALB_SCHEME = "alb.ingress.kubernetes.io/scheme"
ALB_AUTH = "alb.ingress.kubernetes.io/auth-type"
APPGW_PRIVATE = "appgw.ingress.kubernetes.io/use-private-ip"
CLASS = "kubernetes.io/ingress.class"
NGINX_AUTH = "nginx.ingress.kubernetes.io/auth-url"


@pytest.mark.parametrize(
    ("clusters", "controller", "annotations", "asks"),
    [
        ([ON_AWS], "alb", {ALB_SCHEME: "internal"}, True),
        ([ON_AWS], "nginx", {ALB_SCHEME: "internal"}, False),
        ([ON_GCP], None, {ALB_SCHEME: "internal"}, False),
        ([ON_AWS], "alb", {ALB_AUTH: "oidc"}, True),
        ([ON_AWS], "our-own", {ALB_AUTH: "oidc"}, True),
        ([ON_AWS], "nginx", {ALB_AUTH: "oidc"}, False),
        ([ON_AWS], "alb", {NGINX_AUTH: "https://a"}, False),
        ([ON_AWS], "nginx", {NGINX_AUTH: "https://a"}, True),
        ([ON_GCP], None, {CLASS: "gce-internal"}, True),
        ([ON_AWS], None, {CLASS: "gce-internal"}, False),
        ([ON_AWS], None, {CLASS: "nginx", ALB_AUTH: "oidc"}, False),
        ([], None, {ALB_SCHEME: "internal"}, True),
        ([ON_AZURE], "azure-application-gateway", {APPGW_PRIVATE: "true"}, True),
        ([ON_AZURE], None, {CLASS: "azure/application-gateway", APPGW_PRIVATE: "true"}, True),
        ([ON_AZURE], None, {CLASS: "azure/application-gateway"}, False),
        ([ON_AZURE], None, {CLASS: "azure/application-gateway", ALB_AUTH: "oidc"}, False),
        ([ON_AWS, ON_GCP], "alb", {ALB_SCHEME: "internal"}, True),
        ([ON_AWS, ON_GCP], "alb", {ALB_SCHEME: "internet-facing"}, False),
        ([ON_AWS, ON_GCP], "alb", {CLASS: "gce-internal"}, False),
        ([ON_AWS, ON_GCP], None, {CLASS: "gce-internal"}, True),
        ([ON_AWS, ON_GCP], None, {CLASS: "gce", ALB_SCHEME: "internal"}, False),
        ([ON_AWS, ON_GCP], "our-own", {ALB_SCHEME: "internal"}, True),
        ([ON_AWS, ON_GCP], "nginx", {ALB_SCHEME: "internal"}, False),
        ([ON_AWS, ON_GCP], None, {}, False),
        ([ON_AWS], UNKNOWN, {ALB_AUTH: "oidc"}, False),
    ],
)
def test_an_ingress_that_its_controller_guards(
    clusters: list[Declared], controller: Any, annotations: dict[str, str], asks: bool
) -> None:
    declared = ingress(annotations)
    declared.properties["spec"] = {"ingressClassName": controller}
    assert (of_rule("security-ingress-authentication", register(*clusters, declared)) == []) == asks


def test_an_ingress_of_a_cluster_that_is_known() -> None:
    declared = on("gcp", ingress({ALB_SCHEME: "internal"}))
    assert of_rule("security-ingress-authentication", register(ON_AWS, ON_GCP, declared)) != []


def test_a_listener_of_either_name_speaks_tls() -> None:
    old = resource("listener", {"protocol": "HTTP"})
    new = Declared("aws:alb/listener:Listener", "listener", old.properties)
    for declared in (old, new):
        assert "serves HTTP without encryption" in of_rule("security-load-balancer-tls", register(declared))[0]


def closing(name: str = "deny", **spec: Any) -> Declared:
    declared = network_policy({})
    declared.name = name
    declared.properties["metadata"]["name"] = name
    declared.properties["spec"] |= spec
    return declared


ONE_PORT = {"ports": [{"port": 8000}]}


@pytest.mark.parametrize(
    ("policies", "closed"),
    [
        ([closing()], True),
        ([closing(policyTypes=["Ingress", "Egress"])], True),
        ([closing(ingress=[{"from": [{"podSelector": {}}]}])], True),
        ([closing(ingress=[ONE_PORT])], True),
        ([closing(ingress=[{}])], False),
        ([closing(ingress=[{"from": []}])], False),
        ([closing(ingress=[{"from": [{"namespaceSelector": {}}]}])], False),
        ([closing(ingress=[{"from": [{"ipBlock": {"cidr": "0.0.0.0/0"}}]}])], False),
        ([closing(policyTypes=["Egress"], egress=[])], False),
        ([closing(), closing("open", ingress=[{}])], False),
        ([closing(), closing("egress", policyTypes=["Egress"], egress=[{}])], True),
    ],
)
def test_a_namespace_is_closed(policies: list[Declared], closed: bool) -> None:
    messages = of_rule("security-network-policies", check_stack(namespace(), *policies))
    assert (messages == []) == closed, messages


@pytest.mark.parametrize("field", ["ingress", "policyTypes"])
def test_whether_it_is_closed_is_unknown(field: str) -> None:
    (message,) = of_rule("security-network-policies", check_stack(namespace(), closing(**{field: UNKNOWN})))
    assert f"cannot be decided: spec.{field} is not known" in message


def test_a_service_without_annotations_is_public() -> None:
    assert of_rule("security-public-services", register(service({"metadata.annotations": REMOVED}))) != []
