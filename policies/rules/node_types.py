"""Which resource types create nodes, and which provider packages the rules know: data of the platform team."""

from __future__ import annotations

import csv
import re
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from rules.reading import want

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from rules.model import Resource

FOLDER = Path(__file__).resolve().parents[1]


@dataclass(frozen=True, slots=True)
class NodeType:
    """A pattern of type tokens whose resources create nodes, or cost what nodes cost."""

    pattern: str
    when: str
    """Name of the condition in `CONDITIONS`; empty for always."""

    creates: str


@cache
def node_types() -> tuple[NodeType, ...]:
    """Return the table of node_types.csv."""
    with (FOLDER / "node_types.csv").open(encoding="utf-8", newline="") as file:
        return tuple(NodeType(row["type"], row["when"], row["creates"]) for row in csv.DictReader(file))


@cache
def known_packages() -> frozenset[str]:
    """Return the provider packages of packages.csv."""
    with (FOLDER / "packages.csv").open(encoding="utf-8", newline="") as file:
        return frozenset(row["package"] for row in csv.DictReader(file))


@cache
def node_type(type_token: str) -> NodeType | None:
    """Return the row that a type token matches, or None. Versions in azure-native's tokens do not matter."""
    token = re.sub(r"^(azure-native:\w+)/v\w+:", r"\1:", type_token)
    return next((row for row in node_types() if fnmatchcase(token, row.pattern)), None)


def creates_nodes(resource: Resource, row: NodeType) -> bool:
    """Return whether a resource of a matching type creates nodes; raises `UndecidedError` when that is unknown."""
    return not row.when or CONDITIONS[row.when](resource)


def _eks_auto_mode(cluster: Resource) -> bool:
    return bool(want(cluster.properties, "computeConfig", "enabled"))


def _gke_own_nodes(cluster: Resource) -> bool:
    properties = cluster.properties
    if want(properties, "enableAutopilot") or want(properties, "clusterAutoscaling", "enabled"):
        return True
    if want(properties, "nodePools"):
        return True
    return not want(properties, "removeDefaultNodePool")


def _gke_makes_pools(compute_class: Resource) -> bool:
    """A class that names node pools alone, and leaves a pod that fits none of them waiting, makes no nodes itself."""
    spec = want(compute_class.properties, "spec") or {}
    only_names = all(set(priority) == {"nodepools"} for priority in spec.get("priorities") or [{}])
    makes_none = (spec.get("nodePoolAutoCreation") or {}).get("enabled") is False
    return not (only_names and makes_none and spec.get("whenUnsatisfiable") == "DoNotScaleUp")


def _aks_own_nodes(cluster: Resource) -> bool:
    """The system nodes of a cluster of Bedplate are among its cost lines (nodes-aks-system-as-declared)."""
    return "bedplate:index:Cluster" not in cluster.ancestor_types


CONDITIONS: Mapping[str, Callable[[Resource], bool]] = {
    "eks-auto-mode": _eks_auto_mode,
    "gke-own-nodes": _gke_own_nodes,
    "gke-makes-pools": _gke_makes_pools,
    "aks-own-nodes": _aks_own_nodes,
}
