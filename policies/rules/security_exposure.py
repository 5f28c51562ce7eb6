"""Security of what can be reached from outside: services, ingresses and routes, and the guards beside them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rules.authentication import asks_who_comes, can_ask
from rules.internal import CONTROLLERS, annotation, ingress_is_internal, service_is_internal
from rules.model import Finding, Resource, Rule, StackRule, Surroundings
from rules.namespaces import NAMESPACE, namespace_of, system_namespaces
from rules.networks import names_everybody
from rules.reading import items, need, want

if TYPE_CHECKING:
    from collections.abc import Iterator

INGRESS_CLASS = "kubernetes.io/ingress.class"

AUTH_ANNOTATIONS = (
    "alb.ingress.kubernetes.io/auth-type",
    "nginx.ingress.kubernetes.io/auth-url",
    "nginx.ingress.kubernetes.io/auth-type",
    "nginx.ingress.kubernetes.io/auth-tls-secret",
)
"""Annotations by which an ingress controller asks who comes, before it lets anything through."""

ROUTE = "kubernetes:gateway.networking.k8s.io/"
NETWORK_POLICY = "kubernetes:networking.k8s.io/v1:NetworkPolicy"


def _is_service(token: str) -> bool:
    return token in ("kubernetes:core/v1:Service", "kubernetes:core/v1:ServicePatch")


def _is_ingress(token: str) -> bool:
    return token.startswith("kubernetes:networking.k8s.io/") and token.endswith(":Ingress")


def _is_route(token: str) -> bool:
    return token.startswith(ROUTE) and token.endswith(("Route",))


def service_is_not_public(service: Resource, surroundings: Surroundings) -> Iterator[str]:
    """A load balancer of a service is internal, or lets in named networks alone."""
    if want(service.properties, "spec", "type") != "LoadBalancer":
        addresses = want(service.properties, "spec", "externalIPs")
        if addresses:
            yield f"Service {service.name} takes over traffic to {', '.join(addresses)} (externalIPs)"
        return
    if service_is_internal(service, surroundings):
        return
    networks = want(service.properties, "spec", "loadBalancerSourceRanges")
    if not networks or names_everybody(networks):
        yield f"Service {service.name} makes a load balancer that everybody reaches, and asks nobody who they are"


def ingress_asks_who_comes(ingress: Resource, surroundings: Surroundings) -> Iterator[str]:
    """An ingress is internal, or names how it asks who comes, in words of its own controller."""
    stated = want(ingress.properties, "spec", "ingressClassName") or annotation(ingress, INGRESS_CLASS)
    if ingress_is_internal(ingress, stated, surroundings):
        return
    heeded = [key for key in AUTH_ANNOTATIONS if _is_heeded(key, stated)]
    if all(annotation(ingress, key) in (None, "", "none") for key in heeded):
        yield f"Ingress {ingress.name} is reachable from outside and names no authentication"


def _is_heeded(key: str, controller: str | None) -> bool:
    """Return whether a controller reads an annotation; of a class with a name of somebody's own, it may."""
    return controller not in CONTROLLERS or key.partition(".")[0] == controller


def routes_ask_who_comes(surroundings: Surroundings) -> Iterator[Finding]:
    """A policy of this stack that asks who comes names each route as its target."""
    guarded = set()
    routes = [one for one in surroundings.resources.values() if _is_route(one.type)]
    if not routes:
        return
    for policy in surroundings.resources.values():
        if can_ask(policy.type) and asks_who_comes(policy):
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
    """Every namespace of the stack has a network policy that keeps others off all of its pods, and none that opens it.

    What one policy allows, no other takes back.
    """
    closed: set[str] = set()
    opened: set[str] = set()
    for policy in surroundings.resources.values():
        if policy.type == NETWORK_POLICY and not _selected(policy) and _is_about_ingress(policy):
            (opened if _lets_everybody_in(policy) else closed).add(namespace_of(policy))
    closed -= opened
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


def _is_about_ingress(policy: Resource) -> bool:
    """Return whether a policy is about what comes in: it is, where it does not say."""
    return "Ingress" in (want(policy.properties, "spec", "policyTypes") or ("Ingress",))


def _lets_everybody_in(policy: Resource) -> bool:
    """Return whether a rule of a policy lets everybody reach every port."""
    return any(not want(rule, "ports") and _is_everybody(rule) for rule in items(policy.properties, "spec", "ingress"))


def _is_everybody(rule: Any) -> bool:
    peers = want(rule, "from") or []
    networks = [want(peer, "ipBlock", "cidr") for peer in peers]
    return not peers or names_everybody(networks) or {"namespaceSelector": {}} in peers


RULES = (
    Rule(
        id="security-public-services",
        family="security",
        demands="The load balancer of a Service is internal, by the annotation of its cloud, or has "
        "loadBalancerSourceRanges.",
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
        demands="An Ingress is internal or names how it asks who comes, in annotations of its own controller.",
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
        demands="A route of the Gateway API is the target of a policy in the stack that asks everybody who they are.",
        reason="An endpoint without authentication serves everybody, at the team's expense.",
        fix="add a SecurityPolicy (Envoy Gateway), AuthorizationPolicy (Istio) or AuthPolicy (Kuadrant) that "
        "authenticates: with keys, tokens, a login or an external service",
        passes="SecurityPolicy with apiKeyAuth and targetRef {kind: HTTPRoute, name: chat}",
        fails="HTTPRoute chat alone",
        check=routes_ask_who_comes,
        reads=lambda token: _is_route(token) or can_ask(token),
    ),
    StackRule(
        id="security-network-policies",
        family="security",
        demands="Every namespace of the stack has a NetworkPolicy for what reaches all of its pods, and none that lets "
        "everybody in.",
        reason="Pods that no policy selects can be reached from every other pod of the cluster.",
        fix="add a NetworkPolicy with an empty podSelector and the policy type Ingress",
        references=("CKV2_K8S_6", "CIS EKS 4.3.2"),
        passes="NetworkPolicy {podSelector: {}, policyTypes: [Ingress, Egress]}",
        fails="a Namespace alone",
        check=namespaces_are_closed,
        reads=lambda token: token in (NAMESPACE, NETWORK_POLICY),
    ),
)
