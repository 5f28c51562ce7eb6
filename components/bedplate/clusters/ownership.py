"""Which stack declares a cluster that pools stand on: their own, or a platform stack that theirs refers to."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bedplate.clusters.spec import ClusterReference, ClusterSpec

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bedplate.stack import StackSpec


def cluster_owner(
    stack: StackSpec, name: str, references: Mapping[str, StackSpec]
) -> tuple[StackSpec, str, ClusterSpec] | None:
    """Return the stack that owns a cluster, the cluster's name there, and its declaration; None where one lacks.

    `name` is the cluster's name in `stack`, `references` holds the platform stacks by name.
    """
    cluster = stack.clusters.get(name)
    if isinstance(cluster, ClusterReference):
        owner = references.get(cluster.stack)
        if owner is None:
            return None
        stack, name, cluster = owner, cluster.name, owner.clusters.get(cluster.name)
    return (stack, name, cluster) if isinstance(cluster, ClusterSpec) else None
