"""What must hold for pools of nodes that exist already: one function per rule, each with a message for people."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bedplate import catalog
from bedplate.catalog.believable import believable_usd_per_hour
from bedplate.errors import Problem, nearest
from bedplate.fabrics.facts import widest_nvlink

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from bedplate.node_pools.preconditions import PoolInContext

DRIVEN_VENDORS = ("AMD", "NVIDIA")
"""Whose accelerators are sold as hardware and have an operator that Bedplate installs (docs/guide/accelerators.md)."""


def kind_of_nodes_problems(context: PoolInContext) -> Iterator[Problem]:
    """Yield what is wrong where a pool of one kind of cluster is declared like one of the other."""
    at, pool = ("node_pools", context.name), context.pool
    if context.cluster.provider == "existing" and pool.hardware is None:
        yield Problem(
            f"the nodes of an existing cluster are there already, so no {pool.all_offers()[0].machine} can be started",
            (*at, "offers" if pool.offers else "machine"),
            hint="Describe the nodes under hardware, and name them under hosts.",
        )
    elif context.cluster.provider != "existing" and pool.hardware is not None:
        yield Problem(
            f"{context.cluster.provider} starts the nodes of this cluster, so none of your own can join it",
            (*at, "hardware"),
            hint="Name machine or offers instead.",
        )
    elif pool.hardware is not None:
        yield from _accelerator_known(context.name, pool.hardware.accelerator)


def _accelerator_known(pool: str, accelerator: str | None) -> Iterator[Problem]:
    models = catalog.accelerators()
    known = tuple(model.name for model in models.values() if model.vendor in DRIVEN_VENDORS)
    if accelerator is None or accelerator in known:
        return
    field = ("node_pools", pool, "hardware", "accelerator")
    if accelerator in models:
        vendor = models[accelerator].vendor
        yield Problem(f"{accelerator} of {vendor} has no driver that Bedplate installs", field, allowed=known)
        return
    yield Problem(
        f"{accelerator!r} is no accelerator that the catalog knows",
        field,
        allowed=known,
        nearest=nearest(accelerator, known),
    )


def _price_believable(context: PoolInContext) -> Iterator[Problem]:
    """A price of a cent would take the pool out of every cap: what no contract and no cloud ever asked is refused."""
    (machine,), hardware = context.machines(), context.pool.hardware
    if hardware is None:
        return
    low, high = believable_usd_per_hour(machine)
    if low <= hardware.usd_per_node_hour <= high:
        return
    devices = f"{machine.accelerator_count} × {machine.accelerator}" if machine.accelerator else f"{machine.vcpus} vCPU"
    yield Problem(
        f"${hardware.usd_per_node_hour:g} an hour for a node with {devices} is not believable; between ${low:.2f} and "
        f"${high:.2f} is",
        ("node_pools", context.name, "hardware", "usd_per_node_hour"),
        hint="`bedplate cost compare` works out what own hardware costs: purchase over its life, power, space, people.",
    )


def _nothing_of_a_cloud(context: PoolInContext) -> Iterator[Problem]:
    reasons = {
        "zones": "an existing cluster has no zones that Bedplate knows",
        "root_disk_gib": "Bedplate makes no disk for nodes that exist already",
    }
    for key, reason in reasons.items():
        if key in context.pool.model_fields_set:
            yield Problem(reason, ("node_pools", context.name, key), hint="Leave it out.")


def _driver_declared(context: PoolInContext) -> Iterator[Problem]:
    (machine,) = context.machines()
    if machine.accelerator and context.cluster.drivers is None:
        yield Problem(
            f"nothing says who installs the driver of {machine.accelerator} on the cluster's nodes, and two would "
            "break each other",
            ("node_pools", context.name, "cluster"),
            hint=f"Set drivers of the cluster {context.pool.cluster}: host where it is installed, operator where not.",
        )


def _nvlink_reach_declared(context: PoolInContext) -> Iterator[Problem]:
    """GB200 comes in racks that NVLink joins, and as single nodes (NVL4): nobody sees which from the model alone."""
    (machine,), hardware = context.machines(), context.pool.hardware
    if hardware is None:
        return
    fact, nodes = widest_nvlink(machine), hardware.nvlink_nodes
    field = ("node_pools", context.name, "hardware", "nvlink_nodes")
    if fact is None:
        if nodes is not None and nodes > 1:
            yield Problem(
                f"no source says that NVLink of {machine.accelerator} reaches beyond its node, and {nodes} nodes are "
                "declared",
                field,
                hint="Leave it out.",
            )
    elif nodes is None:
        yield Problem(
            f"NVLink of {machine.accelerator} can join nodes, and nothing says over how many nodes it reaches",
            field,
            hint=f"Write {fact.nodes} in an NVL72 rack with four accelerators a node, 1 where it ends at the node.",
        )
    elif nodes > fact.nodes:
        yield Problem(
            f"NVIDIA's driver joins {fact.nodes} nodes at most by NVLink, and {nodes} are declared",
            field,
            hint=f"Write how many nodes of one rack it joins, up to {fact.nodes}.",
        )


RULES: tuple[Callable[[PoolInContext], Iterator[Problem]], ...] = (
    _price_believable,
    _nothing_of_a_cloud,
    _driver_declared,
    _nvlink_reach_declared,
)
