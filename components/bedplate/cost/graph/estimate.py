"""The cost of a resource graph: what components already counted, and leaf resources that nobody did, each once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from decimal import InvalidOperation
from types import MappingProxyType
from typing import TYPE_CHECKING, get_args

from bedplate.cost.graph import aws_machines, aws_services
from bedplate.cost.graph.billing import billing
from bedplate.cost.graph.leaf import Leaf, unknown_line
from bedplate.cost.graph.resources import UndecidedError
from bedplate.cost.range import Confidence, CostLine, CostRange, Kind
from bedplate.cost.usage import NEVER_COUNTED
from bedplate.cost.wire import from_wire
from bedplate.errors import printable

if TYPE_CHECKING:
    from datetime import date

    from bedplate.cost.graph.resources import Graph, Resource

MOST = 10**12
"""Larger numbers of units, hours or dollars are no cost but a mistake."""

OWN_COMPONENT = "bedplate:index:"

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
        "kubernetes:apps/v1:StatefulSet": aws_services.stateful_set,
        "kubernetes:core/v1:Service": aws_services.kubernetes_service,
    }
)
"""What prices the types that `resource-types.csv` calls priced."""


@dataclass(frozen=True, slots=True)
class ResourceCost:
    """A cost line with the resource that it is of, and the team that pays; the team is empty where nothing says it."""

    urn: str
    type: str
    team: str
    region: str
    line: CostLine


@dataclass(frozen=True, slots=True)
class GraphCost:
    """The cost of a graph.

    `covered` resources are counted by the component above them, `free` ones have no price.
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

    A component that carries cost lines is counted by them, and nothing below it again. Every other resource is counted
    by itself; one that may cost money, but not how much can be said, is a line without a price. So an unknown value
    never makes a stack look cheaper.
    """
    carried = {
        resource.urn: lines
        for resource in graph.resources
        if not resource.custom and (lines := _carried(resource)) is not None
    }
    items: list[ResourceCost] = []
    used: Counter[str] = Counter()
    covered = free = 0
    for resource in graph.resources:
        above = tuple(graph.ancestors(resource))
        team = _team(resource, above)
        if any(parent.urn in carried for parent in above):
            covered += 1
        elif resource.urn in carried:
            region = _text(resource, "region")
            items += [_item(resource, team, region, line) for line in carried[resource.urn]]
        elif not resource.custom or resource.external:
            continue
        else:
            kind = billing(resource.type, tuple(parent.type for parent in above)).billing
            used[resource.type] += kind == "use"
            free += kind == "free"
            leaf = Leaf(resource, graph, _owner(resource, above), today)
            items += [_item(resource, team, _region(leaf), line) for line in _lines(leaf, above)]
    broken = [resource for resource in graph.resources if not resource.custom and _is_broken(resource)]
    items += [
        _item(one, _team(one, ()), "", unknown_line(_declared(one), f"cost of {one.name}", "cost cannot be read"))
        for one in broken
    ]
    by_use = tuple(f"what {count} × {printable(kind)} hold and carry" for kind, count in sorted(used.items()) if count)
    return GraphCost(tuple(items), covered, free, (*by_use, TRAFFIC, *NEVER_COUNTED))


def _lines(leaf: Leaf, above: tuple[Resource, ...]) -> Iterator[CostLine]:
    kind = billing(leaf.resource.type, tuple(parent.type for parent in above))
    if kind.billing == "unknown":
        yield leaf.unknown(kind.note)
    if kind.billing != "priced":
        return
    try:
        yield from PRICES[leaf.resource.type](leaf)
    except UndecidedError as error:
        yield leaf.unknown(str(error))


def _carried(component: Resource) -> tuple[CostLine, ...] | None:
    """Return the cost lines that a component carries, None where it carries none that can be read."""
    values = component.properties.get("cost")
    if not isinstance(values, list) or not values:
        return None
    try:
        lines = from_wire(values)
    except (KeyError, TypeError, ValueError, InvalidOperation, AttributeError, OverflowError):
        return None
    return tuple(map(_shown, lines)) if all(map(_is_sane, lines)) else None


def _is_sane(line: CostLine) -> bool:
    """Tell whether a line can be added up: a file can hold any number, and a negative one would hide others."""
    texts = (line.owner, line.item, line.unit, line.source, line.note, line.service)
    amounts = (line.usd_per_hour or 0, line.baseline_units, line.expected_unit_hours, line.max_units)
    return (
        all(isinstance(text, str) for text in texts)
        and all(0 <= amount <= MOST for amount in amounts)
        and line.kind in get_args(Kind)
        and line.confidence in get_args(Confidence)
    )


def _shown(line: CostLine) -> CostLine:
    return replace(
        line,
        owner=printable(line.owner),
        item=printable(line.item),
        unit=printable(line.unit),
        source=printable(line.source),
        note=printable(line.note),
    )


def _is_broken(component: Resource) -> bool:
    """Tell whether a component of Bedplate's has a cost that cannot be read: then what is below it is counted."""
    has_cost = "cost" in component.properties
    return component.type.startswith(OWN_COMPONENT) and has_cost and _carried(component) is None


def _item(resource: Resource, team: str, region: str, line: CostLine) -> ResourceCost:
    return ResourceCost(printable(resource.urn), printable(resource.type), team, region, line)


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
