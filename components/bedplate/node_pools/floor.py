"""The floor of a pool: `nodes.min` nodes that the autoscaler must keep, held by pods that do nothing.

Why pods, and not the minimum size of the node group:
- A pool has one node group per offer. A minimum on the first offer's group is a demand on that offer alone: during a
  shortage of spot machines the cloud keeps failing to start one, while the second offer stays empty. A pod that waits
  for a node makes the autoscaler try the offers in order.
- The autoscaler owns the desired size, so the program ignores it, and raising a group's minimum above that ignored
  size is refused by the cloud (terraform-aws-eks#3306). Raising the number of pods always works.
- The autoscaler does not grow a group to its minimum by itself unless it is told to (--enforce-node-group-min-size).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bedplate.node_pools.labels import DOMAIN
from bedplate.node_pools.taints import tolerations
from bedplate.separation.namespaces import pool_namespace
from bedplate.separation.priorities import FLOOR_PRIORITY_CLASS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bedplate.node_pools.plan import NodePoolPlan
    from bedplate.plan import StackPlan

FLOOR_LABEL = f"{DOMAIN}/floor"

# kubernetes/kubernetes build/pause/CHANGELOG.md, 3.10.1: the last entry that concerns Linux is older still.
PAUSE_IMAGE = "registry.k8s.io/pause:3.10.1"

# What the Pod Security Standard `restricted` asks of a pod and of each of its containers.
RESTRICTED_POD: Mapping[str, Any] = {
    "runAsNonRoot": True,
    "runAsUser": 65535,
    "runAsGroup": 65535,
    "seccompProfile": {"type": "RuntimeDefault"},
}
RESTRICTED_CONTAINER: Mapping[str, Any] = {
    "allowPrivilegeEscalation": False,
    "readOnlyRootFilesystem": True,
    "capabilities": {"drop": ["ALL"]},
}


def floor_manifests(pool: NodePoolPlan, stack: StackPlan) -> list[dict[str, Any]]:
    """Return the Deployment that keeps a pool's floor, or nothing where none is kept: a pool that may shrink to zero,
    and one of nodes that exist already and that no autoscaler takes away.

    It lives in the stack's own namespace of the pool's role, and obeys the rules of separation like any workload.
    """
    if pool.min_nodes == 0 or pool.provider == "existing":
        return []
    labels = {FLOOR_LABEL: pool.full_name}
    return [
        {
            "apiVersion": "apps/v1",
            "kind": "Deployment",
            "metadata": {
                "name": f"floor-{pool.name}",
                "namespace": pool_namespace(stack, pool),
                "labels": labels,
                # A shortage is no error of the declaration: `up` does not wait until the autoscaler has found nodes.
                "annotations": {"pulumi.com/skipAwait": "true"},
            },
            "spec": {
                "replicas": pool.min_nodes,
                "selector": {"matchLabels": labels},
                # A new pod finds no free node beside the old one, so the old one goes first.
                "strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 0, "maxUnavailable": 1}},
                "template": {
                    "metadata": {"labels": labels, **_undisturbed(pool)},
                    "spec": _pod(pool, labels),
                },
            },
        }
    ]


def _undisturbed(pool: NodePoolPlan) -> dict[str, dict[str, str]]:
    """Return the annotations by which an autoscaler takes no node away from under a floor.

    Karpenter needs none: its NodePools lose empty nodes alone, and a pod of this priority makes a node not empty. Its
    `do-not-disrupt` would keep outdated nodes too (Karpenter 1.14, "Disruption", "Pod-Level Controls").
    """
    if pool.provisioner == "karpenter":
        return {}
    return {"annotations": {"cluster-autoscaler.kubernetes.io/safe-to-evict": "false"}}


def _pod(pool: NodePoolPlan, labels: dict[str, str]) -> dict[str, Any]:
    one_per_node = {"labelSelector": {"matchLabels": labels}, "topologyKey": "kubernetes.io/hostname"}
    return idle_pod(pool, "floor") | {
        "affinity": {"podAntiAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": [one_per_node]}}
    }


def idle_pod(pool: NodePoolPlan, container: str) -> dict[str, Any]:
    """Return the spec of a pod that does nothing on a node of a pool, in the way of nobody, in a container by name."""
    return {
        "priorityClassName": FLOOR_PRIORITY_CLASS,
        "automountServiceAccountToken": False,
        "enableServiceLinks": False,
        "terminationGracePeriodSeconds": 0,
        "nodeSelector": pool.node_selector,
        **tolerations(pool.taints),
        "securityContext": RESTRICTED_POD,
        "containers": [small_container(container, PAUSE_IMAGE, "8Mi")],
    }


def small_container(name: str, image: str, memory: str) -> dict[str, Any]:
    """Return a container that needs hardly anything, as restricted namespaces admit it."""
    return {
        "name": name,
        "image": image,
        "resources": {"requests": {"cpu": "10m", "memory": memory}, "limits": {"memory": memory}},
        "securityContext": RESTRICTED_CONTAINER,
    }
