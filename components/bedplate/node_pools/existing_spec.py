"""What a team may write about nodes that exist already: no catalog lists them, so they are described here."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, StringConstraints, model_validator

from bedplate.stack_file.model import StrictModel, Wording, wrong

# Kubernetes: a node is named like a DNS subdomain (kubernetes/website, "Nodes", node name uniqueness).
NodeName = Annotated[
    str,
    StringConstraints(pattern=r"^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$", max_length=253),
    Wording("the name of a node as `kubectl get nodes` shows it: lower-case letters, digits, dots and dashes"),
]

MOST_HOSTS = 200
"""Each host is a resource of the stack. More are labelled by whoever provisions them (`labelled: true`)."""


class NvmeSpec(StrictModel):
    """The NVMe drives of a node that its container runtime and emptyDir volumes stand on."""

    drives: Annotated[int, Field(ge=1, le=64)] = Field(description="Drives of one node.")
    size_gb: Annotated[int, Field(ge=1, le=131072)] = Field(description="Size of one drive in GB (10⁹ bytes).")


class HardwareSpec(StrictModel):
    """One node of a pool on an existing cluster; all nodes of the pool are alike."""

    accelerator: str | None = Field(
        default=None,
        description="Model of the accelerators by the catalog's name (`bedplate catalog list`), for example `H100`. "
        "Default: none.",
    )
    accelerators: Annotated[int, Field(ge=1, le=16)] | None = Field(
        default=None, description="How many of them a node has."
    )
    accelerator_memory_gib: Annotated[float, Field(gt=0, le=1024)] | None = Field(
        default=None,
        description="Memory of one of them in GiB. Default: what the catalog's machines with this model have, where "
        "they all have the same.",
    )
    vcpus: Annotated[int, Field(ge=1, le=2048)] = Field(description="Processors that Linux shows, threads included.")
    memory_gib: Annotated[float, Field(gt=0, le=65536)] = Field(description="Main memory in GiB.")
    architecture: Literal["x86_64", "arm64"] = Field(default="x86_64", description="Of the processors.")
    nvme: NvmeSpec | None = Field(
        default=None,
        description="NVMe drives, where containers and emptyDir volumes stand on them. Bedplate formats and mounts "
        "none on nodes that it did not start.",
    )
    rdma_interfaces: Annotated[int, Field(ge=1, le=64)] | None = Field(
        default=None, description="Network cards for traffic between accelerators of different nodes. Default: none."
    )
    network_gbps: Annotated[float, Field(gt=0, le=100000)] | None = Field(
        default=None, description="What all those cards carry together, in Gbit/s."
    )
    nvlink_nodes: Annotated[int, Field(ge=1, le=1000)] | None = Field(
        default=None,
        description="Required for GB200 and GB300: over how many nodes NVLink reaches, this one counted. 18 in an "
        "NVL72 rack with four accelerators a node, 1 where it ends at the node (NVL4).",
    )
    usd_per_node_hour: Annotated[float, Field(gt=0, le=10000)] = Field(
        description="What an hour of one node costs you, in US dollars: purchase over its life, power, space, people; "
        "`bedplate cost compare` shows the arithmetic. It counts in every cost and cap, and must be believable "
        "for the accelerator."
    )

    @model_validator(mode="after")
    def _accelerators_counted(self) -> HardwareSpec:
        if self.accelerator is None:
            for name in ("accelerators", "accelerator_memory_gib", "nvlink_nodes"):
                if getattr(self, name) is not None:
                    raise wrong("say which: there is no accelerator", name)
        elif self.accelerators is None:
            raise wrong(f"say how many {self.accelerator} a node has", "accelerators")
        if self.network_gbps is not None and self.rdma_interfaces is None:
            raise wrong("say how many cards carry it together: rdma_interfaces", "network_gbps")
        return self


def hardware_name(hardware: HardwareSpec) -> str:
    """Return what a node is called where a cloud's machine type would stand, for example `8x-h100`."""
    if hardware.accelerator:
        return f"{hardware.accelerators}x-{hardware.accelerator.lower()}"
    return f"{hardware.vcpus}-vcpus"
