"""How close together the nodes of a group are asked to stand: decided by how they are bought, never by a fabric alone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

PlacementKind = Literal[
    "none",
    "cluster-placement-group",
    "compact",
    "workload-policy",
    "proximity-placement-group",
    "tpu-topology",
]
"""`cluster-placement-group` is AWS, `compact`, `workload-policy` and `tpu-topology` are Google Cloud,
`proximity-placement-group` is Azure. `none` leaves it to the cloud, or to a reservation that has a place already."""


@dataclass(frozen=True, slots=True)
class PlacementPlan:
    """Where the nodes of a group stand towards each other, and why.

    `topology` is Google Cloud's: of the accelerators in a workload policy (`1x72`) or of a TPU slice (`4x4`).
    `reason` is a sentence for people, shown in the plan and in docs/reference/machines.md.
    """

    kind: PlacementKind
    reason: str
    topology: str = ""
