"""The objects of an on-prem fabric's secondary network, for NVIDIA's network operator and the SR-IOV operator.

Fields were read in the operators' own examples (Mellanox/network-operator, example/crs and example/sriov-network); the
names of MacvlanNetwork, HostDeviceNetwork and IPoIBNetwork are those of the attachments that the operator makes.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from bedplate import catalog
from bedplate.clusters.existing_spec import VIRTUAL_FUNCTIONS
from bedplate.node_pools.labels import POOL_LABEL

if TYPE_CHECKING:
    from bedplate.clusters.existing_plan import ExistingPlan
    from bedplate.clusters.existing_spec import SecondaryNetworkSpec
    from bedplate.fabrics.spec import OwnFabricSpec
    from bedplate.node_pools.plan import NodePoolPlan

NETWORK_API = "mellanox.com/v1alpha1"
IPAM_API = "nv-ipam.nvidia.com/v1alpha1"
SRIOV_API = "sriovnetwork.openshift.io/v1"

VENDOR = "15b3"
"""PCI vendor of NVIDIA's network cards, formerly Mellanox."""

WHEREABOUTS = "/etc/cni/net.d/whereabouts.d/whereabouts.kubeconfig"
"""Where the address plugin keeps its own way to the API server on a node."""


def network_manifests(plan: ExistingPlan) -> list[dict[str, Any]]:
    """Return the network of a cluster's fabric, or nothing where its owner has made it."""
    fabric, network = plan.fabric, plan.secondary_network
    if fabric is None or network is None or fabric.network is None:
        return []
    namespace, _, name = fabric.network.rpartition("/")
    where = {"networkNamespace": namespace or "default", "ipam": _addresses(network, name)}
    return [*_pools(network, name), _of_kind(fabric, network, name, where)]


def _of_kind(fabric: OwnFabricSpec, network: SecondaryNetworkSpec, name: str, where: dict[str, Any]) -> dict[str, Any]:
    resource = (fabric.resource or "").rpartition("/")[2]
    match fabric.kind:
        case "macvlan":
            size = {"mtu": network.mtu} if network.mtu else {}
            return _network("MacvlanNetwork", name, where, master=network.interfaces[0], mode="bridge", **size)
        case "infiniband-ipoib":
            return _network("IPoIBNetwork", name, where, master=network.interfaces[0])
        case "host-device":
            return _network("HostDeviceNetwork", name, where, resourceName=resource)
        case "infiniband-sriov":
            return _sriov("SriovIBNetwork", name, {**where, "resourceName": resource, "linkState": "enable"})
    return _sriov("SriovNetwork", name, {**where, "resourceName": resource, "vlan": 0})


def node_policies(pool: NodePoolPlan, plan: ExistingPlan) -> list[dict[str, Any]]:
    """Return the object that divides the cards of a pool's own nodes, where its fabric hands out virtual functions.

    It names the pool's label: a policy for more nodes than these would drain and change hosts of somebody else.
    """
    fabric, network = plan.fabric, plan.secondary_network
    if fabric is None or network is None or pool.fabric not in VIRTUAL_FUNCTIONS:
        return []
    spec: dict[str, Any] = {
        "resourceName": (fabric.resource or "").rpartition("/")[2],
        "nodeSelector": {POOL_LABEL: pool.full_name},
        "nicSelector": {"vendor": VENDOR, "pfNames": list(network.interfaces)},
        "numVfs": network.virtual_functions,
        "deviceType": "netdevice",
        "linkType": "ib" if fabric.kind == "infiniband-sriov" else "eth",
        "isRdma": True,
    }
    if network.mtu:
        spec["mtu"] = network.mtu
    return [_sriov("SriovNetworkNodePolicy", pool.full_name, spec)]


def _network(kind: str, name: str, where: dict[str, Any], **rest: Any) -> dict[str, Any]:
    return {"apiVersion": NETWORK_API, "kind": kind, "metadata": {"name": name}, "spec": {**rest, **where}}


def _sriov(kind: str, name: str, spec: dict[str, Any]) -> dict[str, Any]:
    """The SR-IOV operator looks only at objects in its own namespace."""
    namespace = catalog.chart("network-operator").namespace
    return {"apiVersion": SRIOV_API, "kind": kind, "metadata": {"name": name, "namespace": namespace}, "spec": spec}


def _pools(network: SecondaryNetworkSpec, name: str) -> list[dict[str, Any]]:
    """What nv-ipam hands out addresses from; its controller looks at its own namespace, which is the operator's."""
    if network.address_plugin != "nv-ipam":
        return []
    metadata = {"name": name, "namespace": catalog.chart("network-operator").namespace}
    spec = {"subnet": network.addresses, "perNodeBlockSize": network.addresses_per_node}
    return [{"apiVersion": IPAM_API, "kind": "IPPool", "metadata": metadata, "spec": spec}]


def _addresses(network: SecondaryNetworkSpec, name: str) -> str:
    if network.address_plugin == "nv-ipam":
        return json.dumps({"type": "nv-ipam", "poolName": name})
    kubernetes = {"kubeconfig": WHEREABOUTS}
    return json.dumps(
        {"type": "whereabouts", "datastore": "kubernetes", "kubernetes": kubernetes, "range": network.addresses}
    )
