"""The cost of a resource graph: what components already counted, and leaf resources that nobody did, each once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING

from bedplate.cost.graph import aws_machines, aws_services, pools_of_clusters
from bedplate.cost.graph.billing import ResourceType, billing
from bedplate.cost.graph.carried import OWN_COMPONENT, beyond, carried, is_broken
from bedplate.cost.graph.leaf import Leaf, unknown_line
from bedplate.cost.graph.resources import UndecidedError
from bedplate.cost.range import CostLine, CostRange
from bedplate.cost.usage import NEVER_COUNTED
from bedplate.errors import printable

if TYPE_CHECKING:
    from datetime import date

    from bedplate.cost.graph.resources import Graph, Resource

TRAFFIC = "traffic through, between and out of all of these, and requests to them"

PRICES: Mapping[str, Callable[[Leaf], Iterator[CostLine]]] = MappingProxyType(
    {
        "aws:alb/loadBalancer:LoadBalancer": aws_services.load_balancer,
        "aws:autoscaling/group:Group": aws_machines.auto_scaling_group,
        "aws:ebs/volume:Volume": aws_services.volume,
        "aws:ec2/eip:Eip": aws_services.address,
        "aws:ec2/instance:Instance": aws_machines.instance,
        "aws:ec2/natGateway:NatGateway": aws_services.nat_gateway,
        "aws:ec2/vpcEndpoint:VpcEndpoint": aws_services.endpoint,
        "aws:eks/cluster:Cluster": aws_services.cluster,
        "aws:eks/nodeGroup:NodeGroup": aws_machines.node_group,
        "aws:elb/loadBalancer:LoadBalancer": aws_services.classic_load_balancer,
        "aws:kms/externalKey:ExternalKey": aws_services.key,
        "aws:kms/key:Key": aws_services.key,
        "aws:kms/replicaKey:ReplicaKey": aws_services.key,
        "aws:lb/loadBalancer:LoadBalancer": aws_services.load_balancer,
        "azure-native:containerservice:AgentPool": pools_of_clusters.aks_agent_pool,
        "gcp:container/nodePool:NodePool": pools_of_clusters.gke_node_pool,
        "kubernetes:apps/v1:StatefulSet": aws_services.stateful_set,
        "kubernetes:core/v1:Service": aws_services.kubernetes_service,
        "kubernetes:karpenter.sh/v1:NodePool": pools_of_clusters.karpenter_node_pool,
    }
)
"""What prices the types that `resource-types.csv` calls priced."""


@dataclass(frozen=True, slots=True)
class ResourceCost:
    """A cost line with the resource that it is of, and the team that pays.

    Team and provider (`aws`, `gcp`, `azure`, `existing`) are empty where nothing says them.
    """

    urn: str
    type: str
    team: str
    provider: str
    region: str
    line: CostLine


@dataclass(frozen=True, slots=True)
class GraphCost:
    """The cost of a graph.

    `covered` resources are counted by the component above them, of the others `free` ones have no price.
    """

    items: tuple[ResourceCost, ...]
    covered: int
    free: int
    not_counted: tuple[str, ...]

    @property
    def cost(self) -> CostRange:
        """The lines alone."""
        return CostRange(tuple(item.line for item in self.items), self.not_counted)


def graph_cost(graph: Graph, today: date) -> GraphCost:
    """Return what the resources of a graph cost on a day.

    A component that carries cost lines is counted by them, and what is below it only as far as it goes beyond them.
    Every other resource is counted by itself; one that may cost money, but not how much can be said, is a line without
    a price. So an unknown value never makes a stack look cheaper.
    """
    carriers = {one.urn: lines for one in graph.by_urn.values() if not one.custom and (lines := carried(one))}
    below: dict[str, list[Leaf]] = {urn: [] for urn in carriers}
    leaves: list[Leaf] = []
    for leaf, above in _leaves(graph, today):
        around = [parent.urn for parent in above if parent.urn in carriers]
        (below[around[-1]] if around else leaves).append(leaf)
    items = [item for leaf in leaves for item in _items(leaf, _lines(leaf))]
    for urn, lines in carriers.items():
        component = graph.by_urn[urn]
        if not any(parent.urn in carriers for parent in graph.ancestors(component)):
            whole = Leaf(component, graph, _declared(component), today)
            items += _items(whole, (*lines, *beyond(whole, lines, [_lines(leaf) for leaf in below[urn]])))
    for component in filter(is_broken, graph.by_urn.values()):
        whole = Leaf(component, graph, _declared(component), today)
        items += _items(whole, [unknown_line(whole.owner, f"cost of {component.name}", "cost cannot be read")])
    kinds = Counter((leaf.resource.type, _billing(leaf).billing) for leaf in leaves)
    by_use = (
        f"what {count} × {printable(kind)} hold and carry" for (kind, how), count in kinds.items() if how == "use"
    )
    return GraphCost(
        items=tuple(items),
        covered=sum(map(len, below.values())),
        free=sum(count for (_, how), count in kinds.items() if how == "free"),
        not_counted=(*sorted(by_use), TRAFFIC, *NEVER_COUNTED),
    )


def _leaves(graph: Graph, today: date) -> Iterator[tuple[Leaf, tuple[Resource, ...]]]:
    """Yield what providers create, each with its parents, the nearest first."""
    for resource in graph.resources:
        if resource.custom and not resource.external:
            above = tuple(graph.ancestors(resource))
            yield Leaf(resource, graph, _owner(resource, above), today), above


def lines_beside_components(graph: Graph, today: date) -> tuple[CostLine, ...]:
    """Return the lines of what Bedplate's components do not carry: resources beside them, and other services below.

    Below a component, machines and services that it carries are its own, however many: without dependencies, which a
    stream of events leaves out, they cannot be counted one by one. The policies do that (`beyond`).
    """
    services = {one.urn: _carried_services(one) for one in graph.resources if one.type.startswith(OWN_COMPONENT)}
    lines: list[CostLine] = []
    for leaf, above in _leaves(graph, today):
        known = next((found for one in above if (found := services.get(one.urn)) is not None), None)
        lines += _lines(leaf) if known is None else _of_other_services(leaf, known)
    return tuple(lines)


def _carried_services(component: Resource) -> frozenset[str] | None:
    """Return the services that a component carries cost lines of; None for one without a cost that can be read."""
    lines = carried(component)
    return None if lines is None else frozenset(line.service for line in lines)


def _of_other_services(leaf: Leaf, carried_services: frozenset[str]) -> Iterator[CostLine]:
    nobody_knows = _billing(leaf).billing == "unknown"
    for line in _lines(leaf):
        if nobody_knows or (line.kind == "service" and line.service and line.service not in carried_services):
            yield line


def _billing(leaf: Leaf) -> ResourceType:
    return billing(leaf.resource.type, tuple(parent.type for parent in leaf.graph.ancestors(leaf.resource)))


def _lines(leaf: Leaf) -> Iterator[CostLine]:
    kind = _billing(leaf)
    if kind.billing == "unknown":
        yield leaf.unknown(kind.note)
    if kind.billing != "priced":
        return
    try:
        yield from PRICES[leaf.resource.type](leaf)
    except UndecidedError as error:
        yield leaf.unknown(str(error))


def _items(leaf: Leaf, lines: Iterable[CostLine]) -> list[ResourceCost]:
    """Return lines with the resource that they are of."""
    resource = leaf.resource
    team, region = _team(resource, tuple(leaf.graph.ancestors(resource))), _region(leaf)
    urn, kind, provider = printable(resource.urn), printable(resource.type), _provider(resource)
    return [ResourceCost(urn, kind, team, provider, region, line) for line in lines]


def _provider(resource: Resource) -> str:
    """Return whose service a resource is: a component says it, a type begins with it."""
    if resource.type.startswith(OWN_COMPONENT):
        return _text(resource, "provider")
    package = resource.type.partition(":")[0].partition("-")[0]  # azure-native is of azure
    return package if package in ("aws", "gcp", "azure") else ""


def _owner(resource: Resource, above: tuple[Resource, ...]) -> str:
    """Return where a resource is declared: the nearest component, else the resource itself."""
    component = next((parent for parent in above if not parent.custom and parent.type != "pulumi:pulumi:Stack"), None)
    return _declared(component or resource)


def _declared(resource: Resource) -> str:
    places = {"Cluster": "clusters", "Network": "clusters", "NodePool": "node_pools"}
    kind = resource.type.removeprefix(OWN_COMPONENT)
    if kind != resource.type and kind in places:
        return f"{places[kind]}.{resource.name}"
    return f"{printable(resource.type.rpartition(':')[2])} {resource.name}"


def _team(resource: Resource, above: tuple[Resource, ...]) -> str:
    """Return the team that a resource belongs to: by its tags, else by the nearest component that names one."""
    for key in ("tagsAll", "tags"):
        tags = resource.properties.get(key)
        team = tags.get("bedplate:team") if isinstance(tags, Mapping) else None
        if isinstance(team, str) and team:
            return printable(team)
    return next((team for one in (resource, *above) if (team := _text(one, "team"))), "")


def _text(resource: Resource, key: str) -> str:
    value = resource.properties.get(key)
    return printable(value) if isinstance(value, str) else ""


def _region(leaf: Leaf) -> str:
    try:
        return leaf.region()
    except UndecidedError:
        return ""
