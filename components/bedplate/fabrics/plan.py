"""What follows from a fabric: everything that a cloud declares for it and that pods are told, as data."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from bedplate.fabrics.cards import network_interfaces
from bedplate.fabrics.choice import FabricQuestion, Refused, choose
from bedplate.fabrics.facts import machine_fabric
from bedplate.fabrics.gcp_networks import gcp_fabric
from bedplate.fabrics.model import AzureFabric, FabricPlan, NvlinkDomain, SecondaryNetwork

if TYPE_CHECKING:
    from bedplate.catalog import MachineType
    from bedplate.fabrics.kinds import FabricKind
    from bedplate.fabrics.spec import OwnFabricSpec

DRANET_LABEL = "cloud.google.com/gke-networking-dra-driver"
RDMA_DEVICE_CLASS = "mrdma.google.com"
"""The class of GKE's RDMA cards, and the label by which its driver finds nodes (cluster-toolkit, gke-node-pool)."""

INFINIBAND_RESOURCE = "rdma/ib"
SHARED_INFINIBAND_RESOURCE = "rdma/shared_ib"
SHARED_INFINIBAND_PLACES = 63
IPOIB_NETWORK = "infiniband"
"""What the network operator's policy on AKS makes of the cards; the number of places is the device plugin's
`rdmaHcaMax` (Azure/aks-rdma-infiniband, configs/nicclusterpolicy)."""

_REASONS: dict[FabricKind, str] = {
    "efa": "its network cards speak EFA",
    "tcpx": "A3 High carries accelerator traffic over four networks of its own (GPUDirect-TCPX)",
    "tcpxo": "A3 Mega carries accelerator traffic over eight networks of its own (GPUDirect-TCPXO)",
    "roce-multivpc": "its RDMA cards stand in a network of their own, and this GKE version makes none by itself",
    "roce-dranet": "GKE makes the networks of its RDMA cards itself and hands the cards out by claims (DRANET)",
    "infiniband-sriov": "its InfiniBand cards are handed out whole, each to one pod",
    "infiniband-shared": "its InfiniBand cards are shared by the pods of a node",
    "infiniband-ipoib": "pods get an IP address on InfiniBand, for programs that speak only IP",
    "sriov-vf": "pods get virtual functions of the cards",
    "host-device": "pods get the cards themselves",
    "macvlan": "pods share the cards, each with an address of its own",
    "ici": "the chips of a TPU slice are wired to each other",
}


_ON_AKS: dict[FabricKind, tuple[Literal["sriov", "shared", "ipoib"], Literal["", "rdma-sriov", "rdma-shared"]]] = {
    "infiniband-sriov": ("sriov", "rdma-sriov"),
    "infiniband-shared": ("shared", "rdma-shared"),
    "infiniband-ipoib": ("ipoib", ""),
}
"""What the network operator runs for a fabric, and the device plugin that advertises it to pods."""


def plan_fabric(question: FabricQuestion) -> FabricPlan:
    """Decide the fabric of an offer's nodes. Raises LookupError for one that a precondition should have refused."""
    kind = choose(question)
    if isinstance(kind, Refused):
        raise LookupError(kind.message)
    machine = question.machine
    nvlink = _nvlink_domain(question)
    if kind == "none":
        return FabricPlan(kind="none", reason="the pool uses none", nvlink=nvlink)
    reason = _REASONS[kind]
    match question.provider:
        case "aws":
            return _plan_efa(machine, reason, nvlink)
        case "gcp":
            return _plan_gcp(kind, machine, reason, nvlink)
        case "azure":
            return _plan_azure(kind, machine, reason, nvlink)
    assert question.own is not None  # noqa: S101 - the rules refuse an existing cluster without a declared fabric
    return _plan_own(question.own, reason, nvlink)


def _nvlink_domain(question: FabricQuestion) -> NvlinkDomain | None:
    fact = question.nvlink
    return None if fact is None else NvlinkDomain(nodes=fact.nodes, topology=fact.topology)


def _plan_efa(machine: MachineType, reason: str, nvlink: NvlinkDomain | None) -> FabricPlan:
    return FabricPlan(
        kind="efa",
        reason=reason,
        single_zone=True,
        resources={"vpc.amazonaws.com/efa": len(machine.efa_cards)},
        device_plugin="efa",
        interfaces=network_interfaces(machine),
        nvlink=nvlink,
    )


def _plan_gcp(kind: FabricKind, machine: MachineType, reason: str, nvlink: NvlinkDomain | None) -> FabricPlan:
    cards = machine.fabric_interfaces or 0
    if kind == "ici":
        return FabricPlan(kind=kind, reason=reason, single_zone=True)
    claims = kind == "roce-dranet"
    return FabricPlan(
        kind=kind,
        reason=reason,
        single_zone=True,
        device_class=RDMA_DEVICE_CLASS if claims else "",
        claimed_devices=cards if claims else 0,
        node_labels={DRANET_LABEL: "true"} if claims else {},
        gcp=gcp_fabric(kind, cards),
        nvlink=nvlink,
    )


def _plan_azure(kind: FabricKind, machine: MachineType, reason: str, nvlink: NvlinkDomain | None) -> FabricPlan:
    fact = machine_fabric(machine)
    if fact is None or not fact.infiniband_feature:
        raise LookupError(f"machine-fabrics.csv says nothing about AKSInfinibandSupport for {machine.name}")
    plugin, advertised_by = _ON_AKS[kind]
    resources = {
        "infiniband-sriov": {INFINIBAND_RESOURCE: machine.fabric_interfaces or 0},
        "infiniband-shared": {SHARED_INFINIBAND_RESOURCE: SHARED_INFINIBAND_PLACES},
    }
    return FabricPlan(
        kind=kind,
        reason=reason,
        single_zone=True,
        resources=resources.get(kind, {}),
        device_plugin=advertised_by,
        azure=AzureFabric(infiniband_feature=fact.infiniband_feature, device_plugin=plugin),
        secondary=SecondaryNetwork(IPOIB_NETWORK, 1) if kind == "infiniband-ipoib" else None,
        nvlink=nvlink,
    )


def _plan_own(own: OwnFabricSpec, reason: str, nvlink: NvlinkDomain | None) -> FabricPlan:
    """Nothing is installed and nothing labelled: the owner has done that, and says how pods ask for it."""
    interfaces = 1 if own.kind in ("macvlan", "infiniband-ipoib") else own.per_node
    return FabricPlan(
        kind=own.kind,
        reason=reason,
        resources={own.resource: own.per_node} if own.resource else {},
        secondary=SecondaryNetwork(own.network, interfaces) if own.network else None,
        nvlink=nvlink,
    )
