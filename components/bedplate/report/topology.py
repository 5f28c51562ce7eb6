"""The changed part of a stack as a diagram: clusters, their pools, and what happens to each."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bedplate.report.fit import Section
from bedplate.report.model import CLUSTER, NODE_POOL, urn_name, urn_type
from bedplate.report.text import label

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bedplate.report.model import State, Step
    from bedplate.report.summary import Summary

MOST_NODES = 40
COLOURS = {
    "create": "fill:#dafbe1,stroke:#1a7f37,color:#1f2328",
    "update": "fill:#fff8c5,stroke:#9a6700,color:#1f2328",
    "replace": "fill:#ffebe9,stroke:#cf222e,color:#1f2328",
    "delete": "fill:#ffebe9,stroke:#cf222e,color:#1f2328,stroke-dasharray:4",
    "same": "fill:#f6f8fa,stroke:#8c959f,color:#1f2328",
}


def topology(summary: Summary) -> Iterator[Section]:
    """Yield a folded diagram of the clusters and pools that change, with the clusters of those pools."""
    changed = {group.title for group in summary.groups}
    components = [step for step in summary.preview.steps if step.type in (CLUSTER, NODE_POOL)]
    wanted = [step for step in components if f"{step.kind} {step.name}" in changed]
    if not wanted:
        return
    nodes = wanted[:MOST_NODES]
    clusters = {_cluster_of(step) for step in nodes if step.type == NODE_POOL}
    clusters -= {step.name for step in nodes if step.type == CLUSTER}
    nodes += [step for step in components if step.type == CLUSTER and step.name in clusters]
    lines = ["", "<details><summary>What changes, as a diagram</summary>", "", "```mermaid", "flowchart LR"]
    lines += _lines(nodes, summary)
    if len(wanted) > MOST_NODES:
        lines.append(f'  more["and {len(wanted) - MOST_NODES} more"]')
    used = dict.fromkeys(_look(step, summary) for step in nodes)
    lines += [f"  classDef {name} {COLOURS[name]}" for name in used]
    yield Section((*lines, "```", "", "</details>"), optional=True)


def _lines(nodes: list[Step], summary: Summary) -> Iterator[str]:
    identities = {step.urn: f"n{number}" for number, step in enumerate(nodes)}
    by_name = {step.name: identities[step.urn] for step in nodes if step.type == CLUSTER}
    for step in nodes:
        look = _look(step, summary)
        yield f'  {identities[step.urn]}["{_label(step)}"]:::{look}'
    for step in nodes:
        cluster = by_name.get(_cluster_of(step)) if step.type == NODE_POOL else None
        if cluster:
            yield f"  {cluster} --> {identities[step.urn]}"


def _look(step: Step, summary: Summary) -> str:
    """Return what happens to a component: to itself, or the worst that happens to what is inside it."""
    if step.operation in ("create", "delete"):
        return step.operation
    title = f"{urn_type(step.urn).rpartition(':')[2]} {urn_name(step.urn)}"
    for group in summary.groups:
        if group.title == title:
            return "replace" if "replace" in group.counts() else "update"
    return "same"


def _label(step: Step) -> str:
    state = step.after or step.before
    text = [label(f"{step.kind} {step.name}")]
    if state is not None and step.type == NODE_POOL:
        text.append(label(_size(state)))
    return "<br/>".join(filter(None, text))


def _size(state: State) -> str:
    low, high = state.property("minNodes"), state.property("maxNodes")
    groups = state.property("groups")
    machines = [group.get("machine") for group in groups if isinstance(group, dict)] if isinstance(groups, list) else []
    machine = " or ".join(dict.fromkeys(str(name) for name in machines if name))
    if not isinstance(low, int | float) or not isinstance(high, int | float):
        return machine
    return f"{low:g} to {high:g} × {machine}" if machine else f"{low:g} to {high:g} nodes"


def _cluster_of(step: Step) -> str:
    state = step.after or step.before
    name = state.property("cluster") if state is not None else None
    return name if isinstance(name, str) else ""
