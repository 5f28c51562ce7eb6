"""Security of what can be reached from outside: services, ingresses and routes, and the guards beside them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rules.model import Finding, Resource, Rule, StackRule, Surroundings
from rules.networks import names_everybody
from rules.reading import need, want
from rules.separation import NAMESPACE, namespace_of, system_namespaces

if TYPE_CHECKING:
    from collections.abc import Iterator

INTERNAL_ANNOTATIONS = {
    "service.beta.kubernetes.io/aws-load-balancer-scheme": "internal",
    "service.beta.kubernetes.io/aws-load-balancer-internal": "true",
    "networking.gke.io/load-balancer-type": "Internal",
    "cloud.google.com/load-balancer-type": "Internal",
    "service.beta.kubernetes.io/azure-load-balancer-internal": "true",
}
"""What makes a load balancer private, by cloud."""

INGRESS_INTERNAL = {
    "alb.ingress.kubernetes.io/scheme": ("internal",),
    "kubernetes.io/ingress.class": ("gce-internal", "azure/application-gateway-internal"),
}

AUTH_ANNOTATIONS = (
    "alb.ingress.kubernetes.io/auth-type",
    "nginx.ingress.kubernetes.io/auth-url",
    "nginx.ingress.kubernetes.io/auth-type",
    "nginx.ingress.kubernetes.io/auth-tls-secret",
)
"""Annotations by which an ingress controller asks who comes, before it lets anything through."""

ROUTE = "kubernetes:gateway.networking.k8s.io/"
AUTH_POLICIES = (
    "kubernetes:gateway.envoyproxy.io/",
    "kubernetes:security.istio.io/",
    "kubernetes:kuadrant.io/",
)
"""Packages of policies that ask who comes, and name the route that they are for in `targetRef`."""

NETWORK_POLICY = "kubernetes:networking.k8s.io/v1:NetworkPolicy"


def _is_service(token: str) -> bool:
    return token in ("kubernetes:core/v1:Service", "kubernetes:core/v1:ServicePatch")


def _is_ingress(token: str) -> bool:
    return token.startswith("kubernetes:networking.k8s.io/") and token.endswith(":Ingress")


def _is_route(token: str) -> bool:
    return token.startswith(ROUTE) and token.endswith(("Route",))


def _is_auth_policy(token: str) -> bool:
    return token.startswith(AUTH_POLICIES)


def _annotation(resource: Resource, key: str) -> Any:
    """Return one annotation; others, such as the ARN of a certificate, may be unknown."""
    return want(resource.properties, "metadata", "annotations", key)


def service_is_not_public(service: Resource, _: Surroundings) -> Iterator[str]:
    """A load balancer of a service is internal, or lets in named networks alone."""
    if want(service.properties, "spec", "type") != "LoadBalancer":
        addresses = want(service.properties, "spec", "externalIPs")
        if addresses:
            yield f"Service {service.name} takes over traffic to {', '.join(addresses)} (externalIPs)"
        return
    if any(_annotation(service, key) == value for key, value in INTERNAL_ANNOTATIONS.items()):
        return
    networks = want(service.properties, "spec", "loadBalancerSourceRanges")
    if not networks or names_everybody(networks):
        yield f"Service {service.name} makes a load balancer that everybody reaches, and asks nobody who they are"


def ingress_asks_who_comes(ingress: Resource, _: Surroundings) -> Iterator[str]:
    """An ingress is internal, or names how it asks who comes."""
    if any(_annotation(ingress, key) in values for key, values in INGRESS_INTERNAL.items()):
        return
    if all(_annotation(ingress, key) in (None, "", "none") for key in AUTH_ANNOTATIONS):
        yield f"Ingress {ingress.name} is reachable from outside and names no authentication"


def routes_ask_who_comes(surroundings: Surroundings) -> Iterator[Finding]:
    """A policy of this stack that asks who comes names each route as its target."""
    guarded = set()
    routes = [one for one in surroundings.resources.values() if _is_route(one.type)]
    if not routes:
        return
    for policy in surroundings.resources.values():
        if _is_auth_policy(policy.type):
            guarded |= {(namespace_of(policy), name) for name in _targets(policy)}
    for route in routes:
        name = want(route.properties, "metadata", "name") or route.name
        if (namespace_of(route), name) not in guarded:
            problem = f"{route.type.rpartition(':')[2]} {name} is reachable and no policy of this stack asks who comes"
            yield Finding(problem, "Fix: target it with a SecurityPolicy or AuthPolicy (targetRef)", route.urn)


def _targets(policy: Resource) -> Iterator[str]:
    single = want(policy.properties, "spec", "targetRef")
    for target in [single, *(want(policy.properties, "spec", "targetRefs") or ())]:
        if target and str(target.get("kind", "")).endswith("Route"):
            yield target.get("name", "")


def namespaces_are_closed(surroundings: Surroundings) -> Iterator[Finding]:
    """Every namespace of the stack has a network policy that selects all of its pods."""
    closed = set()
    for policy in surroundings.resources.values():
        if policy.type == NETWORK_POLICY and not _selected(policy):
            closed.add(namespace_of(policy))
    for namespace in surroundings.resources.values():
        if namespace.type != NAMESPACE:
            continue
        name = need(namespace.properties, "metadata", "name")
        if name not in closed and name not in system_namespaces():
            problem = f"namespace {name} has no network policy for all of its pods, so everything reaches them"
            yield Finding(
                problem, "Fix: add a NetworkPolicy with podSelector {} that allows what is needed", namespace.urn
            )


def _selected(policy: Resource) -> dict[str, Any]:
    """Return the pods that a network policy selects; empty for all."""
    selector: dict[str, Any] = want(policy.properties, "spec", "podSelector") or {}
    return selector


RULES = (
    Rule(
        id="security-public-services",
        family="security",
        demands="The load balancer of a Service is internal or has loadBalancerSourceRanges.",
        reason="A load balancer in front of a model asks nobody who they are; whoever finds it runs up the bill.",
        fix="annotate it as internal, or put it behind an Ingress or route that authenticates",
        references=("KICS 2a52567c", "CVE-2020-8554"),
        passes="annotations: {service.beta.kubernetes.io/aws-load-balancer-scheme: internal}",
        fails="type: LoadBalancer, nothing else",
        applies=_is_service,
        check=service_is_not_public,
    ),
    Rule(
        id="security-ingress-authentication",
        family="security",
        demands="An Ingress is internal or names how it asks who comes.",
        reason="An endpoint without authentication serves everybody, at the team's expense.",
        fix=f"set one of {', '.join(AUTH_ANNOTATIONS)}; an application that authenticates by itself needs an exception",
        passes="annotations: {alb.ingress.kubernetes.io/auth-type: oidc}",
        fails="annotations: {alb.ingress.kubernetes.io/scheme: internet-facing}",
        applies=_is_ingress,
        check=ingress_asks_who_comes,
    ),
)

STACK_RULES = (
    StackRule(
        id="security-route-authentication",
        family="security",
        demands="A route of the Gateway API is the target of a policy in the stack that asks who comes.",
        reason="An endpoint without authentication serves everybody, at the team's expense.",
        fix="add a SecurityPolicy (Envoy Gateway), AuthorizationPolicy (Istio) or AuthPolicy (Kuadrant)",
        passes="SecurityPolicy with targetRef {kind: HTTPRoute, name: chat}",
        fails="HTTPRoute chat alone",
        check=routes_ask_who_comes,
        reads=lambda token: _is_route(token) or _is_auth_policy(token),
    ),
    StackRule(
        id="security-network-policies",
        family="security",
        demands="Every namespace of the stack has a NetworkPolicy that selects all of its pods.",
        reason="Pods that no policy selects can be reached from every other pod of the cluster.",
        fix="add a NetworkPolicy with an empty podSelector",
        references=("CKV2_K8S_6", "CIS EKS 4.3.2"),
        passes="NetworkPolicy {podSelector: {}, policyTypes: [Ingress, Egress]}",
        fails="a Namespace alone",
        check=namespaces_are_closed,
        reads=lambda token: token in (NAMESPACE, NETWORK_POLICY),
    ),
)
