"""What a fabric is, once decided: frozen values from which every cloud declares and every pod is fitted out.

`FabricPlan` has one part per kind of cloud; a cloud reads its own part and finds `None` or nothing in the others:

- `interfaces`: AWS, the network cards of a launch template;
- `gcp`: Google Cloud, further networks of the nodes or the profile that makes them by itself;
- `azure`: Azure, the feature that the subscription must or must not have;
- `secondary`: any cluster where pods get a second interface by Multus.

`nvlink` is independent of the kind: NVLink reaches beyond a node on GB200 and GB300, whatever the network is.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bedplate.fabrics.kinds import FabricKind


@dataclass(frozen=True, slots=True)
class HostFiles:
    """A directory of the node that a container sees."""

    name: str
    path: str
    mount_path: str
    read_only: bool = True

    def mount(self) -> dict[str, Any]:
        """Return it as a container's volume mount."""
        mount: dict[str, Any] = {"name": self.name, "mountPath": self.mount_path}
        return {**mount, "readOnly": True} if self.read_only else mount

    def volume(self) -> dict[str, Any]:
        """Return it as a pod's volume."""
        return {"name": self.name, "hostPath": {"path": self.path}}


@dataclass(frozen=True, slots=True)
class NetworkInterface:
    """One interface of an AWS launch template. `efa-only` carries EFA traffic and takes no IP address."""

    network_card: int
    device: int
    kind: Literal["interface", "efa-only"]


@dataclass(frozen=True, slots=True)
class GcpSubnet:
    """A subnet of a further network, and the object by which pods name it.

    `suffix` ends the subnet's own name. `object_name` names a `Network` and a `GKENetworkParamSet`
    (networking.gke.io/v1) on the cluster, and `pod_interface` is the name of the interface inside a pod.
    An empty `object_name` is for a network of the nodes alone, which no pod asks for.
    """

    suffix: str
    object_name: str
    pod_interface: str


@dataclass(frozen=True, slots=True)
class GcpNetwork:
    """A VPC network that the nodes of a pool have beside the cluster's own, with the subnets that nodes join in order.

    `device_mode` is that of the `GKENetworkParamSet`. `network_profile` is the end of the profile's name, which begins
    with the zone: `vpc-roce` stands for `us-central1-a-vpc-roce`; empty for an ordinary network. `mtu` is in bytes.
    """

    suffix: str
    device_mode: Literal["NetDevice", "RDMA"]
    mtu: int
    network_profile: str
    subnets: tuple[GcpSubnet, ...]


@dataclass(frozen=True, slots=True)
class GcpFabric:
    """What GKE needs for a fabric.

    Either `networks` holds further networks, or `accelerator_network_profile` is `auto` and GKE makes them itself
    (DRANET): together GKE refuses them. `cluster_mtu` is what the cluster's own network must have, in bytes, and 0
    leaves it alone. `multi_networking` is a setting of the cluster that only its creation can set.
    `installer` names the DaemonSet of `fabrics.installers` that puts the plugin's libraries on the nodes.
    """

    networks: tuple[GcpNetwork, ...] = ()
    accelerator_network_profile: Literal["", "auto"] = ""
    cluster_mtu: int = 0
    multi_networking: bool = False
    installer: Literal["", "tcpx", "tcpxo", "gib"] = ""


@dataclass(frozen=True, slots=True)
class AzureFabric:
    """What AKS needs for InfiniBand.

    `infiniband_feature` is the state that the subscription's feature `Microsoft.ContainerService/AKSInfinibandSupport`
    must have before the pool is made. `device_plugin` is what the network operator's policy must run on the nodes.
    """

    infiniband_feature: Literal["Registered", "Unregistered"]
    device_plugin: Literal["sriov", "shared", "ipoib"]


@dataclass(frozen=True, slots=True)
class SecondaryNetwork:
    """A second interface that Multus gives to pods.

    `name` is what pods write into `k8s.v1.cni.cncf.io/networks`, once per interface.
    """

    name: str
    interfaces: int


@dataclass(frozen=True, slots=True)
class NvlinkDomain:
    """NVLink across nodes: GPUs of up to `nodes` nodes share memory through one domain.

    `topology` is Google Cloud's word for it in a workload policy, empty elsewhere. Pods join a domain through the
    NVIDIA driver for dynamic resource allocation (`ComputeDomain`), and then the host's own `nvidia-imex.service` must
    not run: the two exclude each other (dra-driver-nvidia-gpu issue 524).
    """

    nodes: int
    topology: str
    stop_host_imex: bool = True


@dataclass(frozen=True, slots=True)
class FabricPlan:
    """The fabric of one node group.

    `resources` is what a node advertises to pods for the fabric, by resource name: the autoscaler must be told about
    it before a node exists. `device_plugin` names who advertises it (a name of `clusters.spec.DevicePluginName`),
    empty where the cloud or the cluster's owner does. Where devices are claimed instead (dynamic resource allocation),
    `device_class` is their class and `claimed_devices` how many a pod of the whole node claims.
    `reason` says in a sentence why the fabric is what it is.
    """

    kind: FabricKind
    reason: str
    single_zone: bool = False
    resources: Mapping[str, int] = field(default_factory=lambda: MappingProxyType({}))
    device_plugin: Literal["", "efa", "rdma-sriov", "rdma-shared"] = ""
    device_class: str = ""
    claimed_devices: int = 0
    node_labels: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    interfaces: tuple[NetworkInterface, ...] = ()
    gcp: GcpFabric | None = None
    azure: AzureFabric | None = None
    secondary: SecondaryNetwork | None = None
    nvlink: NvlinkDomain | None = None

    @property
    def in_use(self) -> bool:
        """Whether pods of the pool reach each other over a fabric of its own."""
        return self.kind != "none"
