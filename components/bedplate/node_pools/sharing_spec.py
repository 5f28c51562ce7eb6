"""What a team may write about several pods on one accelerator."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Discriminator, Field, StringConstraints, Tag

from bedplate.stack_file.model import StrictModel, Wording

SharingMode = Literal["mig", "time-slicing", "mps", "partition"]
MODES: tuple[SharingMode, ...] = ("mig", "time-slicing", "mps", "partition")

MOST_REPLICAS = 48
"""The most clients of one GPU: GKE takes 2 to 48 (ComputeClass, maxSharedClientsPerGPU), MPS has no more either."""

ProfileName = Annotated[
    str,
    StringConstraints(pattern=r"^[1-7]g\.\d{1,3}gb$"),
    Wording("a MIG profile such as 1g.10gb"),
]
Replicas = Annotated[int, Field(ge=2, le=MOST_REPLICAS)]


class MigSharing(StrictModel):
    """Slices of NVIDIA GPUs (MIG): each has memory, cache and compute of its own."""

    mode: Literal["mig"] = Field(description="Cut every GPU into slices.")
    profiles: Annotated[dict[ProfileName, Annotated[int, Field(ge=1, le=7)]], Field(min_length=1)] = Field(
        description="How many slices of each profile every GPU of the pool is cut into."
    )
    strategy: Literal["mixed", "single"] | None = Field(
        default=None,
        description="The name under which pods ask for a slice. `mixed`: the profile's own, such as "
        "`nvidia.com/mig-1g.10gb`; `single`: `nvidia.com/gpu`, for one profile alone. Default: `mixed`, on Google "
        "Cloud `single`, which is all that it has.",
    )


class TimeSlicing(StrictModel):
    """Turns on whole GPUs. Nothing keeps pods apart but the turn."""

    mode: Literal["time-slicing"] = Field(description="Let pods take turns.")
    replicas: Replicas = Field(description="Pods that may share one GPU.")


class MpsSharing(StrictModel):
    """Equal parts of NVIDIA GPUs (MPS). Pods run on a GPU at once, each held to its part of memory and compute."""

    mode: Literal["mps"] = Field(description="Let pods run at once, each held to an equal part.")
    replicas: Replicas = Field(description="Pods that may share one GPU.")


class PartitionSharing(StrictModel):
    """Partitions of AMD Instinct accelerators. Each shows several devices instead of one."""

    mode: Literal["partition"] = Field(description="Divide every accelerator into devices.")
    compute: Literal["SPX", "CPX"] = Field(description="`SPX`: one device; `CPX`: one device per compute die.")
    memory: Literal["NPS1", "NPS4"] = Field(description="`NPS1`: one memory; `NPS4`: four quadrants.")


def _mode(value: Any) -> str | None:
    """Tell the modes apart; one without a mode is read as MIG, whose error says that it is missing."""
    mode = value.get("mode", "mig") if isinstance(value, dict) else getattr(value, "mode", "mig")
    return mode if mode in MODES else None


class _Modes(Discriminator):
    """A discriminator that may stand in an optional value: `Sharing | None` needs the parts of a union to have a hash,
    and pydantic's own holds a dictionary."""

    __hash__ = object.__hash__


Sharing = Annotated[
    Annotated[MigSharing, Tag("mig")]
    | Annotated[TimeSlicing, Tag("time-slicing")]
    | Annotated[MpsSharing, Tag("mps")]
    | Annotated[PartitionSharing, Tag("partition")],
    _Modes(
        _mode,
        # Read by bedplate.stack_file.messages.
        custom_error_type="choice",
        custom_error_message="no such mode",
        custom_error_context={"field": "mode", "allowed": MODES},
    ),
]
