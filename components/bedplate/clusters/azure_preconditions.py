"""What must hold for AKS clusters: one function per rule, each with a message for people."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bedplate import catalog
from bedplate.clouds.azure_names import agent_pool_name
from bedplate.clusters.plan import full_name
from bedplate.errors import Problem, nearest
from bedplate.networking.azure_plan import plan_azure_network

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from bedplate.clusters.azure_spec import AzureClusterSpec
    from bedplate.stack import StackSpec

LEAST_SYSTEM_VCPUS, LEAST_SYSTEM_GIB = 4, 4
BURSTABLE = "Standard_B"
"""AKS, "Use system node pools": four processors, 4 GB of memory, no B series."""


def cluster_problems(stack: StackSpec, name: str, cluster: AzureClusterSpec) -> Iterator[Problem]:
    """Yield what is wrong with an AKS cluster that this stack creates, in a region that exists."""
    for rule in RULES:
        yield from rule(stack, name, cluster)


def _system_machine_is_known(_: StackSpec, name: str, cluster: AzureClusterSpec) -> Iterator[Problem]:
    known = catalog.machines(cluster.provider)
    machine = known.get(cluster.system_machine)
    field = ("clusters", name, "system_machine")
    if machine is None:
        yield Problem(
            f"{cluster.system_machine!r} is no machine type of azure that the catalog knows",
            field,
            nearest=nearest(cluster.system_machine, known),
            hint="`bedplate catalog list --cloud azure` shows them all.",
        )
    elif cluster.region not in machine.zones:
        yield Problem(f"{machine.name} is not offered in {cluster.region}", field, allowed=tuple(sorted(machine.zones)))


def _system_machine_is_large_enough(_: StackSpec, name: str, cluster: AzureClusterSpec) -> Iterator[Problem]:
    machine = catalog.machine(cluster.provider, cluster.system_machine)
    if machine is None:
        return
    small = (machine.vcpus or 0) < LEAST_SYSTEM_VCPUS or (machine.memory_gib or 0) < LEAST_SYSTEM_GIB
    if small or machine.name.startswith(BURSTABLE):
        yield Problem(
            f"AKS takes no {machine.name} for its system nodes: it asks for {LEAST_SYSTEM_VCPUS} processors and "
            f"{LEAST_SYSTEM_GIB} GiB, and no burstable ones",
            ("clusters", name, "system_machine"),
        )
    if machine.accelerator:
        yield Problem(
            f"{machine.name} has {machine.accelerator_count} × {machine.accelerator}, which AKS's own parts do not use",
            ("clusters", name, "system_machine"),
        )


def _zones_of_system_machine_are_known(_: StackSpec, name: str, cluster: AzureClusterSpec) -> Iterator[Problem]:
    machine = catalog.machine(cluster.provider, cluster.system_machine)
    if cluster.zones and machine is not None and not machine.zones.get(cluster.region):
        yield Problem(
            f"the catalog does not know which zones of {cluster.region} have {machine.name}, so a zone cannot be named",
            ("clusters", name, "zones"),
            hint="Leave zones out: nodes stand wherever the region has room.",
        )


def _nodes_fit_the_network(stack: StackSpec, name: str, cluster: AzureClusterSpec) -> Iterator[Problem]:
    """Pools of other stacks come on top, and are not seen here."""
    most = plan_azure_network(cluster.network).most_nodes
    nodes = cluster.system_nodes + sum(
        offer.max or pool.nodes.max
        for pool in stack.node_pools.values()
        if pool.cluster == name
        for offer in pool.all_offers()
    )
    if nodes > most:
        yield Problem(
            f"{nodes} nodes can run at once, and the network has room for {most} (a /24 of pods_cidr for each)",
            ("clusters", name, "network"),
            hint="Widen network.pods_cidr or network.cidr; neither can be changed later.",
        )


def _pool_names_differ(stack: StackSpec, name: str, _: AzureClusterSpec) -> Iterator[Problem]:
    """AKS names pools with twelve characters, so ours are shortened; a digest makes equal ones all but impossible."""
    taken: dict[str, str] = {}
    for pool_name, pool in stack.node_pools.items():
        if pool.cluster != name:
            continue
        for number in range(1, len(pool.all_offers()) + 1):
            short = agent_pool_name(f"{full_name(stack, pool_name)}-offer{number}")
            other = taken.setdefault(short, pool_name)
            if other != pool_name:
                yield Problem(
                    f"its AKS pool would be called {short!r} like that of {other}; call one of them something else",
                    ("node_pools", pool_name),
                    about_key=True,
                )


RULES: tuple[Callable[[StackSpec, str, AzureClusterSpec], Iterator[Problem]], ...] = (
    _system_machine_is_known,
    _system_machine_is_large_enough,
    _zones_of_system_machine_are_known,
    _nodes_fit_the_network,
    _pool_names_differ,
)
