"""How close together the nodes of a group are asked to stand: how they are bought decides, never a fabric alone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from bedplate.catalog import MachineType
    from bedplate.fabrics.model import FabricPlan
    from bedplate.node_pools.spec import Capacity

PlacementKind = Literal["none", "cluster-placement-group", "compact", "workload-policy", "tpu-topology"]
"""`cluster-placement-group` is AWS; `compact`, `workload-policy` and `tpu-topology` are Google Cloud. `none` leaves it
to the cloud, or to a reservation that has a place already."""

COMPACT_WITH_FLEX_START = ("a3-ultragpu-", "a4-")
"""The machine families that Google Cloud places compactly with flex-start (cluster-toolkit, gke-node-pool/main.tf)."""

WORKLOAD_POLICY_TPU = "tpu7x-"
"""The TPU family whose slices are placed by a workload policy (cluster-toolkit, internal/tpu-definition)."""


@dataclass(frozen=True, slots=True)
class PlacementPlan:
    """Where the nodes of a group stand towards each other, and why.

    `topology` is Google Cloud's: of the accelerators in a workload policy (`1x72`) or of a TPU slice (`4x4`).
    `reason` is a sentence for people, shown in the plan and in docs/reference/machines.md.
    """

    kind: PlacementKind
    reason: str
    topology: str = ""


def decide_placement(
    provider: str, machine: MachineType, capacity: Capacity, fabric: FabricPlan, tpu_topology: str = ""
) -> PlacementPlan:
    """Decide how close together the nodes of an offer are asked to stand.

    Only nodes that the cloud picks freely are asked for it. What was bought ahead has its place already, and a second
    word about it makes the cloud refuse nodes that are paid for (terraform-aws-eks #3730, eksctl #7949, xpk #1130);
    spot machines are taken where they are left over.
    """
    match provider:
        case "aws":
            return _on_aws(capacity, fabric)
        case "gcp":
            return _on_gcp(machine, capacity, fabric, tpu_topology)
        case "azure":
            return _on_azure(fabric)
    return PlacementPlan("none", "the nodes of an existing cluster stand where they stand")


def _on_aws(capacity: Capacity, fabric: FabricPlan) -> PlacementPlan:
    if not fabric.in_use:
        return PlacementPlan("none", "without a fabric, closeness gains little and narrows what can be had")
    match capacity:
        case "on-demand":
            return PlacementPlan("cluster-placement-group", "on-demand machines stand close together only when asked")
        case "spot":
            return PlacementPlan("none", "a placement group narrows the spot capacity that can be had")
        case _:
            return PlacementPlan("none", f"a {capacity} has its place already, and a placement group may not fit it")


def _on_gcp(machine: MachineType, capacity: Capacity, fabric: FabricPlan, tpu_topology: str) -> PlacementPlan:
    if tpu_topology:
        return _tpu_slice(machine, tpu_topology)
    if machine.vendor == "Google":
        return PlacementPlan("none", "each node is a slice of its own")
    if fabric.in_use and fabric.nvlink:
        return PlacementPlan(
            "workload-policy", "NVLink reaches over the nodes of one rack only", fabric.nvlink.topology
        )
    if not fabric.in_use:
        return PlacementPlan("none", "without a fabric, closeness gains little and narrows what can be had")
    return _compact_or_not(machine, capacity)


def _tpu_slice(machine: MachineType, topology: str) -> PlacementPlan:
    reason = "the nodes of a TPU slice are wired to each other in this shape"
    if machine.name.startswith(WORKLOAD_POLICY_TPU):
        return PlacementPlan("workload-policy", reason, topology)
    return PlacementPlan("tpu-topology", reason, topology)


def _compact_or_not(machine: MachineType, capacity: Capacity) -> PlacementPlan:
    match capacity:
        case "on-demand":
            return PlacementPlan("compact", "on-demand machines stand close together only when asked")
        case "flex-start" if machine.name.startswith(COMPACT_WITH_FLEX_START):
            return PlacementPlan("compact", "flex-start places this machine family compactly when asked")
        case "flex-start":
            return PlacementPlan("none", "flex-start places only A3 Ultra and A4 machines compactly")
        case "queued":
            return PlacementPlan("none", "Google Cloud refuses compact placement for queued machines")
        case "spot":
            return PlacementPlan("none", "compact placement narrows the spot capacity that can be had")
        case _:
            return PlacementPlan("none", "a reservation has its place already, and refuses a second placement policy")


def _on_azure(fabric: FabricPlan) -> PlacementPlan:
    if fabric.in_use:
        return PlacementPlan("none", "machines with InfiniBand stand in one scale set, which Azure keeps on one fabric")
    return PlacementPlan("none", "without a fabric, closeness gains little and narrows what can be had")
