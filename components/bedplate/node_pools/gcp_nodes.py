"""How a node of Google Cloud starts: its machine, disks, accelerators, and what it may do."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pulumi_gcp as gcp

from bedplate.clouds.gcp_names import gcp_labels
from bedplate.node_pools.gcp_boot_disks import HYPERDISK, INCLUDED_IOPS, INCLUDED_MIBPS, boot_disk_type
from bedplate.node_pools.gcp_plan import WAITS_FOR_MACHINES, reservation_path
from bedplate.node_pools.images import node_image

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bedplate.clusters.handles import GkeHandles
    from bedplate.node_pools.plan import NodeGroupPlan

CLOUD_PLATFORM_SCOPE = "https://www.googleapis.com/auth/cloud-platform"
"""What an access token may be used for at most: IAM roles say what it may do."""

TAINT_EFFECTS = {"NoSchedule": "NO_SCHEDULE", "PreferNoSchedule": "PREFER_NO_SCHEDULE", "NoExecute": "NO_EXECUTE"}

RESERVATION_KEY = "compute.googleapis.com/reservation-name"


def node_config(
    group: NodeGroupPlan, tags: Mapping[str, str], cluster: GkeHandles
) -> gcp.container.NodePoolNodeConfigArgs:
    """Return the settings of a group's nodes."""
    return gcp.container.NodePoolNodeConfigArgs(
        machine_type=group.machine.name,
        image_type=node_image("gcp", group.machine),
        boot_disk=_boot_disk(group),
        boot_disk_kms_key=cluster.encryption_key,
        service_account=cluster.node_service_account,
        oauth_scopes=[CLOUD_PLATFORM_SCOPE],
        metadata={"disable-legacy-endpoints": "true"},
        # A pod gets the identity of its own service account, never the node's.
        workload_metadata_config=gcp.container.NodePoolNodeConfigWorkloadMetadataConfigArgs(mode="GKE_METADATA"),
        shielded_instance_config=gcp.container.NodePoolNodeConfigShieldedInstanceConfigArgs(
            enable_secure_boot=True, enable_integrity_monitoring=True
        ),
        gvnic=gcp.container.NodePoolNodeConfigGvnicArgs(enabled=True),
        # Images of Artifact Registry start before all of them has come.
        gcfs_config=gcp.container.NodePoolNodeConfigGcfsConfigArgs(enabled=True),
        resource_labels=gcp_labels(tags),
        labels=dict(group.labels),
        taints=_taints(group),
        taint_config=_architecture_taint(group),
        guest_accelerators=_accelerators(group),
        ephemeral_storage_local_ssd_config=_local_ssd(group),
        linux_node_config=_linux(group),
        spot=True if group.capacity == "spot" else None,
        flex_start=True if group.capacity in WAITS_FOR_MACHINES else None,
        max_run_duration=f"{group.max_run_hours * 3600}s" if group.max_run_hours else None,
        reservation_affinity=_reservation(group, cluster.project),
        host_maintenance_policy=_maintenance(group),
    )


def _taints(group: NodeGroupPlan) -> list[gcp.container.NodePoolNodeConfigTaintArgs]:
    return [
        gcp.container.NodePoolNodeConfigTaintArgs(key=taint.key, value=taint.value, effect=TAINT_EFFECTS[taint.effect])
        for taint in group.taints.declared
    ]


def _boot_disk(group: NodeGroupPlan) -> gcp.container.NodePoolNodeConfigBootDiskArgs:
    kind = boot_disk_type(group.machine)
    hyperdisk = kind == HYPERDISK
    return gcp.container.NodePoolNodeConfigBootDiskArgs(
        disk_type=kind,
        size_gb=group.root_disk_gib,
        provisioned_iops=INCLUDED_IOPS if hyperdisk else None,
        provisioned_throughput=INCLUDED_MIBPS if hyperdisk else None,
    )


def _accelerators(group: NodeGroupPlan) -> list[gcp.container.NodePoolNodeConfigGuestAcceleratorArgs] | None:
    """Return the GPUs of a node; TPUs come with the machine type and are not named."""
    machine = group.machine
    if machine.vendor != "NVIDIA":
        return None
    shared = group.sharing.gke if group.sharing else None
    return [
        gcp.container.NodePoolNodeConfigGuestAcceleratorArgs(
            type=machine.accelerator_label,
            count=machine.accelerator_count,
            # GKE installs the driver that it has tested with the node's version; nothing else may install one
            # (services/drivers.py).
            gpu_driver_installation_config=gcp.container.NodePoolNodeConfigGuestAcceleratorGpuDriverInstallationConfigArgs(
                gpu_driver_version="DEFAULT"
            ),
            gpu_partition_size=(shared.partition_size or None) if shared else None,
            gpu_sharing_config=gcp.container.NodePoolNodeConfigGuestAcceleratorGpuSharingConfigArgs(
                gpu_sharing_strategy=shared.strategy, max_shared_clients_per_gpu=shared.clients
            )
            if shared and shared.strategy
            else None,
        )
    ]


def _local_ssd(group: NodeGroupPlan) -> gcp.container.NodePoolNodeConfigEphemeralStorageLocalSsdConfigArgs | None:
    """Return the local disks as one file system for containers: images, logs and `emptyDir` stand there."""
    if not group.machine.nvme_count:
        return None
    return gcp.container.NodePoolNodeConfigEphemeralStorageLocalSsdConfigArgs(local_ssd_count=group.machine.nvme_count)


def _linux(group: NodeGroupPlan) -> gcp.container.NodePoolNodeConfigLinuxNodeConfigArgs | None:
    if not group.huge_pages_2mi:
        return None
    return gcp.container.NodePoolNodeConfigLinuxNodeConfigArgs(
        hugepages_config=gcp.container.NodePoolNodeConfigLinuxNodeConfigHugepagesConfigArgs(
            hugepage_size2m=group.huge_pages_2mi
        )
    )


def _architecture_taint(group: NodeGroupPlan) -> gcp.container.NodePoolNodeConfigTaintConfigArgs | None:
    """Return that ARM nodes have no taint for being such: their pool's own taints keep other pods away, and pods that
    choose the pool by its labels would not know of one more."""
    if group.machine.architecture != "arm64":
        return None
    return gcp.container.NodePoolNodeConfigTaintConfigArgs(architecture_taint_behavior="NONE")


def _reservation(group: NodeGroupPlan, project: str) -> gcp.container.NodePoolNodeConfigReservationAffinityArgs:
    """Return what nodes take of capacity that was bought ahead: the named one and no other, or none at all.

    Otherwise an on-demand pool would use up the reservation that another pool waits for.
    """
    if group.reservation is None:
        return gcp.container.NodePoolNodeConfigReservationAffinityArgs(consume_reservation_type="NO_RESERVATION")
    return gcp.container.NodePoolNodeConfigReservationAffinityArgs(
        consume_reservation_type="SPECIFIC_RESERVATION",
        key=RESERVATION_KEY,
        values=[reservation_path(group.reservation.name, project)],
    )


def _maintenance(group: NodeGroupPlan) -> gcp.container.NodePoolNodeConfigHostMaintenancePolicyArgs | None:
    """Return the maintenance interval that a reservation was made with: with another one GKE refuses it (xpk #476)."""
    interval = group.reservation.maintenance_interval if group.reservation else None
    if interval is None:
        return None
    return gcp.container.NodePoolNodeConfigHostMaintenancePolicyArgs(maintenance_interval=interval.upper())
