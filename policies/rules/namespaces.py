"""Whose a namespace is: a role of a team's stack, the platform, or an acceptance test; by it most rules judge a pod."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, get_args

from bedplate import catalog
from bedplate.node_pools.spec import Role
from bedplate.services.helm import NODE_AGENTS
from bedplate.services.plan import SYSTEM_NAMESPACE
from rules.charts import HELM_RELEASE
from rules.kubernetes_inputs import is_object
from rules.nodes import NODE_POOL
from rules.reading import want

if TYPE_CHECKING:
    from rules.model import Resource, Surroundings

GENERAL = "general"
ROLES: tuple[str, ...] = get_args(Role)

SEPARATION = "bedplate:index:ClusterSeparation"

NAMESPACE = "kubernetes:core/v1:Namespace"


def is_kubernetes_object(type_token: str) -> bool:
    """Return whether a type may be, or hold, a workload of Kubernetes. A release of Helm has its own rule."""
    return is_object(type_token) and type_token != HELM_RELEASE


@cache
def agent_namespaces() -> frozenset[str]:
    """Return the namespaces of agents on nodes of every role: `kube-system`, and those of charts that run some."""
    return frozenset({SYSTEM_NAMESPACE, *(catalog.chart(name).namespace for name in NODE_AGENTS)})


@cache
def system_namespaces() -> frozenset[str]:
    """Return the platform's own namespaces: `kube-system` and those of the catalog's charts (`services.plan`)."""
    return frozenset({SYSTEM_NAMESPACE, *(chart.namespace for chart in catalog.charts())})


def is_exempt(namespace: str, surroundings: Surroundings) -> bool:
    """Return whether pods of a namespace may run on nodes of every role, as on the cluster: those of agents on nodes,
    and those that the owner of a cluster of this stack names. A stack that only uses a cluster does not know them."""
    if namespace in agent_namespaces():
        return True
    clusters = (resource for resource in surroundings.resources.values() if resource.type == SEPARATION)
    return any(namespace in (want(cluster.properties, "exemptNamespaces") or ()) for cluster in clusters)


CLUSTER_WIDE = {"kubernetes:mellanox.com/v1alpha1:NicClusterPolicy": "network-operator"}
"""Orders without a namespace for an operator, which runs the pods in its own; by the chart that brings the operator."""


def namespace_of(resource: Resource) -> str:
    """Return the namespace of an object: its own, else its provider's, else `default`; for the orders of an operator
    the one in which it carries them out."""
    if resource.type in CLUSTER_WIDE:
        return catalog.chart(CLUSTER_WIDE[resource.type]).namespace
    own = want(resource.properties, "metadata", "namespace")
    return own or want(resource.provider_properties, "namespace") or "default"


def role_of(namespace: str, stack: str) -> str:
    """Return the role whose workloads run in a namespace: `<team>-<environment>-<role>` of this stack, or general."""
    return next((role for role in ROLES if namespace == f"{stack}-{role}"), GENERAL)


def fabric_test_pool(resource: Resource, surroundings: Surroundings) -> Resource | None:
    """Return the pool whose acceptance test an object belongs to: it stands below that pool, in its test's namespace.

    Bedplate itself declares such objects; a team writes none of them.
    """
    pool = surroundings.nearest_ancestor(resource, NODE_POOL)
    namespace = want(pool.properties, "testNamespace") if pool else None
    own = want(resource.properties, "metadata", "name") if resource.type == NAMESPACE else namespace_of(resource)
    return pool if namespace and own == namespace else None
