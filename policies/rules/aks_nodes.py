"""Rules about nodes of AKS: each agent pool is what a group of a priced pool declares, and the nodes that come with a
cluster are those that its cost counts."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from bedplate.clouds.azure_names import agent_pool_name
from rules.cost_lines import cost_lines
from rules.model import Resource, Rule, StackRule, Surroundings
from rules.nodes import AKS_POOL, CLUSTER, against_group, used_once
from rules.reading import Known, UndecidedError, need, read, want
from rules.root_disks import aks_disk_problems

if TYPE_CHECKING:
    from collections.abc import Iterator

AKS_CLUSTER = "azure-native:containerservice:ManagedCluster"


def is_as_declared(agent_pool: Resource, pool: Resource, group: Any, _: Surroundings) -> Iterator[str]:
    """An agent pool is one of its pool's groups: the same size at most, the same machine, bought the same way."""
    yield from _too_many_nodes(agent_pool, int(need(group, "maxNodes")))
    machine = need(agent_pool.properties, "vmSize")
    if machine != need(group, "machine"):
        yield f"{agent_pool.name} runs {machine}; its pool declares {need(group, 'machine')}"
    yield from aks_disk_problems(agent_pool, group)
    yield from _bought_otherwise(agent_pool, group)
    yield from _wrong_region(agent_pool, need(pool.properties, "region"))


def _too_many_nodes(agent_pool: Resource, most: int) -> Iterator[str]:
    properties = agent_pool.properties
    if not want(properties, "enableAutoScaling"):
        yield f"{agent_pool.name} is not scaled by AKS, so only its count bounds it, which anybody may change"
    for field in ("count", "minCount", "maxCount"):
        nodes = int(need(properties, field))
        if nodes > most:
            yield f"{agent_pool.name} has {field} {nodes}; its pool declares at most {most} nodes"
    surge = want(properties, "upgradeSettings", "maxSurge")
    # AKS has no further nodes for upgrades of a spot pool, and refuses a number for one.
    none_by_default = want(properties, "scaleSetPriority") == "Spot"
    if surge not in ("0", "1") and not (surge is None and none_by_default):
        yield f"{agent_pool.name} is upgraded with {surge or '10%'} of nodes beyond its maximum; one is the most"


def _bought_otherwise(agent_pool: Resource, group: Any) -> Iterator[str]:
    """Nodes take the reservation that was priced and no other, and spot machines never cost more than others."""
    properties, declared = agent_pool.properties, need(group, "capacity")
    reservation = want(properties, "capacityReservationGroupId")
    spot = want(properties, "scaleSetPriority") == "Spot"
    bought = "reservation" if reservation else "spot" if spot else "on-demand"
    if bought != declared:
        yield f"{agent_pool.name} buys {bought}; its pool declares {declared}"
    elif reservation and reservation != need(group, "reservation", "name"):
        yield f"{agent_pool.name} takes {reservation}; its pool declares {need(group, 'reservation', 'name')}"
    if spot and want(properties, "spotMaxPrice") not in (None, -1):
        yield f"{agent_pool.name} has a highest price of its own, which its pool's price does not cover"


def _wrong_region(agent_pool: Resource, region: str) -> Iterator[str]:
    """Prices differ between regions, so the provider must work where the pool was priced."""
    found = read(agent_pool.provider_properties, "location")
    if not isinstance(found, Known):
        yield f"the provider of {agent_pool.name} does not say its location; its pool is priced for {region}"
    elif found.value != region:
        yield f"{agent_pool.name} runs in {found.value}; its pool is priced for {region}"


def system_nodes_are_as_declared(cluster: Resource, surroundings: Surroundings) -> Iterator[str]:
    """The nodes that come with a cluster are as many, and of the machine, that the cluster's cost counts."""
    if CLUSTER not in cluster.ancestor_types:
        return  # nodes-priced
    owner = surroundings.nearest_ancestor(cluster, CLUSTER)
    if owner is None:
        raise UndecidedError(f"the Cluster of {cluster.name} is not among the registered resources")
    machine, nodes = need(owner.properties, "ownNodes", "machine"), int(need(owner.properties, "ownNodes", "nodes"))
    pools = (cluster.properties.get("agentPoolProfiles") or []) if cluster.properties else []
    if len(pools) != 1:
        yield f"{cluster.name} comes with {len(pools)} agent pools; every one but the system pool is a resource"
    for pool in pools:
        if need(pool, "vmSize") != machine or int(need(pool, "count")) != nodes:
            yield (
                f"{cluster.name} comes with {int(need(pool, 'count'))} × {need(pool, 'vmSize')}; its cost counts "
                f"{nodes} × {machine}"
            )
        if want(pool, "enableAutoScaling"):
            yield f"the system pool of {cluster.name} grows by itself, and its cost counts {nodes} nodes"
    if want(cluster.properties, "nodeProvisioningProfile", "mode") == "Auto":
        yield f"{cluster.name} starts nodes of any size by itself (node auto-provisioning), and nobody priced them"
    counted = [line for line in cost_lines(owner) if line.kind == "machine" and line.item.startswith(f"{machine} ")]
    if sum(line.max_units for line in counted) < nodes:
        yield f"{owner.name} comes with {nodes} × {machine}, and its cost does not count them"


RULES = (
    Rule(
        id="nodes-aks-as-declared",
        family="nodes",
        waivable=False,
        demands="An agent pool of AKS has the name, machine, disk, region and way of buying that its pool declares, "
        "and at most its size.",
        reason="A pool that declares two nodes and creates twenty would pass every cap.",
        fix="change the pool in the stack file instead of the agent pool",
        applies=lambda type_token: type_token == AKS_POOL,
        check=against_group(is_as_declared, agent_pool_name),
        on_stack=True,
    ),
    Rule(
        id="nodes-aks-system-as-declared",
        family="nodes",
        waivable=False,
        demands="An AKS cluster comes with the system nodes that its cost counts, and starts no others by itself.",
        reason="AKS makes them with the cluster, outside of any pool.",
        fix="set system_machine and system_nodes in the stack file",
        applies=lambda type_token: type_token == AKS_CLUSTER,
        check=system_nodes_are_as_declared,
    ),
)

STACK_RULES = (
    StackRule(
        id="nodes-aks-group-used-once",
        family="nodes",
        waivable=False,
        demands="No two agent pools of AKS stand for the same group of a pool.",
        reason="A group is priced once.",
        fix="declare a further pool in the stack file",
        check=partial(used_once, (AKS_POOL,)),
        reads=lambda type_token: type_token == AKS_POOL,
    ),
)
