"""Rules about nodes that Karpenter starts: its NodePool is one of the groups that a pool was priced with."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bedplate.errors import listing
from rules.model import Resource, Rule, Surroundings
from rules.nodes import EC2_NODE_CLASS, KARPENTER_NODE_POOL, against_group
from rules.reading import items, need, want

if TYPE_CHECKING:
    from collections.abc import Iterator

CAPACITY_TYPES = {
    "on-demand": ("on-demand",),
    "spot": ("spot",),
    "reservation": ("reserved",),
    "capacity-block": ("reserved",),
}
"""The words of Karpenter for how nodes are bought."""

MACHINE_KEY = "node.kubernetes.io/instance-type"
CAPACITY_KEY = "karpenter.sh/capacity-type"


def is_as_declared(node_pool: Resource, _pool: Resource, group: Any, _: Surroundings) -> Iterator[str]:
    """A NodePool starts the machine of its group, bought as its group is, and at most as many."""
    name = need(node_pool.properties, "metadata", "name")
    yield from _bounded(node_pool, int(need(group, "maxNodes")))
    yield from _only(node_pool, MACHINE_KEY, (need(group, "machine"),))
    yield from _only(node_pool, CAPACITY_KEY, CAPACITY_TYPES.get(need(group, "capacity"), ()))
    reference = need(node_pool.properties, "spec", "template", "spec", "nodeClassRef", "name")
    if reference != name:
        yield f"{node_pool.name} starts nodes by the EC2NodeClass {reference!r}, which is not that of its group"


def _bounded(node_pool: Resource, most: int) -> Iterator[str]:
    nodes = want(node_pool.properties, "spec", "limits", "nodes")
    if nodes is None:
        yield f"{node_pool.name} has no limits.nodes, so nothing bounds its nodes; its pool declares at most {most}"
    elif not str(nodes).isdecimal() or int(nodes) > most:
        yield f"{node_pool.name} may start {nodes} nodes; its pool declares at most {most}"
    replicas = want(node_pool.properties, "spec", "replicas")
    if replicas is not None and int(replicas) > most:
        yield f"{node_pool.name} keeps {int(replicas)} nodes; its pool declares at most {most}"


def _only(node_pool: Resource, key: str, allowed: tuple[str, ...]) -> Iterator[str]:
    requirements = items(node_pool.properties, "spec", "template", "spec", "requirements")
    found = [one for one in requirements if need(one, "key") == key]
    if not found:
        yield f"{node_pool.name} does not require a {key}; its pool declares {listing(allowed)}"
    for one in found:
        values = need(one, "values") if need(one, "operator") == "In" else None
        if values is None or not set(values) <= set(allowed):
            shown = listing([str(value) for value in values]) if values else f"{need(one, 'operator')} of it"
            yield f"{node_pool.name} takes {shown} as {key}; its pool declares {listing(allowed)}"


def class_is_as_declared(node_class: Resource, _pool: Resource, group: Any, _: Surroundings) -> Iterator[str]:
    """An EC2NodeClass names the reservation that its group was bought as, and a release of images by its day."""
    reservation = want(group, "reservation")
    named = [want(term, "id") for term in items(node_class.properties, "spec", "capacityReservationSelectorTerms")]
    wanted = [need(reservation, "name")] if reservation else []
    if named != wanted:
        yield (
            f"{node_class.name} takes from {listing([str(name) for name in named]) or 'no reservation'}; its pool "
            + (f"was priced with {wanted[0]}" if wanted else "declares none")
        )
    for term in items(node_class.properties, "spec", "amiSelectorTerms"):
        alias = want(term, "alias")
        if alias is not None and str(alias).endswith("@latest"):
            yield f"{node_class.name} starts {alias}, another image tomorrow than today; Bedplate names a release"


RULES = (
    Rule(
        id="nodes-karpenter-as-declared",
        family="nodes",
        waivable=False,
        demands="A NodePool of Karpenter has the name, machine and way of buying of a group of its pool, and "
        "limits.nodes of at most its size.",
        reason="A pool that declares two nodes and lets Karpenter start twenty would pass every cap.",
        fix="change the pool in the stack file instead of Karpenter's object",
        applies=lambda type_token: type_token == KARPENTER_NODE_POOL,
        check=against_group(is_as_declared),
        on_stack=True,
    ),
    Rule(
        id="nodes-karpenter-class-as-declared",
        family="nodes",
        waivable=False,
        demands="An EC2NodeClass inside a pool has the name of one of its groups, and takes from the reservation that "
        "the group was bought as, or from none. It names a release of node images by its day.",
        reason="Machines of another reservation were not priced, and a faulty image comes to every node that Karpenter "
        "starts.",
        fix="change the pool in the stack file instead of Karpenter's object",
        applies=lambda type_token: type_token == EC2_NODE_CLASS,
        check=against_group(class_is_as_declared),
        on_stack=True,
    ),
)
