"""What must hold for accelerators before a cluster is planned: one driver, one device plugin, and who brings them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bedplate.clusters.existing_spec import ExistingClusterSpec
from bedplate.clusters.spec import ClusterSpec
from bedplate.errors import Problem
from bedplate.fabrics.preconditions import wanted_fabric
from bedplate.node_pools.images import node_image
from bedplate.services.device_plugins import pool_device_plugins
from bedplate.services.drivers import driver_path, driver_paths, driver_requirement, machine_driver_path
from bedplate.services.shared_accelerators import is_prepared

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from bedplate.node_pools.preconditions import PoolInContext
    from bedplate.stack import StackSpec

RDMA_PLUGINS = ("rdma-sriov", "rdma-shared")

PLUGIN_VENDORS = {"nvidia": "NVIDIA", "nvidia-dra": "NVIDIA", "amd": "AMD", "neuron": "AWS"}
"""Whose accelerators a device plugin is for; the others are for network cards."""

CARD_CLOUDS = {"efa": ("aws",), "rdma-sriov": ("azure", "existing"), "rdma-shared": ("azure", "existing")}
"""Where network cards of a kind are handed out by a device plugin of ours."""


def accelerator_problems(stack: StackSpec) -> Iterator[Problem]:
    """Yield what is wrong with what the stack's own clusters say about accelerators, whichever pools there are."""
    for name, cluster in stack.clusters.items():
        if isinstance(cluster, ClusterSpec):
            yield from _declared_plugins_exist(name, cluster)
            yield from _driver_images_have_a_use(name, cluster)


def _declared_plugins_exist(name: str, cluster: ClusterSpec) -> Iterator[Problem]:
    for index, plugin in enumerate(cluster.device_plugins):
        field = ("clusters", name, "device_plugins", index)
        if plugin in CARD_CLOUDS and cluster.provider not in CARD_CLOUDS[plugin]:
            yield Problem(
                f"{plugin} is for network cards that {cluster.provider} does not have",
                field,
                hint=f"It is for provider {' or '.join(CARD_CLOUDS[plugin])}.",
            )
        elif plugin in PLUGIN_VENDORS:
            problems = _driver_problems(cluster, PLUGIN_VENDORS[plugin], field)
            yield from problems
            if problems:  # one declaration missing is said once
                return


def _driver_images_have_a_use(name: str, cluster: ClusterSpec) -> Iterator[Problem]:
    path = driver_path(cluster.provider, "AMD", cluster.drivers)
    if cluster.amd_driver is not None and (path is None or not path.operator_installs_driver):
        yield Problem(
            "nobody builds AMD's driver on this cluster, so its images have no place",
            ("clusters", name, "amd_driver"),
            hint="Leave it out, or set drivers: operator where the cloud has AMD accelerators.",
        )


def _driver_is_known(context: PoolInContext) -> Iterator[Problem]:
    """Yield why nobody, or not the one that is declared, brings the driver of a pool's accelerators."""
    for index, machine in enumerate(context.machines()):
        if not machine.vendor or (context.cluster.provider == "existing" and context.cluster.drivers is None):
            continue  # no accelerator, or a rule of existing clusters says that it must be declared
        problems = _driver_problems(context.cluster, machine.vendor, context.offer_field(index))
        yield from problems
        if problems:  # the other offers are of the same vendor
            return


def _driver_problems(cluster: ClusterSpec, vendor: str, field: tuple[str | int, ...]) -> list[Problem]:
    paths = driver_paths(cluster.provider, vendor)
    path = driver_path(cluster.provider, vendor, cluster.drivers)
    modes = tuple(one.mode for one in paths)
    if not paths:
        message = f"no source says who brings the driver of {vendor} accelerators on {cluster.provider}"
        return [Problem(message, field, hint="Choose another cloud or machine: docs/guide/accelerators.md.")]
    if path is None and cluster.drivers is None:
        message = f"somebody must bring the driver of {vendor} accelerators, and the cluster does not say who"
        return [Problem(message, field, allowed=modes, hint="Say it in the cluster's `drivers`.")]
    if path is None:
        message = f"drivers: {cluster.drivers} is not possible for {vendor} accelerators on {cluster.provider}"
        return [Problem(message, field, allowed=modes, hint=" ".join(f"{one.mode}: {one.reason}." for one in paths))]
    if vendor == "AMD" and path.operator_installs_driver and cluster.amd_driver is None:
        message = "AMD's operator builds the driver for the nodes' kernels and must keep the images somewhere"
        return [Problem(message, field, hint="Set the cluster's amd_driver, or drivers: host where the nodes have it.")]
    return []


