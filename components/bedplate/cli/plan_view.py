"""A plan as people read it on a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich import box
from rich.table import Table
from rich.text import Text

from bedplate.cost.estimate import NOT_COUNTED
from bedplate.cost.summary import dollars, headrooms
from bedplate.risks import risks

if TYPE_CHECKING:
    from collections.abc import Iterator
    from decimal import Decimal

    from rich.console import Console, RenderableType

    from bedplate.clusters.plan import ClusterPlan
    from bedplate.cost.caps import Cap
    from bedplate.cost.range import CostLine
    from bedplate.node_pools.plan import NodeGroupPlan, NodePoolPlan
    from bedplate.plan import StackPlan


def show_plan(console: Console, plan: StackPlan, cap: Cap | None) -> None:
    """Print clusters, pools, cost against the caps, and risks."""
    console.print(Text.assemble((f"{plan.team}-{plan.environment}", "bold")))
    for part in (_clusters(plan), _pools(plan), _cost_lines(plan), _totals(plan, cap)):
        console.print()
        console.print(part)
    console.print(Text(f"Not counted: {'; '.join(NOT_COUNTED)}.", style="dim"))
    for line in _risk_lines(plan):
        console.print(line)


def _table(title: str, *columns: str, right: tuple[str, ...] = ()) -> Table:
    table = Table(title=title, title_justify="left", title_style="bold", box=box.SIMPLE_HEAD, pad_edge=False)
    for column in columns:
        table.add_column(column, justify="right" if column in right else "left", overflow="fold")
    return table


def _clusters(plan: StackPlan) -> RenderableType:
    table = _table("Clusters", "name", "where", "Kubernetes", "zones", "API server", "owner")
    for cluster in plan.clusters.values():
        table.add_row(*_cluster_cells(cluster.plan), "this stack")
    for reference in plan.references.values():
        table.add_row(*_cluster_cells(reference.plan), f"stack {reference.stack}")
    return table


def _cluster_cells(cluster: ClusterPlan) -> tuple[str, ...]:
    access = f"public for {', '.join(cluster.runner_networks)} only" if cluster.public_endpoint else "private"
    where = f"{cluster.provider} {cluster.region}"
    return cluster.full_name, where, cluster.kubernetes_version, " ".join(cluster.zones), access


def _pools(plan: StackPlan) -> RenderableType:
    table = _table("Node pools, offers in order of preference", "pool", "role", "nodes", "offer", "zones", "fabric")
    for pool in plan.node_pools:
        for group in pool.groups:
            table.add_row(*_pool_cells(pool, group))
    return table


def _pool_cells(pool: NodePoolPlan, group: NodeGroupPlan) -> tuple[str, ...]:
    first = group.preference == 1
    machine = group.machine
    accelerators = f" ({machine.accelerator_count} × {machine.accelerator})" if machine.accelerator else ""
    limit = "" if group.max_nodes == pool.max_nodes else f", at most {group.max_nodes}"
    return (
        pool.name if first else "",
        pool.role if first else "",
        f"{pool.min_nodes} to {pool.max_nodes}" if first else "",
        f"{machine.name} {group.capacity}{accelerators}{limit}",
        " ".join(group.zones),
        _fabric(group),
    )


def _fabric(group: NodeGroupPlan) -> str:
    cards = sum(card.kind == "efa-only" for card in group.network_interfaces)
    if not cards:
        return "none"
    return f"EFA on {cards} cards" + (", placement group" if group.placement_group else "")


def _cost_lines(plan: StackPlan) -> RenderableType:
    table = _table(
        "Cost in US dollars",
        "declared in",
        "item",
        "an hour each",
        "at rest",
        "up to",
        "price from",
        right=("at rest",),
    )
    for line in plan.cost.lines:
        table.add_row(
            line.owner,
            line.item,
            "unknown" if line.usd_per_hour is None else f"${line.usd_per_hour:,.4f}",
            str(line.baseline_units),
            str(line.max_units),
            _price_origin(line),
        )
    return table


def _price_origin(line: CostLine) -> str:
    if line.usd_per_hour is None:
        return "no price known"
    day = f"{line.as_of:%Y-%m-%d}" if line.as_of else "no date"
    return f"{day}, {line.confidence}" + (f"; {line.note}" if line.note else "")


def _totals(plan: StackPlan, cap: Cap | None) -> RenderableType:
    cost = plan.cost
    table = _table("", "", "an hour", "a month", right=("an hour", "a month"))
    table.add_row("at rest", "", dollars(cost.baseline_per_month))
    table.add_row("expected", "", dollars(cost.expected_per_month))
    table.add_row("everything up", dollars(cost.max_per_hour), dollars(cost.max_per_month), style="bold")
    if cap is None:
        table.add_row("cap", "none set", "none set", style="red")
        return table
    hour, month = headrooms(cost, cap)
    table.add_row("cap", dollars(hour.cap), dollars(month.cap))
    table.add_row("left under the cap", _left(hour.left), _left(month.left))
    return table


def _left(amount: Decimal) -> Text:
    return Text(dollars(amount), style="red" if amount < 0 else "green")


def _risk_lines(plan: StackPlan) -> Iterator[Text]:
    found = risks(plan)
    if found:
        yield Text("\nRisks", style="bold")
    for risk in found:
        yield Text.assemble((f"  {risk.subject}: ", "yellow"), risk.text, (f" → {risk.remedy}", "dim"))
