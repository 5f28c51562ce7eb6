"""Which taints a node can carry: one answer for pools, for what runs on their nodes, and for agents of the platform.

A pool declares most of them; some the cloud sets by itself. What a cloud does to nodes by how they are bought:
taints.csv. A row without a key is a source that says of nodes that they carry none.

Not here, because nobody has to tolerate them: the taint of ARM nodes, which GKE leaves out where a node pool says so
(`gcp_nodes`), and those that a node has for a while, at its start, when it is lost, and when it is drained.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from bedplate.catalog.tables import CellError, Row, build, read
from bedplate.node_pools.compute_class import COMPUTE_CLASS
from bedplate.node_pools.labels import ROLE_LABEL
from bedplate.node_pools.sharing import SHARING_LABEL

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from bedplate.node_pools.sharing_spec import SharingMode
    from bedplate.node_pools.spec import Capacity, Role

Effect = Literal["NoSchedule", "PreferNoSchedule", "NoExecute"]
EFFECTS: tuple[Effect, ...] = ("NoSchedule", "PreferNoSchedule", "NoExecute")
COLUMNS = ("provider", "capacity", "key", "value", "effect", "label", "set_by", "source", "as_of", "note")


@dataclass(frozen=True, slots=True)
class Taint:
    """Keeps pods without the matching toleration off a node."""

    key: str
    value: str
    effect: Effect = "NoSchedule"

    def __str__(self) -> str:
        """Return it as kubectl and clouds write it."""
        return f"{self.key}={self.value}:{self.effect}"

    @property
    def toleration(self) -> dict[str, str]:
        """What a pod carries to run on such a node."""
        return {"key": self.key, "operator": "Equal", "value": self.value, "effect": self.effect}


@dataclass(frozen=True, slots=True)
class NodeTaints:
    """The taints of a node: those that its pool declares, and those that the cloud sets by itself."""

    declared: tuple[Taint, ...]
    of_the_cloud: tuple[Taint, ...] = ()

    @property
    def carried(self) -> tuple[Taint, ...]:
        """All of them."""
        return self.declared + self.of_the_cloud


@dataclass(frozen=True, slots=True)
class _Bought:
    """What a cloud does to nodes that are bought in some way. With `label`, the pool declares a label of that name."""

    provider: str
    capacity: str
    taint: Taint
    label: bool
    by_cloud: bool


def node_taints(
    provider: str,
    capacity: Capacity,
    role: Role,
    *,
    resource_name: str = "",
    sharing: SharingMode | None = None,
    compute_class: str = "",
) -> NodeTaints:
    """Return the taints of a pool's nodes.

    They follow from how the nodes are bought, from a role other than `general`, from the accelerators by their
    resource name, from sharing these, and on GKE from the ComputeClass of a pool with several offers.
    """
    own = [
        *([] if role == "general" else [Taint(ROLE_LABEL, role)]),
        *([Taint(resource_name, "present")] if resource_name else []),
        *([Taint(SHARING_LABEL, sharing)] if sharing else []),
    ]
    bought = _bought(provider, capacity)
    own += [one.taint for one in bought if not one.by_cloud]
    own += [Taint(COMPUTE_CLASS, compute_class)] if compute_class else []
    return NodeTaints(tuple(own), tuple(one.taint for one in bought if one.by_cloud))


def capacity_labels(provider: str, capacity: Capacity) -> Mapping[str, str]:
    """Return the labels of nodes that follow from how they are bought."""
    return {one.taint.key: one.taint.value for one in _bought(provider, capacity) if one.label}


def capacity_taints(provider: str, capacity: Capacity) -> tuple[Taint, ...]:
    """Return the taints of nodes that follow from how they are bought, whoever sets them."""
    return tuple(one.taint for one in _bought(provider, capacity))


def agent_keys(provider: str, resource_names: Iterable[str], *, shared: bool) -> tuple[str, ...]:
    """Return the keys of every taint that a node with one of these accelerators can carry, in whatever pool.

    Pools of other stacks come later, of any role and bought in any way. `shared` says whether there may be nodes on
    which accelerators are shared.
    """
    keys = [ROLE_LABEL, *sorted(resource_names)]
    keys += [SHARING_LABEL] if shared else []
    keys += [one.taint.key for one in _facts() if one.provider == provider]
    keys += [COMPUTE_CLASS] if provider == "gcp" else []
    return tuple(dict.fromkeys(keys))


def tolerations(taints: Iterable[Taint]) -> dict[str, Any]:
    """Return the field of a pod that may run on nodes with these taints, each once; nothing where there are none."""
    found = [taint.toleration for taint in dict.fromkeys(taints)]
    return {"tolerations": found} if found else {}


def _bought(provider: str, capacity: str) -> tuple[_Bought, ...]:
    return tuple(one for one in _facts() if (one.provider, one.capacity) == (provider, capacity))


@cache
def _facts() -> tuple[_Bought, ...]:
    rows = build(read("taints.csv", COLUMNS, Path(__file__).parent, own=True), _parse)
    return tuple(row for row in rows if row is not None)


def _parse(row: Row) -> _Bought | None:
    row.source()
    row.required_day("as_of")
    provider, capacity = row.required("provider"), row.required("capacity")
    if not row.text("key"):
        return None
    return _Bought(
        provider,
        capacity,
        Taint(row.required("key"), row.required("value"), _effect(row)),
        label=row.text("label") == "yes",
        by_cloud=row.required("set_by") == "cloud",
    )


def _effect(row: Row) -> Effect:
    effect = row.required("effect")
    if effect not in EFFECTS:
        raise CellError("effect", f"{effect!r} is none of {', '.join(EFFECTS)}")
    return effect
