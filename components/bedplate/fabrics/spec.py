"""What the owner of an existing cluster says about its fabric: nothing of it can be read at plan time."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, StringConstraints, model_validator

from bedplate.stack_file.model import StrictModel, Wording, wrong

NicFamily = Literal["nvidia-infiniband", "nvidia-ethernet", "broadcom-ethernet", "amd-ethernet"]

OwnFabricKind = Literal[
    "infiniband-sriov", "infiniband-shared", "infiniband-ipoib", "sriov-vf", "host-device", "macvlan"
]

BY_NETWORK: tuple[str, ...] = ("infiniband-ipoib", "sriov-vf", "host-device", "macvlan")
"""The kinds that give pods an interface of their own, so that a network attachment must be named."""


class OwnFabricSpec(StrictModel):
    """The fabric that the nodes of an existing cluster have, as its owner set it up."""

    kind: OwnFabricKind = Field(description="How pods reach the cards; docs/guide/fabrics.md tells them apart.")
    network_cards: NicFamily = Field(
        description="Who made the network cards and what they speak: it decides how NCCL and RCCL address them."
    )
    resource: (
        Annotated[
            str,
            StringConstraints(pattern=r"^[a-z0-9.-]+/[A-Za-z0-9_.-]+$"),
            Wording("the name of an extended resource, such as rdma/ib"),
        ]
        | None
    ) = Field(default=None, description="The resource by which pods ask for cards, for example `rdma/ib`.")
    per_node: Annotated[int, Field(ge=1, le=128)] = Field(
        description="How many of it a node offers: cards, or with `infiniband-shared` places for pods."
    )
    network: str | None = Field(
        default=None,
        description="The NetworkAttachmentDefinition that gives pods the interface, with its namespace before it "
        "(`rdma/gpu-net`).",
    )
    rdma_devices: tuple[str, ...] = Field(
        default=(),
        description="The RDMA devices that belong to accelerators, as `ibv_devices` lists them (`mlx5_0`); those for "
        "storage and management left out. Default: NCCL takes every one that it sees.",
    )
    gid_index: Annotated[int, Field(ge=0, le=15)] | None = Field(
        default=None, description="Ethernet cards: the index of the RoCE v2 address. Default: NCCL looks for it."
    )
    traffic_class: Annotated[int, Field(ge=0, le=255)] | None = Field(
        default=None, description="Ethernet cards: the traffic class that your switches keep free of losses."
    )

    @model_validator(mode="after")
    def _reachable(self) -> OwnFabricSpec:
        if self.kind in BY_NETWORK and self.network is None:
            raise wrong(f"pods reach {self.kind} by an interface of their own, so name its network", "network")
        if self.kind != "infiniband-ipoib" and self.resource is None:
            raise wrong(f"pods ask for {self.kind} by a resource, so name it", "resource")
        infiniband = self.kind.startswith("infiniband")
        if infiniband and self.network_cards != "nvidia-infiniband":
            raise wrong(f"{self.network_cards} cards do not speak InfiniBand", "kind")
        if self.kind == "sriov-vf" and self.network_cards == "nvidia-infiniband":
            # The SR-IOV operator sets the firmware of a card to the link that it is told, and restarts the node for it
            # (k8snetworkplumbingwg/sriov-network-operator, pkg/vendors/mellanox; read 2026-11).
            raise wrong(
                "sriov-vf divides Ethernet cards, and the SR-IOV operator would turn yours into such; what divides "
                "InfiniBand cards is infiniband-sriov",
                "kind",
            )
        for name in ("gid_index", "traffic_class"):
            if getattr(self, name) is not None and self.network_cards == "nvidia-infiniband":
                raise wrong("InfiniBand has no such setting; it belongs to Ethernet cards", name)
        return self


class AcceptanceSpec(StrictModel):
    """A test of a pool's fabric: all-reduce over some of its nodes, once, and again whenever the test changes."""

    nodes: Annotated[int, Field(ge=2, le=64)] = Field(
        default=2, description="Nodes that take part. The test takes them whole, and starts them where there are none."
    )
    floor_gb_per_s: Annotated[float, Field(gt=0, le=10000)] | None = Field(
        default=None,
        description="Bus bandwidth in GB/s that all-reduce must reach. Default: what is known of the machine type "
        "(docs/reference/machines.md), else half of what its cards carry.",
    )
