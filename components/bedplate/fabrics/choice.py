"""Which fabric the nodes of a machine type get, or why they cannot have the one that is asked for.

The rules stand one below the other in `RULES`, each a function that either refuses with a sentence or says nothing.
Whatever the facts do not say is refused: a pool that asks for a fabric never falls back to TCP.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from bedplate.fabrics.facts import machine_fabric, nvlink_fact
from bedplate.fabrics.versions import at_least

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from bedplate.catalog import MachineType
    from bedplate.fabrics.facts import NvlinkFact
    from bedplate.fabrics.kinds import FabricChoice, FabricKind
    from bedplate.fabrics.spec import OwnFabricSpec
    from bedplate.node_pools.spec import NodePoolSpec

DRANET_SINCE = "1.34.1-gke.1829001"
"""The first GKE version that makes the networks of accelerators itself (cluster-toolkit, gke-node-pool/gpu_direct.tf;
"Allocate network resources by using GKE managed DRANET")."""

MANAGED_PROVIDERS = {"aws": "AWS", "gcp": "Google Cloud", "azure": "Azure"}

CLOUD_KINDS: dict[str, tuple[FabricKind, ...]] = {
    "aws": ("efa",),
    "gcp": ("tcpx", "tcpxo", "roce-multivpc", "roce-dranet", "ici"),
    "azure": ("infiniband-sriov", "infiniband-shared", "infiniband-ipoib"),
    "existing": (
        "infiniband-sriov",
        "infiniband-shared",
        "infiniband-ipoib",
        "sriov-vf",
        "host-device",
        "macvlan",
    ),
}
"""Which fabrics a cloud has at all."""


@dataclass(frozen=True, slots=True)
class FabricQuestion:
    """What decides the fabric of one offer; `fabric_questions` asks for all offers of a pool.

    `declared` is what the pool asks for, never None: `default_choice` says what a pool without a word asks for.
    `kubernetes_version` is the cluster's, a minor version or more. `own` is what the owner of an existing cluster says,
    and `own_nvlink_nodes` over how many nodes the NVLink of its hardware reaches.
    """

    provider: str
    machine: MachineType
    declared: FabricChoice
    kubernetes_version: str
    own: OwnFabricSpec | None = None
    own_nvlink_nodes: int | None = None

    @property
    def nvlink(self) -> NvlinkFact | None:
        """How far NVLink reaches beyond a node, None where it ends there."""
        return nvlink_fact(self.machine, self.own_nvlink_nodes)


@dataclass(frozen=True, slots=True)
class Refused:
    """Why a pool cannot have the fabric that it asks for, and the way out."""

    message: str
    hint: str = ""
    allowed: tuple[str, ...] = ()


def default_choice(provider: str, machines: Iterable[MachineType], own: OwnFabricSpec | None) -> FabricChoice:
    """Return what a pool asks for that does not mention a fabric.

    `required` when every machine has several network cards for it, or is a part of a TPU slice: such machines are
    built to be used together, and their further cards stay idle without it. A machine with one card gains less than it
    loses by being bound to one zone. On an existing cluster the owner's word counts.
    """
    chosen = list(machines)
    if provider == "existing":
        return "required" if own is not None and all(machine.accelerator for machine in chosen) else "none"
    built_for_it = all((machine.fabric_interfaces or 0) > 1 or machine.fabric == "ici" for machine in chosen)
    return "required" if built_for_it else "none"


def fabric_questions(
    pool: NodePoolSpec,
    machines: Iterable[MachineType],
    provider: str,
    kubernetes_version: str,
    own: OwnFabricSpec | None,
) -> list[FabricQuestion]:
    """Return what decides the fabric of each of a pool's machines, in their order."""
    offered = list(machines)
    declared = pool.fabric or default_choice(provider, offered, own)
    nvlink_nodes = pool.hardware.nvlink_nodes if pool.hardware else None
    return [FabricQuestion(provider, machine, declared, kubernetes_version, own, nvlink_nodes) for machine in offered]


def choose(question: FabricQuestion) -> FabricKind | Refused:
    """Return the fabric of an offer's nodes, or why it cannot be."""
    if question.declared == "none":
        return "none"
    for rule in RULES:
        if refused := rule(question):
            return refused
    return _wanted(question)[0]


def _wanted(question: FabricQuestion) -> tuple[FabricKind, ...]:
    """Return the kinds that would do, the preferred one first: those of the machine that this version has, or the one
    that is named."""
    if question.own is not None:
        possible: tuple[FabricKind, ...] = (question.own.kind,)
    else:
        fact = machine_fabric(question.machine)
        possible = fact.kinds if fact else ()
    possible = tuple(kind for kind in possible if _version_has(kind, question.kubernetes_version))
    return tuple(kind for kind in possible if question.declared in ("required", kind))


