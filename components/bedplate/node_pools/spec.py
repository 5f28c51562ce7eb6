"""What a team may write about node pools."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, StringConstraints, model_validator

from bedplate.cost.range import machine_item
from bedplate.fabrics.kinds import FabricChoice
from bedplate.fabrics.spec import AcceptanceSpec
from bedplate.node_pools.existing_spec import MOST_HOSTS, HardwareSpec, NodeName, hardware_name
from bedplate.node_pools.sharing_spec import Sharing
from bedplate.stack_file.model import Name, StrictModel, Wording, wrong

Role = Literal["general", "inference", "training"]
Purchase = Literal["on-demand", "spot", "reservation", "capacity-block", "flex-start", "queued"]
Capacity = Literal["on-demand", "spot", "reservation", "capacity-block", "flex-start", "queued", "owned"]
"""How nodes are had: bought by an offer in one of several ways, or `owned`, which no offer says: they exist already."""


MOST_OFFERS = 5
"""Each offer has a rank of its own in the autoscaler's priorities."""

MOST_PREPULLED = 10
"""Each image is a container of one pod on every node."""

ImageName = Annotated[
    str,
    StringConstraints(
        pattern=r"^[a-z0-9][a-z0-9./_-]*(:\d+/[a-z0-9./_-]+)?"
        r"(:[\w][\w.-]*(@sha256:[0-9a-f]{64})?|@sha256:[0-9a-f]{64})$"
    ),
    Wording("a container image with a tag or digest, such as registry.example.com/engine:1.2"),
]

NodeCount = Annotated[int, Field(ge=0, le=1000)]

HOURS_PER_MONTH = 730
"""Hours in an average month (8,760 / 12), the convention of the clouds' own price pages."""


class NodesSpec(StrictModel):
    """Between which bounds the autoscaler keeps the number of nodes."""

    min: NodeCount = Field(description="Nodes that always run: what the pool costs at rest.")
    max: Annotated[int, Field(ge=1, le=1000)] = Field(description="Nodes that may run at once: a spending cap.")
    expected: NodeCount | None = Field(
        default=None,
        description="Nodes that you expect to run during the busy hours. Only the expected cost depends on it.",
    )
    expected_hours_per_month: Annotated[int, Field(ge=0, le=HOURS_PER_MONTH)] | None = Field(
        default=None,
        description="Busy hours a month, at most 730; `min` nodes run in the others.",
    )

    @model_validator(mode="after")
    def _ordered(self) -> NodesSpec:
        if self.min > self.max:
            raise wrong(f"min {self.min} is above max {self.max}", "min")
        if (self.expected is None) != (self.expected_hours_per_month is None):
            raise wrong("expected and expected_hours_per_month belong together: set both or neither")
        if self.expected is not None and not self.min <= self.expected <= self.max:
            raise wrong(f"expected {self.expected} is outside min {self.min} and max {self.max}", "expected")
        return self


Day = Annotated[str, StringConstraints(pattern=r"^\d{4}-\d{2}-\d{2}$"), Wording("a day such as 2026-12-31")]


class ReservationSpec(StrictModel):
    """Capacity that has been bought ahead, as its own page in the cloud's console describes it.

    A preview asks no cloud, so what the machines must agree with is declared here; a difference from the real
    reservation shows when the cloud refuses the first node.
    """

    name: str = Field(
        min_length=1,
        description="AWS: the identifier `cr-…`. Google Cloud: the name, with the project before it where that is "
        "another one (`projects/…/reservations/…`), and behind it `/reservationBlocks/…` for one block, "
        "`/reservationBlocks/…/reservationSubBlocks/…` for one rack of A4X. Azure: the resource identifier of the "
        "capacity reservation group.",
    )
    machine: str = Field(description="The machine type that the reservation is for; it takes no other.")
    nodes: Annotated[int, Field(ge=1, le=1000)] = Field(
        description="Machines that the reservation holds. They are paid for whether they run or not."
    )
    zone: str | None = Field(default=None, description="The zone in which the machines are reserved.")
    compact: bool | None = Field(
        default=None, description="Google Cloud: whether the reservation was made with a compact placement policy."
    )
    maintenance_interval: Literal["periodic", "recurrent"] | None = Field(
        default=None, description="Google Cloud: the reservation's maintenance interval, if it has one."
    )
    starts: Day | None = Field(
        default=None,
        description="The day on which it begins, in quotes: no node starts before a pod asks for one. Required for a "
        "capacity block.",
    )
    ends: Day | None = Field(
        default=None, description="The day on which it ends, in quotes. Required for a capacity block."
    )
    usd_per_node_hour: Annotated[float, Field(gt=0, le=1000)] | None = Field(
        default=None,
        description="What an hour of one machine costs by the contract, in US dollars. Default: the on-demand price. "
        "Capacity blocks have no list price, so there it is required.",
    )


