"""Which policies in front of a route ask who comes: by their kind, and by what they say."""

from __future__ import annotations

from fnmatch import fnmatchcase
from functools import cache
from typing import TYPE_CHECKING, Any

from rules.properties import GIVEN
from rules.reading import items, read, want

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from rules.model import Resource

ENVOY_FIELDS: Mapping[str, str] = {
    "apiKeyAuth": "",
    "basicAuth": "",
    "extAuth": "failOpen",
    "jwt": "optional",
    "oidc": "",
}
"""Fields of Envoy Gateway's SecurityPolicy that authenticate, each with the switch in it that lets everybody through
all the same (envoyproxy/gateway@d32f282 of 2026-08-21: api/v1alpha1, SecurityPolicySpec, JWT, ExtAuth)."""

ISTIO_CALLERS = ("principals", "requestPrincipals")
"""What a source of Istio's AuthorizationPolicy says about who calls; addresses and namespaces say from where
(istio.io: Authorization Policy, Source)."""

KUADRANT_RULES = (("spec", "rules"), ("spec", "defaults", "rules"), ("spec", "overrides", "rules"))
ANONYMOUS = "anonymous"
"""Where Kuadrant's AuthPolicy has its rules, and the method of authentication that is none
(Kuadrant/kuadrant-operator@5f5dce3: config/crd/bases/kuadrant.io_authpolicies.yaml)."""


def _envoy_asks(policy: Resource) -> bool:
    return any(_is_on(policy, field, off) for field, off in ENVOY_FIELDS.items())


def _is_on(policy: Resource, field: str, off: str) -> bool:
    path = ("spec", field)
    given = GIVEN.holds(read(policy.properties, *path), path)
    return given and not (off and want(policy.properties, *path, off))


def _istio_asks(policy: Resource) -> bool:
    """Istio lets through what one ALLOW rule matches, and nothing that one DENY rule matches."""
    rules = items(policy.properties, "spec", "rules")
    match want(policy.properties, "spec", "action") or "ALLOW":
        case "CUSTOM":
            return bool(want(policy.properties, "spec", "provider", "name"))
        case "ALLOW":
            return all(_names_callers(rule) for rule in rules)
        case "DENY":
            return any(_matches_strangers(rule) for rule in rules)
    return False


def _names_callers(rule: Any) -> bool:
    sources = want(rule, "from") or []
    return bool(sources) and all(any(want(one, "source", field) for field in ISTIO_CALLERS) for one in sources)


def _matches_strangers(rule: Any) -> bool:
    """Tell whether a rule matches whoever has no token, whatever they want."""
    if want(rule, "to") or want(rule, "when"):
        return False
    sources = want(rule, "from") or []
    return any(set(one.get("source") or {}) == {"notRequestPrincipals"} for one in sources)


def _kuadrant_asks(policy: Resource) -> bool:
    methods = [
        method
        for path in KUADRANT_RULES
        for method in (want(policy.properties, *path, "authentication") or {}).values()
    ]
    return bool(methods) and not any(ANONYMOUS in method for method in methods)


ASKING: Mapping[str, Callable[[Resource], bool]] = {
    "kubernetes:gateway.envoyproxy.io/*:SecurityPolicy": _envoy_asks,
    "kubernetes:security.istio.io/*:AuthorizationPolicy": _istio_asks,
    "kubernetes:kuadrant.io/*:AuthPolicy": _kuadrant_asks,
}
"""Kinds that can ask who comes. Others of the same packages set retries, rates, or what a token must be if there is one
(Istio's RequestAuthentication lets requests without any through)."""


@cache
def can_ask(type_token: str) -> bool:
    """Return whether policies of a kind can ask who comes."""
    return any(fnmatchcase(type_token, pattern) for pattern in ASKING)


def asks_who_comes(policy: Resource) -> bool:
    """Return whether a policy of such a kind does; raises `UndecidedError` where that is unknown."""
    return next(asks for pattern, asks in ASKING.items() if fnmatchcase(policy.type, pattern))(policy)
