"""Which ways of sharing accelerators a cluster is prepared for: nodes can only choose what its operators know."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bedplate.clusters.spec import ClusterSpec
from bedplate.node_pools.sharing import operator_labels

if TYPE_CHECKING:
    from bedplate.node_pools.sharing_spec import Sharing
    from bedplate.stack import StackSpec


def cluster_shared_accelerators(stack: StackSpec, name: str) -> tuple[Sharing, ...]:
    """Return the ways of sharing on a cluster of this stack: the declared ones, and those of the stack's own pools."""
    cluster = stack.clusters[name]
    if not isinstance(cluster, ClusterSpec):
        return ()
    own = [pool.sharing for pool in stack.node_pools.values() if pool.cluster == name and pool.sharing is not None]
    by_label = {tuple(sorted(operator_labels(way).items())): way for way in (*cluster.shared_accelerators, *own)}
    return tuple(by_label[labels] for labels in sorted(by_label))


def is_prepared(way: Sharing, prepared: tuple[Sharing, ...]) -> bool:
    """Tell whether a way of sharing is among those that a cluster is prepared for."""
    return operator_labels(way) in [operator_labels(one) for one in prepared]