def _version_has(kind: FabricKind, version: str) -> bool:
    return kind != "roce-dranet" or at_least(version, DRANET_SINCE)


def _cloud_has_it(question: FabricQuestion) -> Refused | None:
    kinds = CLOUD_KINDS[question.provider]
    if question.declared == "required" or question.declared in kinds:
        return None
    where = MANAGED_PROVIDERS.get(question.provider, "an existing cluster")
    return Refused(f"{where} has no fabric {question.declared!r}", allowed=("required", "none", *kinds))


def _accelerators_are_whole(question: FabricQuestion) -> Refused | None:
    machine = question.machine
    if machine.accelerator_share < 1:
        return Refused(
            f"{machine.name} has a part of an accelerator ({machine.accelerator_share:g}), which reaches no other node "
            "over a fabric",
            hint="Set fabric: none, or choose a machine with whole accelerators.",
        )
    return None


def _machine_is_known(question: FabricQuestion) -> Refused | None:
    """A catalog row without a word on the fabric is not a `no`: it is refused as unknown."""
    machine = question.machine
    if question.provider == "existing" or machine.fabric:
        return None
    return Refused(
        f"no source says what fabric {machine.name} has, so none is assumed",
        hint="Set fabric: none, or choose a machine whose fabric is known: docs/reference/machines.md.",
    )


def _machine_has_one(question: FabricQuestion) -> Refused | None:
    machine = question.machine
    if question.provider == "existing" or machine.fabric != "none":
        return None
    what = "speaks EFA" if question.provider == "aws" else "belongs to a fabric"
    return Refused(
        f"{machine.name} has no network card that {what}, so the pool would fall back to TCP",
        hint="Leave fabric out, or choose a machine with one: `bedplate catalog list --fabric`, "
        "docs/reference/machines.md.",
    )


def _bedplate_prepares_it(question: FabricQuestion) -> Refused | None:
    if question.provider == "existing":
        return None
    fact = machine_fabric(question.machine)
    if fact is None:
        return Refused(f"no source says how {question.machine.name} is connected, so none is assumed")
    if fact.why_not:
        return Refused(
            f"the fabric of {question.machine.name} cannot be prepared: {fact.why_not}", hint="Set fabric: none."
        )
    return None


def _machine_has_this_one(question: FabricQuestion) -> Refused | None:
    if question.declared == "required" or question.provider == "existing":
        return None
    fact = machine_fabric(question.machine)
    kinds = fact.kinds if fact else ()
    if question.declared in kinds:
        return None
    return Refused(
        f"{question.machine.name} is not connected by {question.declared}", allowed=("required", "none", *kinds)
    )


def _cards_are_known(question: FabricQuestion) -> Refused | None:
    machine = question.machine
    if question.provider == "existing" or machine.fabric == "ici":
        return None
    if machine.fabric_interfaces and (machine.fabric != "efa" or len(machine.efa_cards) == machine.fabric_interfaces):
        return None
    return Refused(
        f"no source says which network cards of {machine.name} belong to the fabric, and one card of several would "
        "run at a part of its speed without a word",
        hint="Set fabric: none, or choose a machine whose cards are known: docs/reference/machines.md.",
    )


def _version_has_dranet(question: FabricQuestion) -> Refused | None:
    if question.declared != "roce-dranet" or _version_has("roce-dranet", question.kubernetes_version):
        return None
    return Refused(
        f"GKE makes the networks of accelerators itself (DRANET) from {DRANET_SINCE} on, and the cluster's "
        f"{question.kubernetes_version} may be older",
        hint="Set the cluster's kubernetes_version to 1.35 or newer, or leave the choice to `required`.",
    )


def _owner_declares_it(question: FabricQuestion) -> Refused | None:
    if question.provider != "existing" or question.own is not None:
        return None
    return Refused(
        "the cluster says nothing about its fabric, which cannot be read from outside",
        hint="Describe it under the cluster's `fabric`: kind, network_cards, resource, per_node.",
    )


def _owner_declares_this_one(question: FabricQuestion) -> Refused | None:
    own = question.own
    if own is None or question.declared in ("required", own.kind):
        return None
    return Refused(
        f"the cluster's nodes are connected by {own.kind}, not by {question.declared}",
        allowed=("required", "none", own.kind),
    )


RULES: tuple[Callable[[FabricQuestion], Refused | None], ...] = (
    _cloud_has_it,
    _accelerators_are_whole,
    _machine_is_known,
    _machine_has_one,
    _bedplate_prepares_it,
    _machine_has_this_one,
    _cards_are_known,
    _version_has_dranet,
    _owner_declares_it,
    _owner_declares_this_one,
)
