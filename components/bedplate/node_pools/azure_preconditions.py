"""What must hold for node pools on Azure: one function per rule, each with a message for people."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from bedplate.catalog import machine as catalog_machine
from bedplate.clusters.azure_spec import AzureClusterSpec
from bedplate.clusters.plan import kubernetes_version
from bedplate.errors import Problem
from bedplate.fabrics.facts import machine_fabric
from bedplate.node_pools.azure_images import UBUNTU_24_SINCE, has_its_ubuntu
from bedplate.node_pools.reservation_preconditions import reserved_offers

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from bedplate.node_pools.preconditions import PoolInContext

# Azure Resource Manager: identifiers of resources; groups of resources have names of up to 90 characters.
RESERVATION_GROUP = re.compile(
    r"/subscriptions/[0-9a-f-]{36}/resourceGroups/[\w.()-]{1,90}"
    r"/providers/Microsoft\.Compute/capacityReservationGroups/[\w.-]{1,80}"
)


def _zones_of_the_machine_are_known(context: PoolInContext) -> Iterator[Problem]:
    """No source says which zones have which machine, and AKS refuses a pool in a zone without it."""
    if not context.pool.zones:
        return
    for machine in context.machines():
        if not machine.zones.get(context.region):
            yield Problem(
                f"the catalog does not know which zones of {context.region} have {machine.name}, so a zone cannot be "
                "named",
                ("node_pools", context.name, "zones"),
                hint="Leave zones out: the nodes then stand wherever the region has room, and a zone's failure may "
                "take all of them.",
            )
            return


def _reservation_is_a_group(context: PoolInContext) -> Iterator[Problem]:
    for _, reservation, _, field in reserved_offers(context):
        if not RESERVATION_GROUP.fullmatch(reservation.name):
            yield Problem(
                f"{reservation.name!r} is no capacity reservation group of Azure",
                (*field, "name"),
                hint="It is /subscriptions/…/resourceGroups/…/providers/Microsoft.Compute/capacityReservationGroups/…: "
                "`az capacity reservation group list --query [].id`.",
            )


def _reservation_is_paid_by_the_same(context: PoolInContext) -> Iterator[Problem]:
    cluster = context.cluster
    if not isinstance(cluster, AzureClusterSpec):
        return
    for _, reservation, _, field in reserved_offers(context):
        known = RESERVATION_GROUP.fullmatch(reservation.name)
        if known and f"/subscriptions/{cluster.subscription}/" not in reservation.name:
            yield Problem(
                f"the reservation belongs to another subscription than the cluster's {cluster.subscription}",
                (*field, "name"),
                hint="A group that is shared between subscriptions is not supported: reserve where the cluster is.",
            )


def _reservation_has_no_end(context: PoolInContext) -> Iterator[Problem]:
    for _, reservation, _, field in reserved_offers(context):
        if reservation.ends is not None:
            yield Problem(
                "a capacity reservation of Azure stands, and is paid, until somebody deletes it",
                (*field, "ends"),
                hint="Leave ends out.",
            )


def _no_huge_pages(context: PoolInContext) -> Iterator[Problem]:
    if context.pool.huge_pages_2mi:
        yield Problem(
            "AKS has no setting for huge pages of a node (it has one for transparent ones)",
            ("node_pools", context.name, "huge_pages_2mi"),
            hint="Set them from a DaemonSet of your own, or leave them out.",
        )


def _size_without_the_letter_r(context: PoolInContext) -> Iterator[Problem]:
    """The sizes that look alike differ by one letter, and the one without it has no InfiniBand at all."""
    if context.pool.fabric in (None, "none"):
        return
    for index, machine in enumerate(context.machines()):
        fact = machine_fabric(machine)
        with_cards = machine.name.replace("is_", "isr_", 1).replace("_noIB", "").replace("_flex", "")
        if fact is None and with_cards != machine.name and catalog_machine("azure", with_cards):
            yield Problem(
                f"{machine.name} is {with_cards} without its InfiniBand cards: the letter r stands for them",
                context.offer_field(index),
                allowed=(with_cards,),
            )


def _nodes_have_the_machine_s_ubuntu(context: PoolInContext) -> Iterator[Problem]:
    cluster = context.cluster
    if not isinstance(cluster, AzureClusterSpec):
        return
    version = kubernetes_version(cluster)
    for index, machine in enumerate(context.machines()):
        if not has_its_ubuntu(machine, version):
            yield Problem(
                f"{machine.name} needs Ubuntu 24.04, which AKS gives to nodes from Kubernetes {UBUNTU_24_SINCE} on, "
                f"and the cluster runs {version}",
                context.offer_field(index),
                hint=f"Set kubernetes_version of clusters.{context.pool.cluster} to {UBUNTU_24_SINCE} or newer.",
            )


RULES: tuple[Callable[[PoolInContext], Iterator[Problem]], ...] = (
    _zones_of_the_machine_are_known,
    _reservation_is_a_group,
    _reservation_is_paid_by_the_same,
    _reservation_has_no_end,
    _no_huge_pages,
    _size_without_the_letter_r,
    _nodes_have_the_machine_s_ubuntu,
)
