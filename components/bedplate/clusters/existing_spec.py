"""What a team may write about a Kubernetes cluster that exists already."""

from __future__ import annotations

from ipaddress import IPv4Network
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field, StringConstraints, model_validator

from bedplate.clusters.spec import ClusterSpec, DevicePluginName, NamespaceName
from bedplate.fabrics.spec import OwnFabricKind, OwnFabricSpec
from bedplate.serving.spec import SecretReference
from bedplate.stack_file.model import Cidr, StrictModel, Wording, wrong

if TYPE_CHECKING:
    from collections.abc import Iterator

InterfaceName = Annotated[
    str,
    StringConstraints(pattern=r"^[a-zA-Z0-9][a-zA-Z0-9_.-]*$", max_length=15),  # IFNAMSIZ of Linux, less the end
    Wording("the name of a network interface as `ip link` shows it, at most 15 characters, such as ens1f0"),
]

ONE_INTERFACE = ("infiniband-ipoib", "macvlan")
"""Kinds whose network object stands on one interface of the host."""

VIRTUAL_FUNCTIONS = ("infiniband-sriov", "sriov-vf")
"""Kinds whose cards are divided into virtual functions."""


PresentService = Literal["cert-manager", "node-feature-discovery"]

RESOURCE_PREFIX = "nvidia.com/"
"""What NVIDIA's chart has its operators put before the names of resources (network-operator, values.yaml:
sriov-network-operator.operator.resourcePrefix)."""


class SecondaryNetworkSpec(StrictModel):
    """The objects of a fabric's secondary network, which Bedplate makes for NVIDIA's network operator.

    The operator, Multus and the plugin that hands out addresses are yours, and run already.
    """

    interfaces: Annotated[tuple[InterfaceName, ...], Field(max_length=16)] = Field(
        default=(),
        description="Interfaces of the hosts, with the same names on each: one for `macvlan` and `infiniband-ipoib`, "
        "those to divide for `sriov-vf` and `infiniband-sriov`, none for `host-device`.",
    )
    virtual_functions: Annotated[int, Field(ge=1, le=127)] | None = Field(
        default=None,
        description="`sriov-vf` and `infiniband-sriov`: into how many each interface is divided. The operator drains a "
        "node to change it.",
    )
    addresses: Cidr = Field(description="The network from which pods get addresses on it, over all nodes.")
    address_plugin: Literal["whereabouts", "nv-ipam"] = Field(
        default="whereabouts",
        description="What hands them out: `whereabouts` one by one over all nodes, NVIDIA's `nv-ipam` in blocks, one "
        "for each node.",
    )
    addresses_per_node: Annotated[int, Field(ge=1, le=65536)] | None = Field(
        default=None, description="`nv-ipam`: size of a node's block, at least the interfaces of all its pods."
    )
    mtu: Annotated[int, Field(ge=1280, le=9978)] | None = Field(
        default=None, description="`macvlan` and virtual functions: size of packets in bytes. Default: the card's own."
    )

    @model_validator(mode="after")
    def _blocks_fit(self) -> SecondaryNetworkSpec:
        each, key = self.addresses_per_node, "addresses_per_node"
        if (each is not None) != (self.address_plugin == "nv-ipam"):
            raise wrong(
                "nv-ipam needs the size of a node's block" if each is None else "whereabouts has no blocks", key
            )
        most = IPv4Network(self.addresses).num_addresses - 2  # without the network's own address and broadcast
        if each is not None and each > most:
            raise wrong(f"{self.addresses} has {most} addresses, fewer than one block of {each}", key)
        return self

    def misfits(self, kind: OwnFabricKind) -> Iterator[tuple[str, str]]:
        """Yield each key that does not fit a kind of fabric, with the reason."""
        if kind in ONE_INTERFACE and len(self.interfaces) != 1:
            yield "interfaces", f"{kind} stands on one interface, and {len(self.interfaces)} are named"
        if kind == "host-device" and self.interfaces:
            yield "interfaces", "host-device hands out whole cards by their resource; leave interfaces out"
        if kind in VIRTUAL_FUNCTIONS and not self.interfaces:
            yield "interfaces", f"name the interfaces that {kind} divides"
        if kind in VIRTUAL_FUNCTIONS and self.virtual_functions is None:
            yield "virtual_functions", f"say into how many each interface is divided for {kind}"
        if kind not in VIRTUAL_FUNCTIONS and self.virtual_functions is not None:
            yield "virtual_functions", f"{kind} divides no card"
        if kind in ("host-device", "infiniband-ipoib") and self.mtu is not None:
            yield "mtu", f"{kind} keeps the size of packets that the card has"


