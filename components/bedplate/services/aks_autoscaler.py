"""The autoscaler that AKS runs itself: in which order it tries the offers of a pool.

AKS takes the priorities from a ConfigMap where the cluster's expander is `priority` (Azure/AKS,
website/blog/2025-07-17-Scaling-safely-with-spot-on-aks). It has no second expander for pools of equal rank.
"""

from __future__ import annotations

import json
from typing import Any

from bedplate.node_pools.spec import MOST_OFFERS

NAME = "cluster-autoscaler-priority-expander"
NAMESPACE = "kube-system"
"""The autoscaler looks for no other name, and in no other namespace."""


def expander_priorities() -> dict[str, list[str]]:
    """Return the expressions over names of scale sets by priority; the highest priority is tried first.

    AKS calls the scale set of a pool `aks-<pool>-<digits>-vmss` (seen in Azure/AKS issue 1565), and the names of our
    pools end with the number of the offer (clouds.azure_names): so they hold for pools of every stack on the cluster.
    One that no expression matches would never grow, hence the last.
    """
    ranked = {str(100 - offer): [f"^aks-[a-z0-9]*{offer}-[0-9]+-vmss$"] for offer in range(1, MOST_OFFERS + 1)}
    return ranked | {"1": [".*"]}


def priorities_manifest() -> dict[str, Any]:
    """Return the ConfigMap, whose text is YAML: numbers as keys, which JSON has not."""
    lines = [
        f"{priority}:\n" + "".join(f"  - {json.dumps(expression)}\n" for expression in expressions)
        for priority, expressions in expander_priorities().items()
    ]
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": NAME, "namespace": NAMESPACE},
        "data": {"priorities": "".join(lines)},
    }