class OfferSpec(StrictModel):
    """One way to get a node: a machine type and how it is bought."""

    machine: str = Field(description="The cloud's own name of the machine type, for example `p5.48xlarge`.")
    capacity: Purchase = Field(
        default="on-demand",
        description="How the machine is bought. `reservation` and `capacity-block` (AWS) were paid ahead; `flex-start` "
        "(Google Cloud) waits for machines and returns them after a limited time; `queued` (Google Cloud) waits until "
        "all machines of a job are there at once.",
    )
    reservation: ReservationSpec | None = Field(
        default=None, description="Which one, for `reservation` and `capacity-block`."
    )
    max_run_hours: Annotated[int, Field(ge=1, le=168)] | None = Field(
        default=None, description="Google Cloud, `flex-start` and `queued`: hours after which a node goes; at most 168."
    )
    max: Annotated[int, Field(ge=1, le=1000)] | None = Field(
        default=None,
        description="Nodes of this offer that may run at once. Default: the pool's max. Offers scale separately, so a "
        "pool can hold the sum of its offers' maxima while one replaces the other, and is priced so.",
    )

    @model_validator(mode="after")
    def _reservation_where_bought_ahead(self) -> OfferSpec:
        ahead = self.capacity in ("reservation", "capacity-block")
        if ahead and self.reservation is None:
            raise wrong(f"capacity {self.capacity} needs `reservation`: which one it is", "capacity")
        if not ahead and self.reservation is not None:
            raise wrong(f"capacity {self.capacity} uses no reservation", "reservation")
        if self.max_run_hours is not None and self.capacity not in ("flex-start", "queued"):
            raise wrong(f"capacity {self.capacity} has no limited time", "max_run_hours")
        return self


def _nodes_of_hosts(pool: dict[str, Any]) -> NodesSpec:
    """Hosts are as many as are named, and none comes or goes. Without any, the pool's own rule asks for `nodes`."""
    count = max(1, len(pool["hosts"]))
    return NodesSpec(min=count, max=count)


