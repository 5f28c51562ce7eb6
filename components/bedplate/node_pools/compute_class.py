"""The order of a pool's offers on Google Cloud: a ComputeClass, by which GKE's autoscaler tries them.

Its fields: GKE documentation, "About custom compute classes". Why: docs/decisions/0009-gke-clusters.md.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bedplate.clouds.gcp_names import NODE_POOL_LENGTH, fitting_name

if TYPE_CHECKING:
    from bedplate.node_pools.plan import NodeGroupPlan, NodePoolPlan

COMPUTE_CLASS = "cloud.google.com/compute-class"
"""Label and taint of nodes that GKE's autoscaler brings by the priorities of a ComputeClass, and the label by which
pods ask for the class. GKE itself gives such pods the toleration."""


def class_name(provider: str, pool_name: str, offers: int) -> str:
    """Return the ComputeClass of a pool's nodes, empty where it has none: with one offer there is no order.

    >>> class_name("gcp", "vision-prod-train", 2)
    'vision-prod-train'
    """
    return pool_name if provider == "gcp" and offers > 1 else ""


def compute_class(pool: NodePoolPlan) -> dict[str, Any] | None:
    """Return the ComputeClass by which GKE tries a pool's offers in their order; None for a pool with one offer.

    It names node pools that exist, so it never makes any: their number and size stay within what was priced.
    """
    if len(pool.groups) == 1:
        return None
    return {
        "apiVersion": "cloud.google.com/v1",
        "kind": "ComputeClass",
        "metadata": {"name": pool.full_name},
        "spec": {
            "priorities": [{"nodepools": [gke_node_pool_name(group)]} for group in pool.groups],
            "nodePoolAutoCreation": {"enabled": False},
            # A pod that fits no offer waits. Otherwise it would get whatever node GKE likes.
            "whenUnsatisfiable": "DoNotScaleUp",
            # Moving pods back to a preferred offer would end their work.
            "activeMigration": {"optimizeRulePriority": False},
        },
    }


def gke_node_pool_name(group: NodeGroupPlan) -> str:
    """Return a group's name as GKE takes it."""
    return fitting_name(group.name, NODE_POOL_LENGTH)
