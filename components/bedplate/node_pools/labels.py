"""How pods find a pool and are kept off it, and what the autoscaler must be told about a group without nodes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bedplate.catalog import MachineType
    from bedplate.node_pools.spec import Role

DOMAIN = "bedplate.dev"
POOL_LABEL = f"{DOMAIN}/pool"
ROLE_LABEL = f"{DOMAIN}/role"
ACCELERATOR_LABEL = f"{DOMAIN}/accelerator"

# Cluster Autoscaler takes a node with this label for one whose accelerators are still to appear, and waits for them;
# without it, it starts further nodes until the device plugin has registered (cloud provider aws, GPULabel).
AUTOSCALER_ACCELERATOR_LABEL = "k8s.amazonaws.com/accelerator"


@dataclass(frozen=True, slots=True)
class Taint:
    """Keeps pods without the matching toleration off a node."""

    key: str
    value: str
    effect: Literal["NoSchedule", "PreferNoSchedule", "NoExecute"] = "NoSchedule"


def pool_labels(role: Role, pool_name: str, machine: MachineType) -> Mapping[str, str]:
    """Return the labels of a pool's nodes."""
    labels = {POOL_LABEL: pool_name, ROLE_LABEL: role}
    if machine.accelerator:
        name = machine.accelerator.lower().replace(" ", "-")
        labels |= {ACCELERATOR_LABEL: name, AUTOSCALER_ACCELERATOR_LABEL: name}
    return labels


def pool_taints(role: Role, machine: MachineType) -> tuple[Taint, ...]:
    """Return the taints of a pool's nodes: one for its role unless that is `general`, one for its accelerators."""
    taints = [] if role == "general" else [Taint(ROLE_LABEL, role)]
    if machine.resource_name:
        taints.append(Taint(machine.resource_name, "present"))
    return tuple(taints)


def unseen_resources(machine: MachineType, *, uses_fabric: bool) -> Mapping[str, str]:
    """Return the allocatable resources that the autoscaler cannot derive from the machine type of an empty group.

    Without them a pod that asks for such a resource never makes a group grow from zero.
    """
    resources: dict[str, str] = {}
    if machine.resource_name:
        resources[machine.resource_name] = str(machine.accelerator_count)
    if uses_fabric:
        resources["vpc.amazonaws.com/efa"] = str(machine.efa_interfaces)
    if machine.nvme_count and machine.nvme_size_gb:
        # The kubelet keeps a tenth of the file system free (default hard eviction threshold nodefs.available<10%).
        resources["ephemeral-storage"] = f"{machine.nvme_count * machine.nvme_size_gb * 9 // 10}G"
    return resources
