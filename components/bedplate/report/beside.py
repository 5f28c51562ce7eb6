"""What a stack has beside Bedplate's components: priced from the resources themselves, as `bedplate cost` does."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bedplate.cost.graph.billing import NOT_LISTED
from bedplate.cost.graph.estimate import lines_beside_components
from bedplate.cost.graph.resources import Graph, Resource
from bedplate.report.model import urn_type

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

    from bedplate.cost.range import CostLine
    from bedplate.report.model import State


def lines_beside(
    resources: Mapping[str, State], today: date, config: Mapping[str, Any] | None = None
) -> tuple[CostLine, ...]:
    """Return the cost lines of what no component carries; without a price where none is known.

    Of a preview nothing is read but what the program asks for, before the change and after it, so that what stays as
    it is costs the same in both. `config` is the stack's, by which the default providers work. Kinds of Kubernetes
    that nobody has listed run on nodes, which are counted; those that start nodes are refused by the policies.
    """
    graph = Graph(tuple(_resource(urn, state) for urn, state in resources.items()), config or {})
    return tuple(line for line in lines_beside_components(graph, today) if not _runs_on_nodes(line))


def _runs_on_nodes(line: CostLine) -> bool:
    return line.item.startswith("kubernetes:") and line.note == NOT_LISTED.note


def _resource(urn: str, state: State) -> Resource:
    return Resource(
        urn=urn,
        type=urn_type(urn),
        custom=state.custom,
        id="",
        parent=state.parent,
        provider=state.provider,
        inputs=state.inputs,
        outputs=state.outputs,
        dependencies={},  # the stream of events leaves them out
        actual=False,
    )
