"""The program that must run beside a workload on A3 High and A3 Mega: it takes what the cards receive into the
accelerators' memory.

It runs without privileges: Google's device injector, a part of the pool's fabric, gives it the accelerators that the
annotation names. Shape: GoogleCloudPlatform/container-engine-accelerators, gpudirect-tcpx and gpudirect-tcpxo,
nccl-test-*.yaml.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from bedplate import catalog
from bedplate.fabrics.model import HostFiles

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bedplate.fabrics.kinds import FabricKind

LIBRARIES = HostFiles("nvidia-libraries", "/home/kubernetes/bin/nvidia/lib64", "/usr/local/nvidia/lib64")
"""Where Google's installers put the libraries of driver and plugins."""

TCPX_SOCKET = HostFiles("tcpx-socket", "/run/tcpx", "/run/tcpx", read_only=False)
APERTURES = HostFiles("aperture-devices", "/dev/aperture_devices", "/dev/aperture_devices")
HOST_SYS = HostFiles("host-sys", "/sys", "/hostsysfs", read_only=False)
HOST_PROC_SYS = HostFiles("host-proc-sys", "/proc/sys", "/hostprocsysfs", read_only=False)

ACCELERATORS = 8
"""A3 High and A3 Mega have eight; their smaller sisters have no such fabric."""


@dataclass(frozen=True, slots=True)
class Sidecar:
    """A container beside the workload's, what it sees of the node, and the annotation that gives it devices."""

    container: Mapping[str, Any]
    files: tuple[HostFiles, ...]
    annotations: Mapping[str, str]


def sidecar(kind: FabricKind) -> Sidecar | None:
    """Return what runs beside a workload, None for fabrics that need nothing."""
    match kind:
        case "tcpx":
            return _sidecar(
                "tcpx-daemon",
                command=[
                    "/tcpgpudmarxd/build/app/tcpgpudmarxd",
                    *("--gpu_nic_preset", "a3vm"),
                    *("--gpu_shmem_type", "fd"),
                    *("--uds_path", "/run/tcpx"),
                    *("--setup_param", "--verbose 128 2 0"),
                ],
                capabilities=["NET_ADMIN"],
                files=(LIBRARIES, TCPX_SOCKET, HOST_SYS, HOST_PROC_SYS),
                devices=[],
            )
        case "tcpxo":
            entry = "/fts/entrypoint_rxdm_container.sh"
            return _sidecar(
                "tcpxo-daemon",
                command=["/bin/sh", "-c", f"chmod 755 {entry} && exec {entry} --num_hops=2 --num_nics={ACCELERATORS}"],
                capabilities=["NET_ADMIN", "NET_BIND_SERVICE"],
                files=(LIBRARIES, HOST_SYS, HOST_PROC_SYS),
                devices=["/dev/dmabuf_import_helper"],
            )
        case _:
            return None


def _sidecar(
    name: str, *, command: list[str], capabilities: list[str], files: tuple[HostFiles, ...], devices: list[str]
) -> Sidecar:
    image = catalog.image(name)
    paths = [*(f"/dev/nvidia{number}" for number in range(ACCELERATORS)), "/dev/nvidiactl", "/dev/nvidia-uvm", *devices]
    return Sidecar(
        container={
            "name": name,
            "image": f"{image.repository}:{image.tag}",
            # A container that starts before the others and stays: the workload never runs without it.
            "restartPolicy": "Always",
            "command": command,
            "env": [{"name": "LD_LIBRARY_PATH", "value": LIBRARIES.mount_path}],
            "securityContext": {"allowPrivilegeEscalation": False, "capabilities": {"add": capabilities}},
            "volumeMounts": [one.mount() for one in files],
        },
        files=files,
        annotations={f"devices.gke.io/container.{name}": "".join(f"- path: {path}\n" for path in paths)},
    )
