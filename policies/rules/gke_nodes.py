"""Rules about node pools of GKE: each is what a group of a priced pool declares, and no larger."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from bedplate.clouds.gcp_names import NODE_POOL_LENGTH, fitting_name
from bedplate.errors import listing
from bedplate.node_pools.gcp_plan import WAITS_FOR_MACHINES
from rules.model import Resource, Rule, StackRule, Surroundings
from rules.nodes import GKE_NODE_POOL, against_group, used_once
from rules.owned import group_machine
from rules.reading import items, need, want
from rules.root_disks import gke_disk_problems

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bedplate.catalog import MachineType


def is_as_declared(node_pool: Resource, pool: Resource, group: Any, _: Surroundings) -> Iterator[str]:
    """A node pool is one of its pool's groups: the same size at most, the same machine, bought the same way."""
    yield from _too_many_nodes(node_pool, int(need(group, "maxNodes")))
    yield from _upgraded_with_more(node_pool)
    machine = need(node_pool.properties, "nodeConfig", "machineType")
    if machine != need(group, "machine"):
        yield f"{node_pool.name} runs {machine}; its pool declares {need(group, 'machine')}"
    known = group_machine("gcp", group)
    yield from _other_accelerators(node_pool, known)
    yield from gke_disk_problems(node_pool, known, int(need(group, "rootDiskGib")))
    bought = _bought(node_pool)
    if need(group, "capacity") != bought:
        yield f"{node_pool.name} buys {bought}; its pool declares {need(group, 'capacity')}"
    yield from _wrong_reservation(node_pool, group)
    yield from _wrong_region(node_pool, need(pool.properties, "region"))


def _too_many_nodes(node_pool: Resource, most: int) -> Iterator[str]:
    """GKE counts `nodeCount` and `initialNodeCount` in each zone, and `total…` over all of them."""
    properties = node_pool.properties
    zones = len(want(properties, "nodeLocations") or [])
    if not zones:
        yield f"{node_pool.name} names no nodeLocations, so nobody knows in how many zones its nodes are counted"
        return
    for field in ("nodeCount", "initialNodeCount"):
        nodes = int(want(properties, field) or 0) * zones
        if nodes > most:
            yield f"{node_pool.name} has {field} of {nodes} nodes over {zones} zones; its pool declares at most {most}"
    scaling = want(properties, "autoscaling")
    if scaling is None:
        if want(properties, "nodeCount") is None:
            yield f"{node_pool.name} has neither autoscaling nor nodeCount, so nothing bounds its nodes"
        return
    if want(scaling, "minNodeCount") or want(scaling, "maxNodeCount"):
        yield f"{node_pool.name} is bounded in each zone; its pool declares a number over all of them"
    total = want(scaling, "totalMaxNodeCount")
    if total is None or int(total) > most:
        yield f"{node_pool.name} has totalMaxNodeCount {total}; its pool declares at most {most} nodes"


def _upgraded_with_more(node_pool: Resource) -> Iterator[str]:
    if want(node_pool.properties, "upgradeSettings", "strategy") not in (None, "SURGE"):
        yield f"{node_pool.name} is upgraded by doubling its nodes, which its pool's price does not cover"
    if int(want(node_pool.properties, "upgradeSettings", "maxSurge") or 0) > 1:
        yield f"{node_pool.name} is upgraded with more than one node beyond its maximum"


def _other_accelerators(node_pool: Resource, machine: MachineType) -> Iterator[str]:
    """GKE attaches what is named: to a machine that comes with none, each is billed beside it."""
    own = f"{machine.accelerator_count} × {machine.accelerator_label}" if machine.accelerator_label else "none"
    for one in items(node_pool.properties, "nodeConfig", "guestAccelerators"):
        named = f"{int(need(one, 'count'))} × {need(one, 'type')}"
        if named != own:
            yield f"{node_pool.name} has {named}; {machine.name} comes with {own}"


def _bought(node_pool: Resource) -> str:
    properties = node_pool.properties
    if want(properties, "queuedProvisioning", "enabled"):
        return "queued"
    if want(properties, "nodeConfig", "flexStart"):
        return "flex-start"
    if want(properties, "nodeConfig", "spot") or want(properties, "nodeConfig", "preemptible"):
        return "spot"
    if want(properties, "nodeConfig", "reservationAffinity", "consumeReservationType") == "SPECIFIC_RESERVATION":
        return "reservation"
    return "on-demand"


def _wrong_reservation(node_pool: Resource, group: Any) -> Iterator[str]:
    """Nodes take the reservation that was priced and no other: what another one holds, somebody else pays for."""
    affinity = want(node_pool.properties, "nodeConfig", "reservationAffinity") or {}
    if need(group, "capacity") in (*WAITS_FOR_MACHINES, "on-demand", "spot"):
        if want(affinity, "consumeReservationType") != "NO_RESERVATION":
            yield f"{node_pool.name} may take machines of a reservation, which its pool does not declare"
        return
    named = want(affinity, "values") or []
    declared = need(group, "reservation", "name")
    if len(named) != 1 or not f"/{named[0]}".endswith(f"/{declared}"):
        yield f"{node_pool.name} takes the reservations {listing(named)}; its pool declares {declared}"


def _wrong_region(node_pool: Resource, region: str) -> Iterator[str]:
    """Prices differ between regions, so the nodes must run where the pool was priced."""
    places = [need(node_pool.properties, "location"), *(want(node_pool.properties, "nodeLocations") or [])]
    strangers = [place for place in places if place != region and place.rpartition("-")[0] != region]
    if strangers:
        yield f"{node_pool.name} runs in {listing(strangers)}; its pool is priced for {region}"


RULES = (
    Rule(
        id="nodes-gke-as-declared",
        family="nodes",
        waivable=False,
        demands="A node pool of GKE has the name, machine, accelerators, disks, region and way of buying that its pool "
        "declares, and at most its size over all zones, also while it is upgraded.",
        reason="A pool that declares two nodes and creates two in each zone would pass every cap.",
        fix="change the pool in the stack file instead of the node pool",
        applies=lambda type_token: type_token == GKE_NODE_POOL,
        check=against_group(is_as_declared, partial(fitting_name, longest=NODE_POOL_LENGTH)),
        on_stack=True,
    ),
)

STACK_RULES = (
    StackRule(
        id="nodes-gke-group-used-once",
        family="nodes",
        waivable=False,
        demands="No two node pools of GKE stand for the same group of a pool.",
        reason="A group is priced once.",
        fix="declare a further pool in the stack file",
        check=partial(used_once, (GKE_NODE_POOL,)),
        reads=lambda type_token: type_token == GKE_NODE_POOL,
    ),
)
