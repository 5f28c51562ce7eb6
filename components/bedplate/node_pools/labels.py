"""How pods find a pool, and what the autoscaler must be told about a group without nodes."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bedplate.catalog import MachineType
    from bedplate.fabrics.model import FabricPlan
    from bedplate.node_pools.sharing import SharingPlan
    from bedplate.node_pools.spec import Role

DOMAIN = "bedplate.dev"
POOL_LABEL = f"{DOMAIN}/pool"
ROLE_LABEL = f"{DOMAIN}/role"
ACCELERATOR_LABEL = f"{DOMAIN}/accelerator"

# Cluster Autoscaler takes a node with this label for one whose accelerators are still to appear, and waits for them;
# without it, it starts further nodes until the device plugin has registered (cloud provider aws, GPULabel). It waits
# for nvidia.com/gpu and knows no other name (processors/customresources/gpu_processor.go): a node that never
# advertises it would count as unready for ever.
AUTOSCALER_ACCELERATOR_LABEL = "k8s.amazonaws.com/accelerator"
AUTOSCALER_RESOURCE = "nvidia.com/gpu"

KUBELET_RESERVE_GIB = 1
"""The storage that EKS's nodes keep for the system (awslabs/amazon-eks-ami@81fec2e, nodeadm/internal/kubelet/config.go;
the same file evicts pods when a tenth of the file system is left)."""


def pool_labels(
    role: Role, pool_name: str, machine: MachineType, sharing: SharingPlan | None = None
) -> Mapping[str, str]:
    """Return the labels of a pool's nodes."""
    labels = {POOL_LABEL: pool_name, ROLE_LABEL: role}
    if machine.accelerator:
        name = machine.accelerator.lower().replace(" ", "-")
        labels[ACCELERATOR_LABEL] = name
        if machine.cloud == "aws" and AUTOSCALER_RESOURCE in accelerator_resources(machine, sharing):
            labels[AUTOSCALER_ACCELERATOR_LABEL] = name
    return labels | dict(sharing.node_labels if sharing else {})


def accelerator_resources(machine: MachineType, sharing: SharingPlan | None = None) -> Mapping[str, int]:
    """Return the accelerators that a node advertises by resource name: whole ones, or the parts they are shared in."""
    if sharing:
        return sharing.resources
    return {machine.resource_name: machine.accelerator_count} if machine.resource_name else {}


def unseen_resources(
    machine: MachineType,
    sharing: SharingPlan | None = None,
    fabric: FabricPlan | None = None,
    *,
    huge_pages_2mi: int = 0,
    root_disk_gib: int = 0,
) -> Mapping[str, str]:
    """Return the allocatable resources that the autoscaler cannot derive from the machine type of an empty group.

    Without them a pod that asks for such a resource never makes a group grow from zero. `root_disk_gib` counts on AWS
    alone: its autoscaler knows a machine's processors, memory and GPUs, and nothing of disks (buildNodeFromTemplate in
    cluster-autoscaler 1.35.1, cloudprovider/aws/aws_manager.go).
    """
    resources = {name: str(count) for name, count in accelerator_resources(machine, sharing).items()}
    if fabric:
        resources |= {name: str(count) for name, count in fabric.resources.items()}
    if huge_pages_2mi:
        resources["hugepages-2Mi"] = f"{2 * huge_pages_2mi}Mi"
    if machine.nvme_count and machine.nvme_size_gb:
        # The kubelet keeps a tenth of the file system free (default hard eviction threshold nodefs.available<10%).
        resources["ephemeral-storage"] = f"{machine.nvme_count * machine.nvme_size_gb * 9 // 10}G"
    elif machine.cloud == "aws" and root_disk_gib:
        # Rounded down: with more than the node has, one after the other would start for a pod that fits on none.
        resources["ephemeral-storage"] = f"{root_disk_gib * 9 // 10 - KUBELET_RESERVE_GIB}Gi"
    return resources


def scale_down_options(machine: MachineType, labels: Mapping[str, str]) -> Mapping[str, str]:
    """Return the options by which the autoscaler keeps half-used nodes of a group on AWS, where its own do not.

    Its threshold for accelerators (`services.autoscaler`) holds where it knows a node by the label above. Elsewhere it
    looks at processors and memory, and a node goes when less than half of both is asked for: a node with half of its
    accelerators in use. With a threshold of 0 one goes when no pod asks for either; agents of the node do not count,
    or no node would ever go (cluster-autoscaler 1.35.1, core/scaledown/eligibility and simulator/utilization; names of
    the options: cloudprovider/aws/README.md, the same from 1.33.5 to 1.36.0).
    """
    if not machine.accelerator or AUTOSCALER_ACCELERATOR_LABEL in labels:
        return {}
    return {"scaledownutilizationthreshold": "0", "ignoredaemonsetsutilization": "true"}