class NodePoolSpec(StrictModel):
    """A pool of nodes on one cluster."""

    cluster: Name = Field(description="A name under `clusters`.")
    role: Role = Field(
        description="What may run here. Pods reach `inference` and `training` pools only when they ask for them; "
        "everything else stays on `general`."
    )
    hosts: Annotated[tuple[NodeName, ...], Field(max_length=MOST_HOSTS)] = Field(
        default=(),
        description="Existing cluster: the nodes of the pool by name. Bedplate labels and taints them, and takes both "
        "away again with the pool.",
    )
    labelled: bool = Field(
        default=False,
        description="Existing cluster, in place of `hosts`: whoever provisions the nodes gives them the labels and "
        "taints, which `bedplate plan` shows.",
    )
    hardware: HardwareSpec | None = Field(
        default=None, description="Existing cluster, in place of `machine` and `offers`: what a node of the pool is."
    )
    nodes: NodesSpec = Field(
        default_factory=_nodes_of_hosts,
        description="Between which bounds the number of nodes is kept. Leave it out with `hosts`, which says how many.",
    )
    machine: str | None = Field(default=None, description="Short for one on-demand offer of this machine type.")
    offers: Annotated[tuple[OfferSpec, ...], Field(max_length=MOST_OFFERS)] = Field(
        default=(),
        description="Ways to get a node, in order of preference; at most five. Their machines have the same "
        "accelerator and architecture, and with a fabric as many accelerators.",
    )
    zones: tuple[str, ...] = Field(
        default=(),
        description="Zone identifiers among the cluster's zones. Default: every one that offers the machine; with a "
        "fabric, the first one in which every offer can start, since a fabric does not cross zones.",
    )
    fabric: FabricChoice | None = Field(
        default=None,
        description="The network between accelerators of different nodes. `required`: the one that the machines are "
        "built for (docs/guide/fabrics.md). Default: `required` for machines with several cards for it, else `none`.",
    )
    sharing: Sharing | None = Field(
        default=None,
        description="How several pods share one accelerator (docs/guide/sharing.md). Default: each goes out whole.",
    )
    acceptance_test: AcceptanceSpec | None = Field(
        default=None,
        description="Test the fabric once its nodes can start: all-reduce between them, which must reach a floor "
        "(docs/guide/fabrics.md). `{}` takes the defaults. Default: no test.",
    )
    tpu_topology: (
        Annotated[
            str, StringConstraints(pattern=r"^[1-9]\d*(x[1-9]\d*){1,2}$"), Wording("a shape such as 4x4 or 2x2x4")
        ]
        | None
    ) = Field(
        default=None,
        description="Google Cloud, TPUs: the shape of the slice that the nodes of the pool form together, for example "
        "`4x4`. Default: every node is a slice of its own.",
    )
    root_disk_gib: Annotated[int, Field(ge=20, le=16384)] = Field(
        default=200, description="Root volume of each node in GiB: operating system and container images."
    )
    huge_pages_2mi: Annotated[int, Field(ge=0, le=1048576)] = Field(
        default=0,
        description="Huge pages of 2 MiB that each node sets aside at its start, for pods that ask for "
        "`hugepages-2Mi`: at most 80 % of its memory, 60 % below 30 GiB. On an existing cluster: how many the nodes "
        "set aside already, whatever share of their memory that is.",
    )
    prepull_images: Annotated[tuple[ImageName, ...], Field(max_length=MOST_PREPULLED)] = Field(
        default=(),
        description="Images that every node of the pool loads as soon as it joins, so that the first pod need not "
        'wait; at most ten. Each must hold the program `true` (docs/guide/existing-clusters.md, "Images").',
    )

    @model_validator(mode="after")
    def _nodes_are_had_one_way(self) -> NodePoolSpec:
        if self.hardware is not None:
            if self.machine is not None or self.offers:
                raise wrong("hardware describes nodes that exist; machine and offers buy others", "hardware")
            if bool(self.hosts) == self.labelled:
                raise wrong("say which nodes they are: either hosts by name, or labelled: true", "hardware")
        elif self.hosts or self.labelled:
            raise wrong("describe the nodes under hardware", "hosts" if self.hosts else "labelled")
        elif (self.machine is None) == (not self.offers):
            raise wrong("name either one machine, or offers in order of preference")
        return self

    @model_validator(mode="after")
    def _nodes_counted_once(self) -> NodePoolSpec:
        if len(set(self.prepull_images)) != len(self.prepull_images):
            raise wrong("an image is named twice", "prepull_images")
        if len(set(self.hosts)) != len(self.hosts):
            raise wrong("a host is named twice", "hosts")
        counted = "nodes" in self.model_fields_set
        if not self.hosts and not counted:
            raise wrong("is required and missing: how many nodes the pool has", "nodes")
        if self.hosts and counted and (self.nodes.min, self.nodes.max) != (len(self.hosts), len(self.hosts)):
            raise wrong(
                f"{len(self.hosts)} hosts are named, and no autoscaler starts or stops one; leave nodes out", "nodes"
            )
        return self

    @model_validator(mode="after")
    def _offers_once(self) -> NodePoolSpec:
        wanted = [
            machine_item(offer.machine, offer.capacity, offer.reservation.name if offer.reservation else "")
            for offer in self.offers
        ]
        if len(set(wanted)) != len(wanted):
            raise wrong("the same machine and capacity are offered twice", "offers")
        for offer in self.offers:
            if offer.max is not None and offer.max > self.nodes.max:
                raise ValueError(
                    f"the offer of {offer.machine} has max {offer.max}, above the pool's max {self.nodes.max}"
                )
        return self

    def all_offers(self) -> tuple[OfferSpec, ...]:
        """Return the offers in order of preference, `machine` being short for one.

        Nodes that exist already count as one offer, which nobody may write: `owned`.
        """
        if self.hardware is not None:
            owned: dict[str, Any] = {"machine": hardware_name(self.hardware), "capacity": "owned"}
            return (OfferSpec.model_construct(**owned),)
        return self.offers or (OfferSpec(machine=self.machine or ""),)
