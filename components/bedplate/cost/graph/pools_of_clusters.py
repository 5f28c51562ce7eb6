"""Nodes that pools of GKE, AKS and Karpenter may start, by machine type and number.

They have no price here: below Bedplate's node pools they are compared with what the pool counts
(`bedplate.cost.graph.carried.beyond`), and elsewhere their cost is unknown.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from bedplate.cost.graph.leaf import unknown_line
from bedplate.cost.graph.resources import UndecidedError, want, whole
from bedplate.errors import printable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bedplate.cost.graph.leaf import Leaf
    from bedplate.cost.range import CostLine

INSTANCE_TYPE = "node.kubernetes.io/instance-type"


def gke_node_pool(leaf: Leaf) -> Iterator[CostLine]:
    """Yield the machines of a node pool of GKE: its maximum in all zones, or its fixed number in each."""
    pool = leaf.resource
    zones = len(pool.items("nodeLocations")) or 1
    total = whole(pool.want("autoscaling", "totalMaxNodeCount"), "autoscaling.totalMaxNodeCount")
    each = whole(pool.want("autoscaling", "maxNodeCount"), "autoscaling.maxNodeCount")
    fixed = whole(pool.want("nodeCount"), "nodeCount")
    most = next((count for count in (total, _times(each, zones), _times(fixed, zones)) if count is not None), None)
    yield _machines(leaf, pool.text("nodeConfig", "machineType"), most)


def aks_agent_pool(leaf: Leaf) -> Iterator[CostLine]:
    """Yield the machines of an agent pool of AKS: its maximum where it is scaled, else its number."""
    pool = leaf.resource
    scaled = pool.want("enableAutoScaling")
    most = whole(pool.want("maxCount"), "maxCount") if scaled else whole(pool.want("count"), "count")
    yield _machines(leaf, pool.text("vmSize"), most)


def karpenter_node_pool(leaf: Leaf) -> Iterator[CostLine]:
    """Yield the machines of a NodePool of Karpenter: what its limits allow, of the only type that it may start."""
    pool = leaf.resource
    most = whole(pool.want("spec", "limits", "nodes"), "spec.limits.nodes")
    requirements = pool.items("spec", "template", "spec", "requirements")
    types = [want(one, "values") for one in requirements if want(one, "key") == INSTANCE_TYPE]
    if len(types) != 1 or not isinstance(types[0], list) or len(types[0]) != 1:
        raise UndecidedError("its requirements leave more than one machine type open")
    yield _machines(leaf, str(types[0][0]), most)


def _times(count: int | None, zones: int) -> int | None:
    return None if count is None else count * zones


def _machines(leaf: Leaf, machine: str, most: int | None) -> CostLine:
    if not machine:
        raise UndecidedError("it says no machine type")
    if most is None:
        raise UndecidedError("nothing bounds its nodes")
    line = unknown_line(leaf.owner, f"{printable(machine)} of {leaf.resource.name}", "its pool has the price")
    return replace(line, kind="machine", unit="node", max_units=most)
