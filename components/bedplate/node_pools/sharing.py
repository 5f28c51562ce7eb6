"""Several pods on one accelerator: what a node then advertises, how it is told to, and what is refused.

MIG and partitions divide the device itself; time-slicing and MPS let pods use it together. Who carries it out differs:
NVIDIA's operator by labels of the node (`services.nvidia_sharing`), AMD's device config manager likewise, Google
Cloud by settings of the node pool (`SharingPlan.gke`). Sources: catalog/data/mig-profiles.csv, gpu-partitions.csv and
sharing-isolation.csv.
"""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Literal

from bedplate.catalog.sharing import Isolation, MigProfile, isolation, mig_profiles
from bedplate.catalog.sharing import gpu_partitions as known_partitions
from bedplate.node_pools.labels import DOMAIN
from bedplate.node_pools.sharing_spec import MigSharing, MpsSharing, PartitionSharing, SharingMode, TimeSlicing

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bedplate.catalog import MachineType
    from bedplate.node_pools.sharing_spec import Sharing

SHARING_LABEL = f"{DOMAIN}/sharing"
"""Label and taint of nodes whose accelerators are shared: a pod that wants a whole one never lands there."""

# Read by the config managers of NVIDIA's device plugin and MIG manager, and by AMD's device config manager.
PLUGIN_CONFIG_LABEL = "nvidia.com/device-plugin.config"
MIG_CONFIG_LABEL = "nvidia.com/mig.config"
PARTITION_LABEL = "dcm.amd.com/gpu-config-profile"


@dataclass(frozen=True, slots=True)
class GkeSharing:
    """Google Cloud's settings: `partition_size` is a MIG profile, `strategy` lets `clients` pods share a GPU."""

    partition_size: str = ""
    strategy: Literal["", "TIME_SHARING", "MPS"] = ""
    clients: int = 0


@dataclass(frozen=True, slots=True)
class SharingPlan:
    """How the accelerators of a node are shared.

    `resources` is what a node advertises in place of its whole accelerators. `memory_gb` is the memory of the
    smallest part in GB, None where a part has none of its own or nobody says how much. `gke` is set on Google Cloud
    alone, where the labels of the operators say nothing.
    """

    mode: SharingMode
    resources: Mapping[str, int]
    memory_gb: float | None
    node_labels: Mapping[str, str]
    isolation: Isolation
    gke: GkeSharing | None = None


def plan_sharing(provider: str, machine: MachineType, sharing: Sharing) -> SharingPlan:
    """Decide how a machine's accelerators are shared. It must have passed `sharing_preconditions`."""
    labels = {SHARING_LABEL: sharing.mode} | ({} if provider == "gcp" else operator_labels(sharing))
    return SharingPlan(
        mode=sharing.mode,
        resources=MappingProxyType(_resources(provider, machine, sharing)),
        memory_gb=_memory(machine, sharing),
        node_labels=MappingProxyType(labels),
        isolation=isolation(sharing.mode),
        gke=_gke(sharing) if provider == "gcp" else None,
    )


def strategy(provider: str, sharing: MigSharing) -> Literal["mixed", "single"]:
    """Return how slices are named. Google Cloud has one way; elsewhere `mixed` is the default.

    Under `single`, a pod that asks for one slice fits on a node whose GPUs are not cut yet, takes a whole one, and
    keeps the MIG manager from cutting it.
    """
    return sharing.strategy or ("single" if provider == "gcp" else "mixed")


def operator_labels(sharing: Sharing) -> dict[str, str]:
    """Return the labels by which the operators' agents on a node know what to do."""
    match sharing:
        case MigSharing():
            named = sharing.strategy or "mixed"
            return {PLUGIN_CONFIG_LABEL: f"mig-{named}", MIG_CONFIG_LABEL: mig_config_name(sharing)}
        case TimeSlicing() | MpsSharing():
            return {PLUGIN_CONFIG_LABEL: f"{sharing.mode}-{sharing.replicas}"}
        case PartitionSharing():
            return {PARTITION_LABEL: partition_name(sharing)}


def mig_config_name(sharing: MigSharing) -> str:
    """Return the name of a way to cut GPUs, such as `3x1g.10gb-2x2g.20gb`: a label's value."""
    return "-".join(f"{count}x{profile}" for profile, count in sorted(sharing.profiles.items()))


def partition_name(sharing: PartitionSharing) -> str:
    """Return the name of a way to divide accelerators, such as `cpx-nps4`."""
    return f"{sharing.compute}-{sharing.memory}".lower()


def fits(profiles: Mapping[str, MigProfile], wanted: Mapping[str, int]) -> bool:
    """Tell whether slices fit on one GPU together. Each needs neighbouring places and begins only where it may."""
    slices = [profiles[name] for name, count in wanted.items() for _ in range(count)]
    return _place(sorted(slices, key=lambda one: one.slots, reverse=True), frozenset())


def _place(slices: list[MigProfile], taken: frozenset[int]) -> bool:
    if not slices:
        return True
    first, *rest = slices
    return any(
        taken.isdisjoint(places) and _place(rest, taken | places)
        for start in first.starts
        for places in [frozenset(range(start, start + first.slots))]
    )


def _resources(provider: str, machine: MachineType, sharing: Sharing) -> dict[str, int]:
    count = machine.accelerator_count
    match sharing:
        case MigSharing():
            slices = {f"nvidia.com/mig-{profile}": count * each for profile, each in sorted(sharing.profiles.items())}
            whole = strategy(provider, sharing) == "single"
            return {machine.resource_name: sum(slices.values())} if whole else slices
        case TimeSlicing() | MpsSharing():
            return {machine.resource_name: count * sharing.replicas}
        case PartitionSharing():
            (partition,) = (
                one
                for one in known_partitions(machine.accelerator)
                if (one.compute, one.memory) == (sharing.compute, sharing.memory)
            )
            return {machine.resource_name: count * partition.per_accelerator}


def _memory(machine: MachineType, sharing: Sharing) -> float | None:
    match sharing:
        case MigSharing():
            profiles = mig_profiles(machine)
            return min(profiles[name].memory_gb for name in sharing.profiles)
        case MpsSharing() if machine.accelerator_memory_gib:
            return machine.accelerator_memory_gib / sharing.replicas
        case _:
            return None


def _gke(sharing: Sharing) -> GkeSharing:
    match sharing:
        case MigSharing():
            (profile,) = sharing.profiles
            return GkeSharing(partition_size=profile)
        case TimeSlicing():
            return GkeSharing(strategy="TIME_SHARING", clients=sharing.replicas)
        case MpsSharing():
            return GkeSharing(strategy="MPS", clients=sharing.replicas)
        case PartitionSharing():
            raise ValueError("Google Cloud has no accelerators that are partitioned")
