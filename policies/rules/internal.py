"""What makes a load balancer private, by cloud: the annotation of another cloud does nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rules.nodes import CLUSTER, NODE_POOL
from rules.reading import Known, read, want

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
    "azure": {"appgw.ingress.kubernetes.io/use-private-ip": "true"},
}
"""Annotations of an Ingress: of the AWS load balancer controller; of GKE, which heeds no `spec.ingressClassName`
(cloud.google.com/kubernetes-engine/docs/troubleshooting/ingress); and of Application Gateway
(learn.microsoft.com/azure/application-gateway/ingress-controller-private-ip). As of 2026-11-21."""

EVERYWHERE = ""

CONTROLLERS: Mapping[str, str] = {
    "alb": "aws",
    "gce": "gcp",
    "gce-internal": "gcp",
    "azure-application-gateway": "azure",
    "azure/application-gateway": "azure",
    **dict.fromkeys(("nginx", "traefik", "haproxy", "kong"), EVERYWHERE),
}
"""What controllers call their class where nobody gives it another name, and the cloud on which each runs, or
`EVERYWHERE`; each heeds its own annotations alone. Application Gateway has one name for `spec.ingressClassName` and one
for the annotation (learn.microsoft.com/azure/application-gateway/ingress-controller-annotations, 2026-11-21)."""


def clouds_of(surroundings: Surroundings) -> set[str]:
    """Return the clouds on which a stack has clusters or pools; none where it says nothing of them."""
    components = (one for one in surroundings.resources.values() if one.type in (CLUSTER, NODE_POOL))
    return {cloud for one in components if (cloud := want(one.properties, "provider")) in SERVICES}


def possible_clouds(resource: Resource, surroundings: Surroundings) -> set[str]:
    """Return the clouds on which an object may stand: that of its cluster, or all of the stack, or all there are.

    The provider of a cluster of this stack says which one it is: `<cloud>/<region>/<cluster>` (`clusters.kubeconfig`).
    """
    clouds = clouds_of(surroundings) or set(SERVICES)
    identifier = read(resource.provider_properties, "clusterIdentifier")
    own = str(identifier.value).partition("/")[0] if isinstance(identifier, Known) else ""
    return {own} if own in clouds else clouds


def service_is_internal(service: Resource, surroundings: Surroundings) -> bool:
    """Return whether a Service is said to be private on a cloud where it may stand, and on none to be public."""
    answers = {_is_internal_on(service, SERVICES[cloud]) for cloud in possible_clouds(service, surroundings)}
    return True in answers and False not in answers


def ingress_is_internal(ingress: Resource, controller: str | None, surroundings: Surroundings) -> bool:
    """Return whether an Ingress is private on the cloud of its controller; of a controller with a name of somebody's
    own, or without one, on any cloud where it may stand."""
    clouds = possible_clouds(ingress, surroundings)
    if (own := CONTROLLERS.get(controller or "")) is not None:
        clouds &= {own}
    return any(_is_internal_on(ingress, INGRESSES[cloud]) for cloud in clouds)


def _is_internal_on(resource: Resource, wanted: Mapping[str, str]) -> bool | None:
    """Return whether annotations of one cloud make something private; None where none of them is there."""
    stated = {key: value for key in wanted if (value := annotation(resource, key)) is not None}
    return all(wanted[key] == value for key, value in stated.items()) if stated else None


def annotation(resource: Resource, key: str) -> Any:
    """Return one annotation; others, such as the ARN of a certificate, may be unknown."""
    return want(resource.properties, "metadata", "annotations", key)
