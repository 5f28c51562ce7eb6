"""Whether a cluster serves endpoints, and to whom: what endpoints need is installed once, with the cluster."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bedplate.clusters.spec import ClusterReference, ClusterSpec
from bedplate.errors import Problem

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from bedplate.services.gateway import Exposure
    from bedplate.stack import StackSpec


def cluster_serving(stack: StackSpec, name: str) -> Exposure | None:
    """Return how endpoints on a cluster of this stack are reached, or None where nothing for them is installed."""
    cluster = stack.clusters[name]
    if not isinstance(cluster, ClusterSpec):
        return None
    return cluster.serving or ("internal" if name in _clusters_with_endpoints(stack).values() else None)


def serving_problems(stack: StackSpec, references: Mapping[str, StackSpec]) -> Iterator[Problem]:
    """Return endpoints on clusters of platform stacks that do not serve, and clusters that hold requests for none."""
    yield from _holding_for_nobody(stack)
    for endpoint, name in _clusters_with_endpoints(stack).items():
        reference = stack.clusters.get(name)
        if not isinstance(reference, ClusterReference):
            continue
        owner = references.get(reference.stack)
        if owner is None or reference.name not in owner.clusters:
            continue  # said of the reference itself
        if cluster_serving(owner, reference.name) is None:
            yield Problem(
                f"the cluster {reference.name!r} of {reference.stack} has no gateway and no autoscaler for endpoints",
                ("endpoints", endpoint),
                hint=f"In the stack file of {reference.stack}, set clusters.{reference.name}.serving to internal or "
                "public, and deploy that stack first.",
            )


def _holding_for_nobody(stack: StackSpec) -> Iterator[Problem]:
    for name, cluster in stack.clusters.items():
        if isinstance(cluster, ClusterSpec) and cluster.scale_to_zero and cluster_serving(stack, name) is None:
            yield Problem(
                f"scale_to_zero holds requests for endpoints, and nothing for endpoints is installed on {name!r}",
                ("clusters", name, "scale_to_zero"),
                hint=f"Set clusters.{name}.serving to internal or public as well, or leave scale_to_zero out.",
            )


def _clusters_with_endpoints(stack: StackSpec) -> dict[str, str]:
    """Return the cluster of each endpoint. Pools that do not exist are left to the check of the endpoint itself."""
    return {
        name: stack.node_pools[pool].cluster
        for name, endpoint in stack.endpoints.items()
        for pool in endpoint.pools
        if pool in stack.node_pools
    }
