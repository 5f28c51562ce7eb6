"""Tolerations of what runs on every node of a pool: device plugins and node agents."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bedplate.node_pools.taints import agent_keys

if TYPE_CHECKING:
    from collections.abc import Iterable

    from bedplate.plan import OwnedCluster


def agent_tolerations(cluster: OwnedCluster, resource_names: Iterable[str]) -> list[dict[str, str]]:
    """Return tolerations for a cluster's nodes that have one of these accelerators: of every role, however bought.

    Each taint is named: a toleration without a key would also keep an agent on nodes that are being drained for a
    fault, and it is what the separation policy refuses everybody else.
    """
    keys = agent_keys(cluster.plan.provider, resource_names, shared=bool(cluster.shared_accelerators))
    return [{"key": key, "operator": "Exists"} for key in keys]
