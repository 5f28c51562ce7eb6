"""What must hold where accelerators are shared: one function per rule, each with a message for people."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from bedplate.catalog.sharing import gpu_partitions, mig_profiles
from bedplate.errors import FieldPath, Problem, listing, nearest
from bedplate.node_pools.sharing import fits, strategy
from bedplate.node_pools.sharing_spec import MigSharing, PartitionSharing

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from bedplate.catalog import MachineType
    from bedplate.node_pools.sharing_spec import Sharing

HAND_OUT_WHOLE = "Leave sharing out to hand out whole accelerators."


@dataclass(frozen=True, slots=True)
class SharedMachine:
    """A machine of a pool that shares its accelerators. `field` is where `sharing` is written.

    `fabric` tells whether its nodes use a network between accelerators, `nvlink` whether NVLink reaches other nodes,
    `virtual` whether they are virtual machines.
    """

    provider: str
    machine: MachineType
    sharing: Sharing
    field: FieldPath
    fabric: bool
    nvlink: bool = False
    virtual: bool = True

    @property
    def described(self) -> str:
        """The machine and its accelerator, as messages name them."""
        return f"{self.machine.name} ({self.machine.accelerator or 'no accelerator'})"


def sharing_problems(shared: SharedMachine) -> Iterator[Problem]:
    """Yield what speaks against sharing a machine's accelerators as declared: of the first rule that is broken.

    The later rules take the earlier ones for granted.
    """
    for rule in RULES:
        problems = list(rule(shared))
        if problems:
            yield from problems
            return


def _has_accelerators(shared: SharedMachine) -> Iterator[Problem]:
    if not shared.machine.accelerator:
        yield Problem(f"{shared.machine.name} has no accelerator to share", shared.field)


def _vendor_knows_mode(shared: SharedMachine) -> Iterator[Problem]:
    wanted = "AMD" if isinstance(shared.sharing, PartitionSharing) else "NVIDIA"
    if shared.machine.vendor != wanted:
        yield Problem(
            f"{shared.sharing.mode} is for accelerators of {wanted}, and {shared.described} has those of "
            f"{shared.machine.vendor}",
            (*shared.field, "mode"),
            hint=HAND_OUT_WHOLE,
        )


def _machine_has_whole_accelerators(shared: SharedMachine) -> Iterator[Problem]:
    if shared.machine.accelerator_share < 1:
        yield Problem(
            f"{shared.described} has {shared.machine.accelerator_share:g} of an accelerator: the cloud shares it "
            "already, and a part cannot be divided again",
            shared.field,
            hint="Choose a machine with a whole accelerator, or leave sharing out.",
        )


def _no_fabric(shared: SharedMachine) -> Iterator[Problem]:
    """A collective over the fabric waits for its slowest member, and which one that is changes with every neighbour."""
    if shared.fabric:
        yield Problem(
            f"the pool uses a fabric, which joins whole accelerators of several nodes; parts of {shared.described} "
            "would wait for their neighbours at every step",
            shared.field,
            hint="Set fabric: none, or leave sharing out.",
        )


def _no_nvlink_domain(shared: SharedMachine) -> Iterator[Problem]:
    if shared.nvlink and isinstance(shared.sharing, MigSharing):
        yield Problem(
            f"NVLink joins {shared.described} with other nodes, and a GPU that is cut by MIG has no NVLink",
            (*shared.field, "mode"),
            hint=HAND_OUT_WHOLE,
        )


def _partition_known(shared: SharedMachine) -> Iterator[Problem]:
    if not isinstance(shared.sharing, PartitionSharing):
        return
    known = gpu_partitions(shared.machine.accelerator)
    wanted = (shared.sharing.compute, shared.sharing.memory)
    if wanted not in {(one.compute, one.memory) for one in known}:
        yield Problem(
            f"{shared.machine.accelerator} has no partitions {' with '.join(wanted)} that the catalog knows",
            (*shared.field, "memory" if known else "mode"),
            allowed=tuple(f"{one.compute} with {one.memory}" for one in known),
        )


def _partition_by_its_host(shared: SharedMachine) -> Iterator[Problem]:
    if isinstance(shared.sharing, PartitionSharing) and shared.virtual:
        yield Problem(
            f"{shared.described} is a virtual machine: its host decides how accelerators are partitioned, and no "
            "source says that a guest may",
            (*shared.field, "mode"),
            hint="Partitions are for existing clusters on own hardware.",
        )


def _profiles_known(shared: SharedMachine) -> Iterator[Problem]:
    if not isinstance(shared.sharing, MigSharing):
        return
    known = mig_profiles(shared.machine)
    if not known:
        yield Problem(
            f"no MIG profile is known for {shared.described}: it cannot be cut, or no source says how",
            (*shared.field, "mode"),
            hint="time-slicing and mps work on every NVIDIA GPU, with less between the pods.",
        )
        return
    for profile in shared.sharing.profiles:
        if profile not in known:
            yield Problem(
                f"{profile!r} is no MIG profile of {shared.described}",
                (*shared.field, "profiles", profile),
                allowed=tuple(known),
                nearest=nearest(profile, known),
            )


def _slices_fit(shared: SharedMachine) -> Iterator[Problem]:
    if not isinstance(shared.sharing, MigSharing):
        return
    known, wanted = mig_profiles(shared.machine), shared.sharing.profiles
    for profile, count in wanted.items():
        most = known[profile].per_accelerator
        if count > most:
            yield Problem(
                f"{count} slices of {profile} do not fit on one {shared.machine.accelerator}: at most {most}",
                (*shared.field, "profiles", profile),
            )
            return
    if not fits(known, wanted):
        described = listing([f"{count} of {profile}" for profile, count in wanted.items()])
        yield Problem(
            f"{described} do not fit on one {shared.machine.accelerator} together: a slice begins only at certain "
            "places",
            (*shared.field, "profiles"),
        )


def _one_name_for_one_profile(shared: SharedMachine) -> Iterator[Problem]:
    if not isinstance(shared.sharing, MigSharing) or len(shared.sharing.profiles) == 1:
        return
    if shared.provider != "gcp" and strategy(shared.provider, shared.sharing) == "single":
        yield Problem(
            f"strategy single gives all slices one name, and {listing(tuple(shared.sharing.profiles))} differ",
            (*shared.field, "strategy"),
            hint="Use strategy: mixed, or one profile.",
        )


def _gke_cuts_evenly(shared: SharedMachine) -> Iterator[Problem]:
    """GKE takes one profile per node pool and cuts as many slices as fit (gpu_partition_size)."""
    if shared.provider != "gcp" or not isinstance(shared.sharing, MigSharing):
        return
    if shared.sharing.strategy == "mixed":
        yield Problem(
            "GKE's device plugin calls every slice nvidia.com/gpu",
            (*shared.field, "strategy"),
            allowed=("single",),
        )
    elif len(shared.sharing.profiles) > 1:
        yield Problem("GKE cuts all GPUs of a pool into one profile", (*shared.field, "profiles"))
    else:
        ((profile, count),) = shared.sharing.profiles.items()
        yield from _gke_cuts_into(shared, profile, count)


def _gke_cuts_into(shared: SharedMachine, profile: str, count: int) -> Iterator[Problem]:
    known = mig_profiles(shared.machine)
    most = known[profile].per_accelerator
    if not known[profile].gke:
        yield Problem(
            f"GKE does not cut {shared.described} into {profile}",
            (*shared.field, "profiles", profile),
            allowed=tuple(name for name, one in known.items() if one.gke),
        )
    elif count != most:
        yield Problem(
            f"GKE cuts every GPU into as many slices of {profile} as fit, which is {most}",
            (*shared.field, "profiles", profile),
            allowed=(str(most),),
        )


RULES: tuple[Callable[[SharedMachine], Iterator[Problem]], ...] = (
    _has_accelerators,
    _vendor_knows_mode,
    _machine_has_whole_accelerators,
    _no_fabric,
    _no_nvlink_domain,
    _partition_known,
    _partition_by_its_host,
    _profiles_known,
    _slices_fit,
    _one_name_for_one_profile,
    _gke_cuts_evenly,
)
