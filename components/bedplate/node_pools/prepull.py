"""Images that every node of a pool loads as soon as it joins, so that the first pod of a workload need not wait.

A DaemonSet does it in any cluster: an init container of each image ends at once, and the pause container holds the pod,
so that the kubelet counts the images as used and does not collect them. Clouds have quicker ways (a second boot disk,
streaming), each for itself; these stay possible beside it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bedplate.node_pools.floor import idle_pod, small_container
from bedplate.node_pools.labels import DOMAIN
from bedplate.separation.namespaces import pool_namespace

if TYPE_CHECKING:
    from bedplate.node_pools.plan import NodePoolPlan
    from bedplate.plan import StackPlan

PREPULL_LABEL = f"{DOMAIN}/prepull"

ENDS_AT_ONCE = ("true",)
"""The program that an init container runs in place of the image's own."""

AT_ONCE = "20%"
"""How many of a pool's nodes load a new list of images at the same time: each pulls from one registry."""


def prepull_manifests(pool: NodePoolPlan, stack: StackPlan) -> list[dict[str, Any]]:
    """Return the DaemonSet that loads a pool's images, or nothing for a pool that names none.

    It lives in the stack's own namespace of the pool's role, and obeys the rules of separation like any workload.
    """
    if not pool.prepull_images:
        return []
    labels = {PREPULL_LABEL: pool.full_name}
    return [
        {
            "apiVersion": "apps/v1",
            "kind": "DaemonSet",
            "metadata": {
                "name": f"prepull-{pool.name}",
                "namespace": pool_namespace(stack, pool),
                "labels": labels,
                # Large images take minutes, and a wrong name is no error of the pool: `up` does not wait for them.
                "annotations": {"pulumi.com/skipAwait": "true"},
            },
            "spec": {
                "selector": {"matchLabels": labels},
                "updateStrategy": {"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": AT_ONCE}},
                "template": {"metadata": {"labels": labels}, "spec": _pod(pool)},
            },
        }
    ]


def _pod(pool: NodePoolPlan) -> dict[str, Any]:
    # With the floor's priority: before workloads in the queue, and preempting none of them.
    return idle_pod(pool, "pause") | {
        "initContainers": [
            small_container(f"image-{number}", image, "32Mi") | {"command": list(ENDS_AT_ONCE)}
            for number, image in enumerate(pool.prepull_images, 1)
        ]
    }
