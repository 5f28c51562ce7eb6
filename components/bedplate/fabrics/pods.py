"""What a pod must carry to use the fabric of a pool, and how it is put on a pod's template.

A pod that uses a fabric takes a whole node: all accelerators, and all network cards that belong to them.
"""

from __future__ import annotations

import copy
import json
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Literal

from bedplate.fabrics.environment import Variable, environment
from bedplate.fabrics.model import HostFiles
from bedplate.fabrics.sidecars import APERTURES, LIBRARIES, TCPX_SOCKET, Sidecar, sidecar

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bedplate.catalog import MachineType
    from bedplate.fabrics.model import FabricPlan
    from bedplate.fabrics.spec import OwnFabricSpec

MULTUS_NETWORKS = "k8s.v1.cni.cncf.io/networks"
GKE_INTERFACES = "networking.gke.io/interfaces"
GKE_DEFAULT_INTERFACE = "networking.gke.io/default-interface"

PodSecurity = Literal["restricted", "privileged"]
"""The Pod Security Standard that lets such pods in. The one between them, `baseline`, would refuse all that
`restricted` refuses here: IPC_LOCK and files of the node."""


@dataclass(frozen=True, slots=True)
class PodClaim:
    """A claim of devices: `name` within the pod, and the ResourceClaimTemplate in its namespace."""

    name: str
    template: str


@dataclass(frozen=True, slots=True)
class PodFabric:
    """What a pod carries that uses a fabric. `closed_by` says in a sentence why it cannot start on TCP."""

    resources: Mapping[str, int] = field(default_factory=lambda: MappingProxyType({}))
    claims: tuple[PodClaim, ...] = ()
    environment: tuple[Variable, ...] = ()
    annotations: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    capabilities: tuple[str, ...] = ()
    files: tuple[HostFiles, ...] = ()
    sidecar: Sidecar | None = None
    shared_memory: bool = False
    pod_security: PodSecurity = "restricted"
    closed_by: str = "the pool uses no fabric"


NVIDIA_ON_GKE = HostFiles("nvidia", "/home/kubernetes/bin/nvidia", "/usr/local/nvidia")
GIB_ON_GKE = HostFiles("gib", "/home/kubernetes/bin/gib", "/usr/local/gib")
"""Where Google's installers put driver and plugin (container-engine-accelerators, gpudirect-rdma)."""


def pod_fabric(fabric: FabricPlan, machine: MachineType, pool_name: str, own: OwnFabricSpec | None = None) -> PodFabric:
    """Return what a pod of the pool carries; `pool_name` names the claim templates that the pool brings."""
    if not fabric.in_use:
        return PodFabric()
    if fabric.kind == "ici":
        return PodFabric(closed_by="the runtime of TPUs reaches the other chips of a slice by their own wires alone")
    variables = environment(fabric.kind, machine, own, nvlink=fabric.nvlink is not None)
    files, capabilities = _files(fabric), _capabilities(fabric)
    beside = sidecar(fabric.kind)
    return PodFabric(
        resources=fabric.resources,
        claims=_claims(fabric, pool_name),
        environment=(*variables, *_library_path(fabric)),
        annotations={**_annotations(fabric), **(beside.annotations if beside else {})},
        capabilities=capabilities,
        files=files,
        sidecar=beside,
        shared_memory=True,
        pod_security="privileged" if files or capabilities or beside else "restricted",
        closed_by=_closed_by(variables),
    )


def _closed_by(variables: tuple[Variable, ...]) -> str:
    closing = [f"{one.name}={one.value}" for one in variables if one.closes]
    verb = "leaves" if len(closing) == 1 else "leave"
    return f"{' and '.join(closing)} {verb} it no other network" if closing else ""


def _claims(fabric: FabricPlan, pool_name: str) -> tuple[PodClaim, ...]:
    claims = [PodClaim("rdma", claim_template_name(pool_name))] if fabric.claimed_devices else []
    if fabric.nvlink:
        claims.append(PodClaim("nvlink", nvlink_template_name(pool_name)))
    return tuple(claims)


def claim_template_name(pool_name: str) -> str:
    """Return the name of the ResourceClaimTemplate for the network cards of a pool's nodes."""
    return f"fabric-{pool_name}"


def nvlink_template_name(pool_name: str) -> str:
    """Return the name of the ResourceClaimTemplate that the pool's ComputeDomain makes."""
    return f"nvlink-{pool_name}"


def _annotations(fabric: FabricPlan) -> Mapping[str, str]:
    annotations: dict[str, str] = {}
    if fabric.secondary:
        annotations[MULTUS_NETWORKS] = ", ".join([fabric.secondary.name] * fabric.secondary.interfaces)
    if fabric.gcp and fabric.gcp.networks:
        interfaces = [{"interfaceName": "eth0", "network": "default"}] + [
            {"interfaceName": subnet.pod_interface, "network": subnet.object_name}
            for network in fabric.gcp.networks
            for subnet in network.subnets
            if subnet.pod_interface
        ]
        annotations[GKE_DEFAULT_INTERFACE] = "eth0"
        annotations[GKE_INTERFACES] = json.dumps(interfaces)
    return annotations