class ExistingClusterSpec(ClusterSpec):
    """A cluster that somebody else runs: on own hardware, or in a cloud that Bedplate has no room for."""

    provider: Literal["existing"] = Field(description="A Kubernetes cluster that runs already.")
    kubeconfig: SecretReference | None = Field(
        default=None,
        description="The secret that holds the whole kubeconfig. Stacks that refer to this cluster need one of the "
        "same name, with the rights that they shall have.",
    )
    context: str | None = Field(
        default=None,
        min_length=1,
        max_length=253,
        description="In place of `kubeconfig`: a context of the kubeconfig on the machine that runs `pulumi`.",
    )
    kubernetes_version: Annotated[
        str, StringConstraints(pattern=r"^\d+\.\d+$"), Wording('a minor version such as "1.34"')
    ] = Field(description="Minor version in quotes, as `kubectl version` shows it: a plan asks no cluster.")
    virtual_machines: bool = Field(
        default=False,
        description="The nodes with accelerators are virtual machines, which are passed the devices of their hosts.",
    )
    fabric: OwnFabricSpec | None = Field(
        default=None,
        description="The network between accelerators of different nodes, as you set it up. Default: none is used.",
    )
    secondary_network: SecondaryNetworkSpec | None = Field(
        default=None,
        description="Make the objects of the fabric's secondary network. Default: you have made what "
        "`fabric.network` names.",
    )
    present_device_plugins: tuple[DevicePluginName, ...] = Field(
        default=(),
        description="Device plugins that run on the cluster already, with the operator that brings them. Bedplate "
        "installs none of these a second time.",
    )
    present_services: tuple[PresentService, ...] = Field(
        default=(),
        description="What the operators of accelerators stand on and the cluster has already. Bedplate installs none "
        "of these a second time. Your feature discovery must run on nodes with accelerators, past their taints.",
    )
    system_namespaces: tuple[NamespaceName, ...] | None = Field(
        default=None,
        description="Namespaces of your own agents (network, storage, monitoring) whose pods run on nodes of every "
        "role. With this list, even an empty one, the rules of separation hold in every other namespace. Default: "
        "they hold only in Bedplate's own, because refused agents would take nodes down.",
    )
    deletion_protection: bool | None = Field(
        default=None,
        description="Refuse to delete this stack's namespaces on the cluster. Default: true, in `dev` false.",
    )

    @model_validator(mode="after")
    def _one_way_in(self) -> ExistingClusterSpec:
        if (self.kubeconfig is None) == (self.context is None):
            raise wrong("say how this program reaches the API server: either kubeconfig, or context")
        return self

    @model_validator(mode="after")
    def _network_fits_fabric(self) -> ExistingClusterSpec:
        network, at = self.secondary_network, "secondary_network"
        if network is None:
            return self
        if self.fabric is None or self.fabric.kind == "infiniband-shared":
            kind = self.fabric.kind if self.fabric else "a cluster without a fabric"
            raise wrong(f"{kind} has no secondary network", at)
        if self.fabric.network is None:
            raise wrong("name what it makes: fabric.network", at)
        if not self.fabric.network_cards.startswith("nvidia-"):
            raise wrong(f"NVIDIA's operators drive no {self.fabric.network_cards} cards; make it yourself", at)
        divides = self.fabric.kind in (*VIRTUAL_FUNCTIONS, "host-device")
        if divides and not (self.fabric.resource or "").startswith(RESOURCE_PREFIX):
            raise wrong(f"the operators name what they hand out {RESOURCE_PREFIX}…", "fabric", "resource")
        for key, message in network.misfits(self.fabric.kind):
            raise wrong(message, at, key)
        return self
