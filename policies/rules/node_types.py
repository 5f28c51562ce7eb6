"""Which resource types create nodes, and which provider packages the rules know: data of the platform team.

Types of clouds that are neither here nor in the catalog's list of what is billed are refused by `rules.billed`. Any
Kubernetes kind may be defined, so those that create nodes, or run programs that do, are named one by one.
"""

from __future__ import annotations

import csv
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
    source: str = ""
    """Where the kind is defined, for kinds of Kubernetes; types of clouds are in the installed SDKs."""


@cache
def node_types() -> tuple[NodeType, ...]:
    """Return the types of clouds that create nodes, of node_types.csv."""
    return tuple(NodeType(row["type"], row["when"], row["creates"]) for row in _rows("node_types.csv"))


@cache
def node_kinds() -> tuple[NodeType, ...]:
    """Return the kinds of Kubernetes that create nodes or run programs that do, of node_kinds.csv."""
    return tuple(NodeType(row["type"], row["when"], row["creates"], row["source"]) for row in _rows("node_kinds.csv"))


def _rows(name: str) -> list[dict[str, str]]:
    with (FOLDER / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@cache
def known_packages() -> frozenset[str]:
    """Return the provider packages of packages.csv."""
    return frozenset(row["package"] for row in _rows("packages.csv"))


@cache
def node_type(type_token: str) -> NodeType | None:
    """Return the row that a plain type token matches, or None. A patch is of the kind that it patches."""
    if type_token.startswith("kubernetes:"):
        kind = type_token.removesuffix("Patch")
        return next((row for row in node_kinds() if fnmatchcase(kind, row.pattern)), None)
    return next((row for row in node_types() if fnmatchcase(type_token, row.pattern)), None)


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
