"""A plan as people read it on a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich import box
from rich.table import Table
from rich.text import Text

from bedplate.cli.catalog_view import part_of_one
from bedplate.cli.endpoint_view import show_endpoints
from bedplate.cli.terminal import keep_names
from bedplate.clusters.existing_plan import ExistingPlan
from bedplate.clusters.plan import EksPlan
from bedplate.cost.estimate import UNDECLARED_USE
from bedplate.cost.summary import dollars, headrooms, unit_price
from bedplate.risks import risks

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from decimal import Decimal

    from rich.console import Console

    from bedplate.clusters.plan import ClusterPlan
    from bedplate.cost.caps import Cap
    from bedplate.cost.range import CostLine
    from bedplate.node_pools.plan import NodeGroupPlan, NodePoolPlan
    from bedplate.plan import StackPlan


def show_plan(console: Console, plan: StackPlan, cap: Cap | None) -> None:
    """Print clusters, pools, endpoints, cost against the caps, and risks."""
    show_decisions(console, plan)
    show_cost(console, plan, cap)
    show_risks(console, plan)


def show_decisions(console: Console, plan: StackPlan) -> None:
    """Print which clusters, pools and endpoints a plan has."""
    for cluster in plan.clusters.values():
        console.print(_cluster(cluster.plan, "this stack owns it"))
    for reference in plan.references.values():
        console.print(_cluster(reference.plan, f"stack {reference.stack} owns it"))
    pools = _table(
        "Node pools", ("pool", "left"), ("role", "left"), ("nodes", "left"), ("offers, in order of preference", "left"),
        ("zones", "left"), ("fabric", "left"),
    )  # fmt: skip
    for pool in plan.node_pools:
        for group in pool.groups:
            pools.add_row(*_pool_cells(pool, group))
    console.print()
    console.print(keep_names(console, pools, 0, 3, 1, 5, 4))
    show_endpoints(console, plan)


def show_cost(console: Console, plan: StackPlan, cap: Cap | None) -> None:
    """Print what a plan costs, line by line, and the sums against the caps."""
    lines = _table(
        "Cost", ("declared in", "left"), ("item", "left"), ("$ an hour each", "right"), ("at rest", "right"),
        ("up to", "right"),
    )  # fmt: skip
    for line in plan.cost.lines:
        billed = line.billed
        by_hour = billed.divisor == 1
        price = unit_price(billed.usd_per_unit)
        each = price if by_hour else f"{price} a {billed.unit}"
        up_to = str(line.max_units) if by_hour else f"{line.max_units} {billed.unit} a month"
        at_rest = f"{line.baseline_units} reserved" if line.reserved else str(line.baseline_units)
        lines.add_row(line.owner, line.item, each, at_rest, up_to)
    console.print()
    console.print(keep_names(console, lines, 0, 1))
    console.print(_totals(plan, cap))
    if missing := len(plan.cost.unpriced):
        counted = f"{missing} line{'s' * (missing > 1)}"
        console.print(Text(f"Incomplete: {counted} without a price, in no sum.", style="bold red"))
    console.print(Text(f"Prices: {'; '.join(_price_origins(plan.cost.lines))}.", style="dim"))
    console.print(Text(f"Not counted: {'; '.join(plan.cost.not_counted)}.", style="dim"))


def show_risks(console: Console, plan: StackPlan) -> None:
    """Print what may go wrong although nothing about the plan is wrong."""
    found = risks(plan)
    if found:
        console.print(Text("\nRisks", style="bold"))
    for risk in found:
        remedy = f"{risk.remedy[:1].upper()}{risk.remedy[1:]}."
        console.print(Text.assemble("  ", (risk.subject, "yellow"), f": {risk.text}. ", (remedy, "dim")))


def _table(title: str, *columns: tuple[str, str]) -> Table:
    table = Table(title=title, title_justify="left", title_style="bold", box=box.SIMPLE_HEAD, pad_edge=False)
    for name, justify in columns:
        table.add_column(name, justify="right" if justify == "right" else "left", overflow="fold")
    return table


def _cluster(cluster: ClusterPlan, owner: str) -> Text:
    if isinstance(cluster, ExistingPlan):
        return Text.assemble(
            ("Cluster ", "bold"),
            (cluster.full_name, "bold"),
            f": exists already, Kubernetes {cluster.kubernetes_version}, reached by the {cluster.way_in}. Others run "
            "it: what it costs beside its pools is not counted.",
        )
    access = f"open to {', '.join(cluster.runner_networks)} alone" if cluster.public_endpoint else "private"
    return Text.assemble(
        ("Cluster ", "bold"),
        (cluster.full_name, "bold"),
        f": {cluster.provider} {cluster.region}, {_zones(cluster)}, "
        f"Kubernetes {cluster.kubernetes_version}{_provisioner(cluster)}, {cluster.way_out}, "
        f"API server {access}; {owner}.",
    )


def _provisioner(cluster: ClusterPlan) -> str:
    return ", Karpenter" if isinstance(cluster, EksPlan) and cluster.autoscaler == "karpenter" else ""


def _zones(cluster: ClusterPlan) -> str:
    return f"zones {short_zones(cluster.zones)}" if cluster.zones else "no zones"


def _bounds(pool: NodePoolPlan) -> str:
    return str(pool.min_nodes) if pool.min_nodes == pool.max_nodes else f"{pool.min_nodes} to {pool.max_nodes}"


def _pool_cells(pool: NodePoolPlan, group: NodeGroupPlan) -> tuple[str, ...]:
    first = group.preference == 1
    return (
        pool.name if first else "",
        pool.role if first else "",
        _bounds(pool) if first else "",
        _offer(pool, group),
        short_zones(group.zones) or "any",
        _fabric(group),
    )


def _offer(pool: NodePoolPlan, group: NodeGroupPlan) -> str:
    machine = group.machine
    text = f"{machine.name} {group.capacity}"
    if machine.accelerator:
        text += f", {machine.accelerator_count} × {machine.accelerator}{part_of_one(machine)}"
    if group.sharing:
        parts = ", ".join(f"{count} {name}" for name, count in group.sharing.resources.items())
        text += f" shared by {group.sharing.mode}: {parts}"
    return text if group.max_nodes == pool.max_nodes else f"{text}, at most {group.max_nodes}"


def _fabric(group: NodeGroupPlan) -> str:
    fabric = group.fabric
    if not fabric.in_use:
        return "none"
    cards = next(iter(fabric.resources.values()), fabric.claimed_devices)
    text = f"{fabric.kind} × {cards}" if cards else fabric.kind
    return text if group.placement.kind == "none" else f"{text}, {group.placement.kind}"


def short_zones(zones: Sequence[str]) -> str:
    """Return the zones of one region without repeating the region in each.

    >>> short_zones(["use1-az1", "use1-az2", "use1-az4"])
    'use1-az1, az2, az4'
    """
    return ", ".join([*zones[:1], *(zone.rpartition("-")[2] for zone in zones[1:])])


def _totals(plan: StackPlan, cap: Cap | None) -> Table:
    cost = plan.cost
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column("")
    table.add_column("an hour", justify="right")
    table.add_column("a month", justify="right")
    known = "at least " if cost.unpriced else ""
    table.add_row("at rest", "", f"{known}{dollars(cost.baseline_per_month)}")
    table.add_row("expected", "", f"{known}{dollars(cost.expected_per_month)}")
    everything = (f"{known}{dollars(amount)}" for amount in (cost.max_per_hour, cost.max_per_month))
    table.add_row("everything up", *everything, style="bold")
    if cap is None:
        table.add_row("cap", "none set", "none set", style="red")
        return table
    hour, month = headrooms(cost, cap)
    table.add_row("cap", dollars(hour.cap), dollars(month.cap))
    left = [Text("unknown", style="red") if cost.unpriced else _left(one.left) for one in (hour, month)]
    table.add_row("left under the cap", *left)
    return table


def _left(amount: Decimal) -> Text:
    return Text(dollars(amount), style="red" if amount < 0 else "green")


def _price_origins(lines: Iterable[CostLine]) -> Iterator[str]:
    """Say how old the prices are, by kind, and which of them are no more than an assumption."""
    known = [line for line in lines if line.usd_per_hour is not None]
    for kind, name in (("machine", "machines"), ("service", "disks, gateways and control planes")):
        days = sorted({line.as_of for line in known if line.kind == kind and line.as_of})
        if days:
            period = f"{days[0]}" if days[0] == days[-1] else f"{days[0]} to {days[-1]}"
            yield f"{name} of {period}"
    declared = sorted({line.item for line in known if line.confidence == "declared"})
    if declared:
        yield f"declared in the stack file: {', '.join(declared)}"
    undated = sorted({line.item for line in known if line.as_of is None and line.item not in declared})
    if undated:
        yield f"without a date: {', '.join(undated)}"
    if any(line.note == UNDECLARED_USE for line in known):
        yield "pools that declare no expected use are expected at their maximum"