def _image_brings_driver(context: PoolInContext) -> Iterator[Problem]:
    """EKS has node images for some vendors and architectures; elsewhere one image serves all machines."""
    if context.cluster.provider != "aws":
        return
    for index, machine in enumerate(context.machines()):
        known = not machine.vendor or driver_path("aws", machine.vendor, context.cluster.drivers) is not None
        if known and node_image("aws", machine) is None:
            yield Problem(
                f"no EKS node image brings what {machine.name} needs ({machine.accelerator}, {machine.architecture})",
                context.offer_field(index),
            )


def _driver_suits_machine(context: PoolInContext) -> Iterator[Problem]:
    for index, machine in enumerate(context.machines()):
        needed = driver_requirement(machine)
        path = machine_driver_path(machine, context.cluster.drivers)
        if needed is not None and path is not None and path.mode != needed.mode:
            yield Problem(
                f"{machine.name} cannot have drivers: {path.mode}, because {needed.reason}",
                context.offer_field(index),
                hint=f"Set drivers: {needed.mode} on the cluster: all its pools of that vendor follow.",
            )


def _cards_reach_memory(context: PoolInContext) -> Iterator[Problem]:
    """Where cards cannot reach GPU memory, everything goes through main memory, at a fraction of the fabric's speed."""
    path = driver_path(context.cluster.provider, "NVIDIA", context.cluster.drivers)
    if path is None or path.peer_memory is not False or wanted_fabric(context) == "none":
        return
    plugins = pool_device_plugins(context.cluster, context.pool)
    if "nvidia" in plugins and plugins & set(RDMA_PLUGINS):
        yield Problem(
            f"with drivers: {path.mode} nothing makes sure that InfiniBand cards reach GPU memory: {path.reason}",
            ("node_pools", context.name, "fabric"),
            hint="Set drivers: operator on the cluster, or fabric: none.",
        )


def _network_can_be_made(context: PoolInContext) -> Iterator[Problem]:
    """An IPoIB network stands on an interface by name, and Microsoft's example knows the one of ND96asr_v4 alone."""
    if context.cluster.provider == "azure" and wanted_fabric(context) == "infiniband-ipoib":
        yield Problem(
            "no IPoIB network is made on AKS: the name of the InfiniBand interface differs by machine type, and no "
            "source lists them",
            ("node_pools", context.name, "fabric"),
            allowed=("infiniband-sriov", "infiniband-shared", "none"),
        )


def _sharing_is_prepared(context: PoolInContext) -> Iterator[Problem]:
    """One's own cluster prepares what its pools need, unless the operator is somebody else's."""
    sharing = context.pool.sharing
    if sharing is None or context.cluster.provider == "gcp":  # GKE reads the pool's own settings
        return
    cluster = context.cluster
    present = set(cluster.present_device_plugins) if isinstance(cluster, ExistingClusterSpec) else set()
    if present & set(PLUGIN_VENDORS) & pool_device_plugins(cluster, context.pool):
        yield Problem(
            "the device plugin runs on the cluster already, and Bedplate cannot tell it how to share",
            ("node_pools", context.name, "sharing"),
            hint="Let Bedplate install it (present_device_plugins of the cluster), or leave sharing out.",
        )
    elif not is_prepared(sharing, context.shared_accelerators):
        yield Problem(
            "the cluster's stack has not prepared this way of sharing, so the nodes would hand out whole accelerators",
            ("node_pools", context.name, "sharing"),
            hint="Add it, as it stands here, to shared_accelerators of that cluster in its own stack file.",
        )


RULES: tuple[Callable[[PoolInContext], Iterator[Problem]], ...] = (
    _driver_is_known,
    _image_brings_driver,
    _driver_suits_machine,
    _cards_reach_memory,
    _network_can_be_made,
    _sharing_is_prepared,
)
