"""What makes a load balancer private, by cloud: the annotation of another cloud does nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rules.nodes import CLUSTER, NODE_POOL
from rules.reading import want

if TYPE_CHECKING:
    from collections.abc import Mapping

    from rules.model import Resource, Surroundings

SERVICES: Mapping[str, Mapping[str, str]] = {
    "aws": {
        "service.beta.kubernetes.io/aws-load-balancer-scheme": "internal",
        "service.beta.kubernetes.io/aws-load-balancer-internal": "true",
    },
    "gcp": {
        "networking.gke.io/load-balancer-type": "Internal",
        "cloud.google.com/load-balancer-type": "Internal",
    },
    "azure": {"service.beta.kubernetes.io/azure-load-balancer-internal": "true"},
}
"""Annotations of a Service and what each must say; of two, the newer one wins, so none may say something else
(kubernetes-sigs.github.io/aws-load-balancer-controller: Service annotations, the older one is deprecated)."""

INGRESSES: Mapping[str, Mapping[str, str]] = {
    "aws": {"alb.ingress.kubernetes.io/scheme": "internal"},
    "gcp": {"kubernetes.io/ingress.class": "gce-internal"},
    "azure": {"kubernetes.io/ingress.class": "azure/application-gateway-internal"},
}


def clouds_of(surroundings: Surroundings) -> set[str]:
    """Return the clouds on which a stack has clusters or pools; none where it says nothing of them."""
    components = (one for one in surroundings.resources.values() if one.type in (CLUSTER, NODE_POOL))
    return {cloud for one in components if (cloud := want(one.properties, "provider")) in SERVICES}


def is_internal(resource: Resource, table: Mapping[str, Mapping[str, str]], surroundings: Surroundings) -> bool:
    """Return whether a Service or Ingress is private on each cloud of the stack, or on one where none is known."""
    clouds = clouds_of(surroundings)
    on_each = [_is_internal_on(resource, table[cloud]) for cloud in clouds or table]
    return all(on_each) if clouds else any(on_each)


def _is_internal_on(resource: Resource, wanted: Mapping[str, str]) -> bool:
    stated = {key: value for key in wanted if (value := annotation(resource, key)) is not None}
    return bool(stated) and all(wanted[key] == value for key, value in stated.items())


def annotation(resource: Resource, key: str) -> Any:
    """Return one annotation; others, such as the ARN of a certificate, may be unknown."""
    return want(resource.properties, "metadata", "annotations", key)