def _capabilities(fabric: FabricPlan) -> tuple[str, ...]:
    """Memory that cards read and write must stay where it is: IPC_LOCK lifts the limit on such memory.

    Nodes of EKS and pods that claim their cards (DRANET) have no such limit (awsome-distributed-training, nccl-tests;
    cluster-toolkit, gke-a4x).
    """
    kinds = ("tcpx", "tcpxo", "infiniband-sriov", "infiniband-shared", "sriov-vf", "host-device", "macvlan")
    return ("IPC_LOCK",) if fabric.kind in kinds else ()


def _files(fabric: FabricPlan) -> tuple[HostFiles, ...]:
    match fabric.gcp.installer if fabric.gcp else "":
        case "gib":
            return (NVIDIA_ON_GKE, GIB_ON_GKE)
        case "tcpx":
            return (LIBRARIES, TCPX_SOCKET)
        case "tcpxo":
            return (LIBRARIES, APERTURES)
        case _:
            return ()


def _library_path(fabric: FabricPlan) -> tuple[Variable, ...]:
    """Where the libraries are that an installer put on the node; an image need not contain them."""
    paths = {"gib": "/usr/local/gib/lib64:/usr/local/nvidia/lib64", "tcpx": "/usr/local/nvidia/lib64"}
    paths["tcpxo"] = paths["tcpx"]
    path = paths.get(fabric.gcp.installer) if fabric.gcp else None
    return (Variable("LD_LIBRARY_PATH", path, "the plugin is on the node"),) if path else ()


def patch_template(template: dict[str, Any], pod: PodFabric, container: str) -> dict[str, Any]:
    """Return a pod template whose container of that name uses the fabric; the given one stays as it is.

    Values that the template sets itself win, except those that keep it from TCP. Raises ValueError where it has no
    such container.
    """
    patched = copy.deepcopy(template)
    spec = patched.setdefault("spec", {})
    target = next((one for one in spec.get("containers", []) if one["name"] == container), None)
    if target is None:
        raise ValueError(f"the template has no container {container!r}")
    if pod.annotations:
        metadata = patched.setdefault("metadata", {})
        metadata["annotations"] = {**pod.annotations, **metadata.get("annotations", {})}
    _add_environment(target, pod)
    _add_resources(target, pod)
    _add_claims(spec, target, pod)
    _add_files(spec, target, pod)
    if pod.capabilities:
        security = target.setdefault("securityContext", {}).setdefault("capabilities", {})
        security["add"] = sorted({*security.get("add", []), *pod.capabilities})
    if pod.sidecar:
        spec["initContainers"] = [copy.deepcopy(dict(pod.sidecar.container)), *spec.get("initContainers", [])]
    return patched


def _add_environment(container: dict[str, Any], pod: PodFabric) -> None:
    own = {one["name"]: one for one in container.get("env", [])}
    for variable in pod.environment:
        if variable.closes or variable.name not in own:
            own[variable.name] = {"name": variable.name, "value": variable.value}
    if own:
        container["env"] = list(own.values())


def _add_resources(container: dict[str, Any], pod: PodFabric) -> None:
    if not pod.resources:
        return
    resources = container.setdefault("resources", {})
    for part in ("requests", "limits"):  # extended resources must be equal in both
        resources[part] = {**resources.get(part, {}), **{name: str(n) for name, n in pod.resources.items()}}


def _add_claims(spec: dict[str, Any], container: dict[str, Any], pod: PodFabric) -> None:
    if not pod.claims:
        return
    spec["resourceClaims"] = [
        *spec.get("resourceClaims", []),
        *({"name": claim.name, "resourceClaimTemplateName": claim.template} for claim in pod.claims),
    ]
    resources = container.setdefault("resources", {})
    resources["claims"] = [*resources.get("claims", []), *({"name": claim.name} for claim in pod.claims)]


def _add_files(spec: dict[str, Any], container: dict[str, Any], pod: PodFabric) -> None:
    volumes = {one["name"]: one for one in spec.get("volumes", [])}
    mounts = {one["mountPath"]: one for one in container.get("volumeMounts", [])}
    for files in pod.files:
        mounts.setdefault(files.mount_path, files.mount())
    for files in (*pod.files, *(pod.sidecar.files if pod.sidecar else ())):
        volumes.setdefault(files.name, files.volume())
    if pod.shared_memory and "/dev/shm" not in mounts:  # noqa: S108 - shared memory between processes, no temporary file
        volumes["shared-memory"] = {"name": "shared-memory", "emptyDir": {"medium": "Memory"}}
        mounts["/dev/shm"] = {"name": "shared-memory", "mountPath": "/dev/shm"}  # noqa: S108 - as above
    if volumes:
        spec["volumes"], container["volumeMounts"] = list(volumes.values()), list(mounts.values())
