"""Pools on clusters of every provider, planned without a stack file."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from bedplate.clusters.plan import ClusterPlan
from bedplate.fabrics.spec import OwnFabricSpec
from bedplate.node_pools.plan import NodePoolPlan, plan_node_pool
from bedplate.node_pools.spec import NodePoolSpec
from bedplate.stack import StackSpec


@dataclass(frozen=True, slots=True, kw_only=True)
class AnyClusterPlan(ClusterPlan):
    """A cluster of any provider, as far as pools look at it."""

    own: OwnFabricSpec | None = None

    @property
    def own_fabric(self) -> OwnFabricSpec | None:
        """What its owner says."""
        return self.own


def stack() -> StackSpec:
    """A stack as far as pools look at it."""
    return StackSpec.model_construct(team="vision", environment="dev", clusters={}, node_pools={}, endpoints={})


def pool_spec(**changes: Any) -> NodePoolSpec:
    """A pool as the stack file has it."""
    declared = {"cluster": "c", "role": "training", "nodes": {"min": 0, "max": 4}, **changes}
    return NodePoolSpec.model_validate_json(json.dumps(declared))


def planned(provider: str, version: str = "1.35", own: OwnFabricSpec | None = None, **changes: Any) -> NodePoolPlan:
    """A pool named `train`, planned."""
    cluster = AnyClusterPlan(
        name="c",
        full_name="vision-dev-c",
        provider=provider,  # type: ignore[arg-type]
        region="r",
        zones=(),
        kubernetes_version=version,
        runner_networks=(),
        deletion_protection=False,
        own=own,
    )
    return plan_node_pool(stack(), "train", pool_spec(**changes), cluster)
