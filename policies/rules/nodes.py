"""Rules about what creates nodes: it belongs to a priced pool, and is no larger and no other than was priced."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from bedplate.errors import listing
from rules.model import Resource, Rule, StackRule, Surroundings
from rules.node_types import creates_nodes, known_packages, node_type
from rules.reading import Known, UndecidedError, need, read, want
from rules.root_disks import ebs_problems, node_group_disk_problems

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator

OWN_COMPONENT = "bedplate:index:"
CLUSTER = "bedplate:index:Cluster"
NODE_POOL = "bedplate:index:NodePool"
EKS_NODE_GROUP = "aws:eks/nodeGroup:NodeGroup"
LAUNCH_TEMPLATE = "aws:ec2/launchTemplate:LaunchTemplate"
GKE_NODE_POOL = "gcp:container/nodePool:NodePool"
AKS_POOL = "azure-native:containerservice:AgentPool"
KARPENTER_NODE_POOL = "kubernetes:karpenter.sh/v1:NodePool"
EC2_NODE_CLASS = "kubernetes:karpenter.k8s.aws/v1:EC2NodeClass"

COMPARED = frozenset({EKS_NODE_GROUP, GKE_NODE_POOL, AKS_POOL, KARPENTER_NODE_POOL, EC2_NODE_CLASS})
"""Types of which pools are made: what they create is compared with what the pool declares."""

LOOKED_AT = frozenset({CLUSTER, NODE_POOL, LAUNCH_TEMPLATE, *COMPARED})
"""Types whose properties rules read when they look at another resource."""

GROUP_NAMES = {
    EKS_NODE_GROUP: ("nodeGroupName",),
    GKE_NODE_POOL: ("name",),
    AKS_POOL: ("agentPoolName",),
    KARPENTER_NODE_POOL: ("metadata", "name"),
    EC2_NODE_CLASS: ("metadata", "name"),
}
"""What stands for one group of a pool, and where it says which."""

ROOT_VOLUME_OF_TEMPLATE = ("blockDeviceMappings",)

CAPACITY_TYPES = {
    "ON_DEMAND": ("on-demand", "reservation"),
    "SPOT": ("spot",),
    "CAPACITY_BLOCK": ("capacity-block",),
}
"""The words of EKS for how nodes are bought; leaving it out buys on demand, or from what the launch template names."""


def belongs_to_priced_pool(resource: Resource, _: Surroundings) -> Iterator[str]:
    """What creates nodes is part of a node pool, and of a type that pools are made of."""
    row = node_type(resource.type)
    if row is None or not creates_nodes(resource, row):
        return
    if NODE_POOL not in resource.ancestor_types:
        yield f"{resource.type} {resource.name} creates {row.creates}, and nobody priced them"
    elif resource.type not in COMPARED:
        yield (
            f"{resource.type} {resource.name} creates {row.creates}; no rule can compare that with what its node pool "
            "declares, so the price of the pool does not cover it"
        )


def pool_above(resource: Resource, surroundings: Surroundings) -> Resource | None:
    """Return the pool that a resource is part of, or None for one outside of pools, which `nodes-priced` is about.

    Raises `UndecidedError` where there is one above it that was not registered.
    """
    if NODE_POOL not in resource.ancestor_types:
        return None
    pool = surroundings.nearest_ancestor(resource, NODE_POOL)
    if pool is None:
        raise UndecidedError(f"the node pool of {resource.name} is not among the registered resources")
    return pool


def against_group(
    compare: Callable[[Resource, Resource, Any, Surroundings], Iterator[str]], spelled: Callable[[str], str] = str
) -> Callable[[Resource, Surroundings], Iterator[str]]:
    """Return the check that a resource is one of its pool's groups by name, and what `compare` says of the two.

    `compare` gets the resource, its pool, the group and the surroundings. `spelled` is how a cloud writes the name of a
    group.
    """

    def check(resource: Resource, surroundings: Surroundings) -> Iterator[str]:
        pool = pool_above(resource, surroundings)
        if pool is None:
            return
        name = need(resource.properties, *GROUP_NAMES[resource.type])
        groups = {spelled(need(group, "name")): group for group in need(pool.properties, "groups")}
        if name in groups:
            yield from compare(resource, pool, groups[name], surroundings)
        else:
            yield f"{resource.name} has the name {name!r}, which is none of its pool's groups: {listing(list(groups))}"

    return check


def is_as_declared(node_group: Resource, pool: Resource, group: Any, surroundings: Surroundings) -> Iterator[str]:
    """A node group has the size of its group at most, the same machine, bought the same way."""
    most = int(need(group, "maxNodes"))
    for field in ("minSize", "desiredSize", "maxSize"):
        size = need(node_group.properties, "scalingConfig", field)
        if size > most:
            yield f"{node_group.name} has {field} {int(size)}; its pool declares at most {most} nodes"
    capacity = want(node_group.properties, "capacityType") or "ON_DEMAND"
    if need(group, "capacity") not in CAPACITY_TYPES.get(capacity, ()):
        yield f"{node_group.name} buys {capacity}; its pool declares {need(group, 'capacity')}"
    yield from _wrong_machine(node_group, need(group, "machine"), surroundings)
    yield from node_group_disk_problems(node_group, int(need(group, "rootDiskGib")))
    if surroundings.whole:  # before, nobody sees which launch template it is
        for template in _templates(node_group, surroundings):
            yield from ebs_problems(template, ROOT_VOLUME_OF_TEMPLATE, int(need(group, "rootDiskGib")))
    if want(group, "reservation"):
        yield from _unbound(node_group, need(group, "reservation", "name"), surroundings)
    yield from _wrong_region(node_group, need(pool.properties, "region"))


def _wrong_machine(node_group: Resource, machine: str, surroundings: Surroundings) -> Iterator[str]:
    types = want(node_group.properties, "instanceTypes")
    if types:
        if set(types) != {machine}:
            yield f"{node_group.name} runs {listing(types)}; its pool declares {machine}"
        return
    if not surroundings.whole:
        return  # only the whole stack shows which launch template it is
    templates = _templates(node_group, surroundings)
    if not templates:
        yield f"{node_group.name} has no instanceTypes and no launch template of this stack: its machine is unknown"
    for template in templates:
        found = need(template.properties, "instanceType")
        if found != machine:
            yield f"{node_group.name} runs {found} by its launch template; its pool declares {machine}"


def _templates(node_group: Resource, surroundings: Surroundings) -> list[Resource]:
    return [
        template
        for urn in node_group.dependencies.get("launchTemplate", ())
        if (template := surroundings.resources.get(urn)) and template.type == LAUNCH_TEMPLATE
    ]


def _unbound(node_group: Resource, reservation: str, surroundings: Surroundings) -> Iterator[str]:
    """Nodes of a reservation are bound to it: others would cost the on-demand price, which nobody counted."""
    if not surroundings.whole:
        return  # only the whole stack shows which launch template it is
    templates = _templates(node_group, surroundings)
    if not templates or not all(_binds_to(template, reservation) for template in templates):
        yield f"{node_group.name} is not bound to {reservation}, for which its pool declares a price"


def _binds_to(template: Resource, reservation: str) -> bool:
    bound = want(template.properties, "capacityReservationSpecification") or {}
    target = want(bound, "capacityReservationTarget", "capacityReservationId")
    return bool(target == reservation and want(bound, "capacityReservationPreference") == "capacity-reservations-only")


def _wrong_region(node_group: Resource, region: str) -> Iterator[str]:
    """Prices differ between regions, so the nodes must run where the pool was priced."""
    own, of_provider = read(node_group.properties, "region"), read(node_group.provider_properties, "region")
    found = own if isinstance(own, Known) else of_provider
    if not isinstance(found, Known):
        yield f"{node_group.name} and its provider do not say their region; its pool is priced for {region}"
    elif found.value != region:
        yield f"{node_group.name} runs in {found.value}; its pool is priced for {region}"


def template_is_as_declared(template: Resource, surroundings: Surroundings) -> Iterator[str]:
    """A launch template of a pool starts a machine that one of the pool's groups declares, with that group's disk."""
    pool = pool_above(template, surroundings)
    if pool is None:
        return
    groups = need(pool.properties, "groups")
    found = need(template.properties, "instanceType")
    of_machine = [group for group in groups if need(group, "machine") == found]
    if not of_machine:
        machines = sorted({need(group, "machine") for group in groups})
        yield f"{template.name} starts {found}; its pool declares {listing(machines)}"
        return
    yield from ebs_problems(
        template, ROOT_VOLUME_OF_TEMPLATE, max(int(need(group, "rootDiskGib")) for group in of_machine)
    )


def comes_from_known_package(resource: Resource, _: Surroundings) -> Iterator[str]:
    """A resource comes from a provider package whose types the rules know."""
    package = resource.type.split(":")[0]
    if not resource.provider or package == "pulumi":  # a component creates nothing itself; stacks and providers
        return
    if package not in known_packages():
        yield f"{resource.type} {resource.name}: no rule knows what the package {package} creates, or what that costs"


def used_once(types: Collection[str], surroundings: Surroundings) -> Iterator[str]:
    """No two resources of some types stand for the same group of a pool, because it was priced once."""
    seen: dict[tuple[str, str], Resource] = {}
    for resource in surroundings.resources.values():
        if resource.type not in types:
            continue
        pool = surroundings.nearest_ancestor(resource, NODE_POOL)
        if pool is None:
            continue  # belongs_to_priced_pool
        key = (pool.urn, need(resource.properties, *GROUP_NAMES[resource.type]))
        first = seen.setdefault(key, resource)
        if first.urn != resource.urn:
            yield f"{resource.name} and {first.name} are both group {key[1]!r} of {pool.name}, which was priced once"


ON_AWS = frozenset({EKS_NODE_GROUP, KARPENTER_NODE_POOL})


def _any_type(_: str) -> bool:
    return True


RULES = (
    Rule(
        id="nodes-priced",
        family="nodes",
        waivable=False,
        demands="What creates nodes has a node pool of Bedplate above it and is of a type that pools consist of.",
        reason="Only pools are priced and counted against the caps. policies/node_types.csv lists the types of clouds, "
        "policies/node_kinds.csv the kinds of Kubernetes, with those that run programs or install charts.",
        fix="declare the nodes under `node_pools` in the stack file, which prices and caps them",
        applies=lambda type_token: node_type(type_token) is not None,
        check=belongs_to_priced_pool,
    ),
    Rule(
        id="nodes-as-declared",
        family="nodes",
        waivable=False,
        demands="A node group has the name, machine, root volume, region and way of buying that its pool declares, and "
        "at most its size.",
        reason="A pool that declares two nodes and creates twenty would pass every cap.",
        fix="change the pool in the stack file instead of the node group",
        applies=lambda type_token: type_token == EKS_NODE_GROUP,
        check=against_group(is_as_declared),
        on_stack=True,
    ),
    Rule(
        id="nodes-template-as-declared",
        family="nodes",
        waivable=False,
        demands="A launch template inside a pool starts a machine that the pool declares, with one root volume of gp3, "
        "of at most the size that was priced and no more than its included speed.",
        reason="The launch template decides the machine and its disks; it is seen before the nodes exist.",
        fix="change the pool in the stack file instead of the launch template",
        applies=lambda type_token: type_token == LAUNCH_TEMPLATE,
        check=template_is_as_declared,
    ),
    Rule(
        id="nodes-known-package",
        family="nodes",
        waivable=False,
        demands="A resource comes from a provider package in policies/packages.csv.",
        reason="A package that no rule knows, or a dynamic provider, could create anything at any price.",
        fix="ask the platform team to add the package to policies/packages.csv, with its types that create nodes",
        applies=_any_type,
        check=comes_from_known_package,
        reads_properties=False,
    ),
)

STACK_RULES = (
    StackRule(
        id="nodes-group-used-once",
        family="nodes",
        waivable=False,
        demands="No two node groups stand for the same group of a pool.",
        reason="A group is priced once.",
        fix="declare a further pool in the stack file",
        check=partial(used_once, ON_AWS),
        reads=lambda type_token: type_token in ON_AWS,
    ),
)
