"""What the catalog hands out: frozen values, each with the source and the date of the row it came from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date
    from decimal import Decimal


@dataclass(frozen=True, slots=True)
class Accelerator:
    """A model of accelerator, and the range in which the price of one of them is believed.

    `resource_name` is the Kubernetes extended resource a node advertises, empty where none is known. The range
    (US dollars per whole accelerator and hour, on demand, the host included) is a guard against contaminated
    price lists, not a price.
    """

    name: str
    vendor: str
    resource_name: str
    usd_per_hour_min: Decimal | None
    usd_per_hour_max: Decimal | None


@dataclass(frozen=True, slots=True)
class MachineType:
    """One machine type of one cloud. `None` means that no source gave the value.

    `accelerator_count` counts the devices a node shows, and `accelerator_share` is the part of a physical
    accelerator that each of them is: 1 except on fractional machines (AWS g6f, GCP g4, Azure NV). Accelerator
    memory is per device. `accelerator_label` is the name the cloud's own API uses where it differs from the
    resource name (GKE's `cloud.google.com/gke-accelerator`).

    `efa_interfaces` is the number of network cards that take an EFA interface and `efa_cards` are their indexes;
    both differ from `network_cards` on p6-b300, whose card 0 is for ordinary traffic only. `fabric` is the
    network between accelerators of different nodes: `efa`, `tcpx`, `tcpxo`, `roce`, `infiniband`, `ici`, `none`,
    or empty where no source says. `network_gbps` is the machine's total: per-card figures do not add up.

    `capacity_sources` holds what a source says the type can be bought as: `on-demand`, `spot`, `reservation`,
    `capacity-block`, `flex-start`, `queued`; hardware of one's own is `owned`. Listed is not obtainable. `zones`
    maps a region where the type is offered to its zones; the tuple is empty where only the region is known (Azure).
    `as_of` is None for hardware that a stack file describes: no source has a date for it.
    """

    cloud: str
    name: str
    vendor: str
    accelerator: str
    accelerator_count: int
    accelerator_share: float
    accelerator_memory_gib: float | None
    accelerator_label: str
    resource_name: str
    vcpus: int | None
    memory_gib: float | None
    nvme_count: int | None
    nvme_size_gb: int | None
    architecture: str
    network_cards: int | None
    efa_interfaces: int | None
    efa_cards: tuple[int, ...]
    fabric: str
    fabric_interfaces: int | None
    network_gbps: float | None
    capacity_sources: frozenset[str]
    zones: Mapping[str, tuple[str, ...]]
    source: str
    as_of: date | None
    note: str


@dataclass(frozen=True, slots=True)
class Price:
    """The price of one machine for one hour, in US dollars, before any discount.

    `as_of` is the day the price list was generated, or `None` for a snapshot that carries no date; `version`
    names the snapshot either way. A reader that wants fresh prices must treat `None` as "age unknown".
    """

    usd_per_hour: Decimal
    as_of: date | None
    version: str
    source: str


@dataclass(frozen=True, slots=True)
class ServicePrice:
    """The price of one unit of a service in US dollars: `unit` is "hour", "GiB-month", "GB" and so on."""

    service: str
    usd: Decimal
    unit: str
    as_of: date
    source: str
    note: str


@dataclass(frozen=True, slots=True)
class KubernetesVersion:
    """A minor version that a cloud's managed Kubernetes has offered, for example "1.35".

    After `end_of_standard_support` the control plane costs the extended-support price; after
    `end_of_extended_support` the cloud upgrades the cluster by itself. `cluster_autoscaler` is the image tag of
    the Cluster Autoscaler release made for this minor version, empty where the cloud brings its own autoscaler.
    """

    version: str
    released: date
    end_of_standard_support: date
    end_of_extended_support: date | None
    cluster_autoscaler: str
    is_default: bool
    source: str
    as_of: date


@dataclass(frozen=True, slots=True)
class Chart:
    """A pinned Helm chart, or an EKS managed add-on (`kind` is "chart" or "eks-addon").

    `version` of an add-on is empty where EKS should choose the default of the cluster's Kubernetes version.
    """

    name: str
    kind: str
    version: str
    app_version: str
    repository: str
    namespace: str
    source: str
    as_of: date
    note: str


@dataclass(frozen=True, slots=True)
class Quota:
    """The account limit that a machine counts against in a region.

    `default` is what the cloud's documentation gives a new account, in `unit`; `None` where it does not say.
    """

    code: str
    name: str
    unit: str
    default: int | None
    source: str
    as_of: date


@dataclass(frozen=True, slots=True)
class Model:
    """A language model that an endpoint can serve by name.

    `revision` is a commit of its repository, so that its files never change. The shape is that of its config.json:
    it decides how much memory the weights and a token of context take. `gated` models need a token. `licence` is what
    the weights may be used under, by the identifier that model cards use (`apache-2.0`, `llama3.1`).
    """

    name: str
    repository: str
    revision: str
    parameters: int
    dtype: str
    layers: int
    attention_heads: int
    kv_heads: int
    head_size: int
    context_tokens: int
    gated: bool
    licence: str
    source: str
    as_of: date
    note: str


@dataclass(frozen=True, slots=True)
class ContainerImage:
    """A container image by tag. `repository` without a registry stands for the account's own one."""

    name: str
    repository: str
    tag: str
    source: str
    as_of: date
    note: str


@dataclass(frozen=True, slots=True)
class ColdStartPhase:
    """How long a phase of a worker's start takes: between two figures in seconds, and two per GiB of weights."""

    phase: str
    low_seconds: float
    high_seconds: float
    low_seconds_per_gib: float
    high_seconds_per_gib: float
    source: str
    as_of: date
    note: str


@dataclass(frozen=True, slots=True)
class EngineMemory:
    """What an engine takes of each accelerator for itself, in GiB, where one has at least so much memory.

    `part` is "engine" for every worker, and "neighbours" for what several accelerators of a worker add.
    """

    part: str
    accelerator_gib_from: float
    gib: float
    source: str
    as_of: date
    note: str
