"""The agents that put Google's network plugins on the nodes of a pool, before any workload asks for them.

Google publishes them as DaemonSets to be applied by hand; the images install themselves when told to. Facts:
GoogleCloudPlatform/container-engine-accelerators, gpudirect-{tcpx,tcpxo,rdma}/*-installer.yaml and nri_device_injector;
cluster-toolkit, examples/gke-{a3-*,a4*}/nccl-*installer.yaml.tftpl.

An installer changes the node: it loads a kernel module, mounts devices, and lets the kernel keep packets that look as
if they came the wrong way, as those of several networks do. So it is privileged, in the namespace of the system.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bedplate import catalog
from bedplate.node_pools.labels import POOL_LABEL
from bedplate.node_pools.taints import tolerations

if TYPE_CHECKING:
    from bedplate.node_pools.plan import NodePoolPlan

NAMESPACE = "kube-system"
INSTALL = "/scripts/container_entry.sh install --install-nccl"
PAUSE_IMAGE = "registry.k8s.io/pause:3.10.1"
DRIVER_DIRECTORY = "/home/kubernetes/bin"


def installer_manifests(pool: NodePoolPlan) -> list[dict[str, Any]]:
    """Return the installers that a pool's fabric needs, each for this pool's nodes alone."""
    gcp = pool.groups[0].fabric.gcp
    match gcp.installer if gcp else "":
        case "gib":
            return [_gib(pool)]
        case "tcpx":
            return [_tcpx(pool), _device_injector(pool)]
        case "tcpxo":
            return [_tcpxo(pool), _device_injector(pool)]
        case _:
            return []


def _image(name: str) -> str:
    image = catalog.image(name)
    return f"{image.repository}:{image.tag}"


def _gib(pool: NodePoolPlan) -> dict[str, Any]:
    arm = pool.groups[0].machine.architecture == "arm64"
    cards = pool.groups[0].machine.fabric_interfaces or 0
    quiet = "".join(
        f"echo 0 >/proc/sys/net/ipv4/conf/gpu{card}rdma0/log_martians 2>/dev/null || true\n" for card in range(cards)
    )
    return _daemon_set(
        pool,
        "gib",
        image=_image("nccl-tests-gib-arm64" if arm else "nccl-tests-gib"),
        script=f"set -e\n{quiet}{INSTALL}\ncp -r /var/lib/gib/lib64/. /host/nvidia/lib64\nmkdir -p /host/gib\n"
        "cp -r /var/lib/gib/. /host/gib\n",
        mounts={DRIVER_DIRECTORY: "/host"},
    )


def _tcpx(pool: NodePoolPlan) -> dict[str, Any]:
    return _daemon_set(
        pool,
        "tcpx",
        image=_image("nccl-tests-tcpx"),
        script=f"set -e\n{INSTALL}\nmkdir -p /usr/local/nvidia/lib64\n"
        "cp -r /var/lib/tcpx/lib64/. /usr/local/nvidia/lib64\n",
        mounts={"/var/lib": "/var/lib", DRIVER_DIRECTORY: "/usr/local"},
    )


def _tcpxo(pool: NodePoolPlan) -> dict[str, Any]:
    """Before the plugin: its kernel module, and the cards' memory where containers without privileges see it.

    The node's own firewall keeps out what comes in over further networks until it is told; the VPC's stays.
    """
    prepare = (
        "nsenter -at 1 -- sh -c '\n"
        "  iptables -C INPUT -p tcp -m tcp -j ACCEPT || iptables -I INPUT -p tcp -m tcp -j ACCEPT\n"
        "  modprobe import-helper\n"
        '  for device in $(lspci -nn -D | grep 1ae0:0084 | cut -d" " -f1); do\n'
        "    mkdir -p /dev/aperture_devices/$device\n"
        "    mountpoint -q /dev/aperture_devices/$device ||\n"
        "      mount --bind $(readlink -f /sys/bus/pci/devices/$device) /dev/aperture_devices/$device\n"
        "    chmod a+rw /dev/aperture_devices/$device/resource*\n"
        "  done\n"
        "  chmod -R a+rX /dev/aperture_devices'\n"
    )
    return _daemon_set(
        pool,
        "tcpxo",
        image=_image("nccl-tests-tcpxo"),
        script=f"set -e\n{prepare}{INSTALL}\nmkdir -p /usr/local/nvidia/lib64\n"
        "cp -r /var/lib/tcpxo/lib64/. /usr/local/nvidia/lib64\n",
        mounts={"/var/lib": "/var/lib", DRIVER_DIRECTORY: "/usr/local"},
        host_pid=True,
    )


def _device_injector(pool: NodePoolPlan) -> dict[str, Any]:
    """Gives the accelerators to the daemon beside a workload, by its annotation, in place of privileges."""
    mounts = {"/dev": "/dev", "/var/run/nri": "/var/run/nri"}
    return _manifest(
        pool,
        "device-injector",
        containers=[_container("device-injector", _image("nri-device-injector"), mounts)],
        mounts=mounts,
    )


def _daemon_set(
    pool: NodePoolPlan, name: str, *, image: str, script: str, mounts: dict[str, str], host_pid: bool = False
) -> dict[str, Any]:
    installer = _container("install", image, mounts) | {"command": ["/bin/sh", "-c", script]}
    waits = {
        "name": "wait",
        "image": PAUSE_IMAGE,
        "resources": {"requests": {"cpu": "10m", "memory": "8Mi"}, "limits": {"memory": "8Mi"}},
        "securityContext": {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}},
    }
    return _manifest(pool, name, containers=[waits], installers=[installer], mounts=mounts, host_pid=host_pid)


def _container(name: str, image: str, mounts: dict[str, str]) -> dict[str, Any]:
    return {
        "name": name,
        "image": image,
        "resources": {"requests": {"cpu": "150m", "memory": "64Mi"}},
        "securityContext": {"privileged": True},
        "volumeMounts": [{"name": _volume(path), "mountPath": at} for path, at in mounts.items()],
    }


def _volume(path: str) -> str:
    return path.strip("/").replace("/", "-").replace(".", "-")


def _manifest(
    pool: NodePoolPlan,
    name: str,
    *,
    containers: list[dict[str, Any]],
    mounts: dict[str, str],
    installers: list[dict[str, Any]] | None = None,
    host_pid: bool = False,
) -> dict[str, Any]:
    full_name = f"{pool.full_name}-{name}"
    labels = {"app.kubernetes.io/name": full_name, "app.kubernetes.io/managed-by": "bedplate"}
    return {
        "apiVersion": "apps/v1",
        "kind": "DaemonSet",
        "metadata": {
            "name": full_name,
            "namespace": NAMESPACE,
            "labels": labels,
            # There may be no node yet, and `up` waits for none.
            "annotations": {"pulumi.com/skipAwait": "true"},
        },
        "spec": {
            "selector": {"matchLabels": {"app.kubernetes.io/name": full_name}},
            "updateStrategy": {"type": "RollingUpdate"},
            "template": {
                "metadata": {"labels": labels},
                "spec": {
                    "priorityClassName": "system-node-critical",
                    "automountServiceAccountToken": False,
                    "nodeSelector": {POOL_LABEL: pool.full_name},
                    **tolerations(pool.taints),
                    "hostNetwork": True,
                    **({"hostPID": True} if host_pid else {}),
                    **({"initContainers": installers} if installers else {}),
                    "containers": containers,
                    "volumes": [{"name": _volume(path), "hostPath": {"path": path}} for path in mounts],
                },
            },
        },
    }
