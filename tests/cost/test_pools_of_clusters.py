"""Nodes of GKE, AKS and Karpenter below a pool are compared with those that the pool counts."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from bedplate.cost.graph.estimate import GraphCost, graph_cost
from bedplate.cost.graph.resources import read_preview
from bedplate.cost.range import CostLine
from bedplate.cost.wire import to_wire
from tests.cost.graphs import UNKNOWN, preview_of, resource, write

TODAY = date(2026, 11, 21)
GKE, AKS, KARPENTER = (
    "gcp:container/nodePool:NodePool",
    "azure-native:containerservice:AgentPool",
    "kubernetes:karpenter.sh/v1:NodePool",
)
COUNTED = 2
Child = tuple[str, dict[str, Any], str]
"""Type and inputs of a resource, and the machine that the pool above it counts."""


def pool(machine: str) -> dict[str, Any]:
    """Return a node pool of Bedplate's that counts two nodes of a machine."""
    line = CostLine("node_pools.it", "machine", f"{machine} on-demand", "node", Decimal(10), 0, Decimal(1460), COUNTED,
                    "a table", date(2026, 7, 20), "dated")  # fmt: skip
    return resource("bedplate:index:NodePool", custom=False, provider="", inputs={"cost": to_wire([line])})


def below(kind: str, inputs: dict[str, Any], machine: str, folder: Path) -> GraphCost:
    """Return the cost of that pool with a resource below it."""
    parent = pool(machine)
    child = resource(kind, "child", inputs=inputs, parent=parent["urn"])
    return graph_cost(read_preview(write(folder, preview_of(parent, child))), TODAY)


def gke(machine: str = "a3-megagpu-8g", **inputs: Any) -> Child:
    return GKE, {"nodeConfig": {"machineType": machine}, **inputs}, "a3-megagpu-8g"


def aks(**inputs: Any) -> Child:
    return AKS, {"vmSize": "Standard_ND96isr_H100_v5", **inputs}, "Standard_ND96isr_H100_v5"


def karpenter(nodes: Any, *types: str) -> Child:
    requirements = [
        {"key": "node.kubernetes.io/instance-type", "operator": "In", "values": list(types or ["g6.xlarge"])}
    ]
    spec = {"limits": {"nodes": nodes}, "template": {"spec": {"requirements": requirements}}}
    return KARPENTER, {"spec": spec}, "g6.xlarge"


COVERED = {
    "autoscaled by GKE": gke(autoscaling={"totalMaxNodeCount": 2}),
    "fixed in one zone": gke(nodeCount=2, nodeLocations=["us-central1-a"]),
    "fixed in two zones": gke(nodeCount=1, nodeLocations=["us-central1-a", "us-central1-b"]),
    "autoscaled by AKS": aks(enableAutoScaling=True, count=0, maxCount=2),
    "fixed on AKS": aks(count=2),
    "limited for Karpenter": karpenter("2"),
    "limited by a number": karpenter(2),
}
BEYOND = {
    "autoscaled by GKE": (gke(autoscaling={"totalMaxNodeCount": 5}), "3 × a3-megagpu-8g are below it"),
    "in every zone": (gke(autoscaling={"maxNodeCount": 2}, nodeLocations=["a", "b"]), "2 × a3-megagpu-8g are below it"),
    "fixed in two zones": (gke(nodeCount=2, nodeLocations=["a", "b"]), "2 × a3-megagpu-8g are below it"),
    "another machine": (gke("a3-ultragpu-8g", nodeCount=1), "1 × a3-ultragpu-8g are below it"),
    "autoscaled by AKS": (
        aks(enableAutoScaling=True, count=0, maxCount=9),
        "7 × Standard_ND96isr_H100_v5 are",
    ),
    "unlimited": (karpenter(None), "nothing bounds its nodes"),
    "limited too high": (karpenter("500"), "498 × g6.xlarge are below it"),
    "any machine": (karpenter("2", "g6.xlarge", "p5.48xlarge"), "leave more than one machine type open"),
    "not known": (gke(nodeCount=UNKNOWN), "nodeCount is not known"),
}


@pytest.mark.parametrize(("kind", "inputs", "machine"), COVERED.values(), ids=COVERED)
def test_what_the_pool_counts_adds_nothing(kind: str, inputs: dict[str, Any], machine: str, tmp_path: Path) -> None:
    found = below(kind, inputs, machine, tmp_path)
    assert [line.item for line in found.cost.lines] == [f"{machine} on-demand"]


@pytest.mark.parametrize(("child", "reason"), BEYOND.values(), ids=BEYOND)
def test_what_goes_beyond_is_a_line_of_its_own(child: Child, reason: str, tmp_path: Path) -> None:
    [line] = below(child[0], child[1], child[2], tmp_path).cost.unpriced
    assert reason in line.note


@pytest.mark.parametrize("kind", [GKE, AKS, KARPENTER])
def test_elsewhere_their_cost_is_unknown(kind: str, tmp_path: Path) -> None:
    found = graph_cost(read_preview(write(tmp_path, preview_of(resource(kind)))), TODAY)
    assert len(found.cost.unpriced) == 1
