"""What GKE refuses of a node pool: combinations that the provider's types let pass.

Rules: preconditions of cluster-toolkit's gke-node-pool (v1.95.0), xpk #476 and #1130, and GKE's API reference of node
pools; read 2026-08. Where no report quotes GKE's own words, the message says what it means.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bedplate import catalog
from bedplate.node_pools.gcp_boot_disks import HYPERDISK, boot_disk_type
from bedplate.sdk_types import has_unknown
from bedplate.simulation.requests import Refusal

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from bedplate.catalog import MachineType
    from bedplate.simulation.requests import Request
    from bedplate.simulation.world_file import Properties

NODE_POOL = "gcp:container/nodePool:NodePool"
LONGEST_NAME = 40
SPECIFIC = "SPECIFIC_RESERVATION"


def refuse_node_pool(request: Request) -> None:
    """Raise what GKE says of a node pool that it does not make; anything else passes."""
    if request.token != NODE_POOL:
        return
    inputs, node = request.inputs, request.inputs.get("nodeConfig") or {}
    machine = catalog.machine("gcp", str(node.get("machineType", "")))
    for rule in RULES:
        for said in rule(inputs, node, machine):
            raise Refusal(f"error creating NodePool: googleapi: Error 400: {said}")


def _name(inputs: Properties, _node: Properties, _machine: MachineType | None) -> Iterator[str]:
    if len(str(inputs.get("name", ""))) > LONGEST_NAME:
        yield f"Invalid value for field 'node_pool.name': at most {LONGEST_NAME} characters"


def _zones(inputs: Properties, node: Properties, machine: MachineType | None) -> Iterator[str]:
    zones = inputs.get("nodeLocations") or []
    if machine is None or not machine.zones or has_unknown(zones):
        return
    offered = {zone for known in machine.zones.values() for zone in known}
    for zone in zones:
        if zone not in offered:
            yield f"Machine type with name '{node['machineType']}' does not exist in zone '{zone}'."


def _sizes(inputs: Properties, _node: Properties, _machine: MachineType | None) -> Iterator[str]:
    scaling = inputs.get("autoscaling") or {}
    per_zone = {"minNodeCount", "maxNodeCount"} & scaling.keys()
    total = {"totalMinNodeCount", "totalMaxNodeCount"} & scaling.keys()
    if per_zone and total:
        yield "autoscaling limits are either per zone or total, not both"
    most = scaling.get("totalMaxNodeCount")
    first = int(inputs.get("initialNodeCount") or 0) * max(1, len(inputs.get("nodeLocations") or []))
    if most is not None and first > int(most):
        yield f"initial_node_count makes {first} nodes, and total_max_node_count is {int(most)}"


def _ways_to_buy(inputs: Properties, node: Properties, _machine: MachineType | None) -> Iterator[str]:
    queued = (inputs.get("queuedProvisioning") or {}).get("enabled")
    affinity = (node.get("reservationAffinity") or {}).get("consumeReservationType", "")
    repair = (inputs.get("management") or {}).get("autoRepair", True)
    waits = node.get("flexStart") or queued
    if node.get("spot") and (waits or affinity == SPECIFIC):
        yield "Spot VMs take neither reservations nor flex-start nor queued provisioning"
    if waits and affinity not in ("", "NO_RESERVATION"):
        yield "flex-start and queued provisioning need reservation affinity NO_RESERVATION"
    if waits and repair:
        yield "auto-repair must be disabled for node pools with flex-start"
    if waits and inputs.get("nodeCount") is not None:
        yield "flex-start node pools are autoscaled: node_count cannot be set"
    if queued and (inputs.get("autoscaling") or {}).get("totalMinNodeCount"):
        yield "queued provisioning needs a minimum of zero nodes"


def _reservation(inputs: Properties, node: Properties, _machine: MachineType | None) -> Iterator[str]:
    affinity = node.get("reservationAffinity") or {}
    if affinity.get("consumeReservationType") != SPECIFIC:
        return
    if len(affinity.get("values") or []) != 1 or not affinity.get("key"):
        yield "Invalid value for reservationAffinity: a specific reservation needs its key and one value"
    placement = inputs.get("placementPolicy") or {}
    if placement.get("type") == "COMPACT" and not placement.get("policyName") and not placement.get("tpuTopology"):
        yield "compact placement cannot be combined with a specific reservation that has a placement already"


def _placement(inputs: Properties, _node: Properties, _machine: MachineType | None) -> Iterator[str]:
    placement = inputs.get("placementPolicy") or {}
    if placement.get("type") != "COMPACT":
        return
    if len(inputs.get("nodeLocations") or []) != 1:
        yield "compact placement is only available for node pools in a single zone"
    if (inputs.get("queuedProvisioning") or {}).get("enabled") and not placement.get("tpuTopology"):
        yield "compact placement cannot be combined with queued provisioning"


def _networks(inputs: Properties, _node: Properties, _machine: MachineType | None) -> Iterator[str]:
    network = inputs.get("networkConfig") or {}
    if network.get("acceleratorNetworkProfile") and network.get("additionalNodeNetworkConfigs"):
        yield "accelerator_network_profile cannot be combined with additional_node_network_configs"


def _machine_parts(_inputs: Properties, node: Properties, machine: MachineType | None) -> Iterator[str]:
    if machine is None:
        return
    for accelerator in node.get("guestAccelerators") or []:
        wanted = (accelerator.get("type"), accelerator.get("count"))
        if wanted != (machine.accelerator_label, machine.accelerator_count):
            yield f"machine type {machine.name} has no accelerators {wanted[0]} x {_number(wanted[1])}"
    disks = (node.get("ephemeralStorageLocalSsdConfig") or {}).get("localSsdCount")
    if disks is not None and machine.nvme_count and int(disks) != machine.nvme_count:
        yield f"machine type {machine.name} has {machine.nvme_count} local SSDs, not {_number(disks)}"
    kind = (node.get("bootDisk") or {}).get("diskType") or node.get("diskType")
    if kind and boot_disk_type(machine) == HYPERDISK and kind != HYPERDISK:
        yield f"[{kind}] features are not compatible for creating instance of {machine.name}"


def _number(value: Any) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)


RULES: tuple[Callable[[Properties, Properties, MachineType | None], Iterator[str]], ...] = (
    _name,
    _zones,
    _sizes,
    _ways_to_buy,
    _reservation,
    _placement,
    _networks,
    _machine_parts,
)
