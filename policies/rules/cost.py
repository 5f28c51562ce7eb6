"""Rules about money: every price known, from the catalog and fresh, and their sum within the team's caps.

Components carry the plan's cost lines (`bedplate.cost.wire`). The rules trust none of them: what a pool declares
must be counted in full, and each price must be the catalog's.
"""

from __future__ import annotations

from collections import Counter
from decimal import Decimal
from functools import partial
from typing import TYPE_CHECKING, Any

from bedplate.cost.caps import excesses
from bedplate.cost.range import CostLine, CostRange
from rules.cost_lines import carries_cost, cost_lines, lines_by_owner, may_carry_cost
from rules.model import Finding, Resource, Rule, StackRule, Surroundings
from rules.nodes import CLUSTER, NODE_POOL
from rules.owned import EXISTING, OWNED, owned_groups
from rules.owned import price_problem as owned_price_problem
from rules.reading import need
from rules.reserved import counted_in_full, declared_prices, group_item, price_problem
from rules.root_disks import on_the_host, root_disk_services
from rules.unit_prices import ROOT_VOLUME, catalog_price, machine_items

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

CONTROL_PLANES = {"aws": "eks-control-plane", "gcp": "gke-control-plane", "azure": "aks-standard-tier"}
"""What a cluster's own machines are billed as, by provider."""

TOLERANCE = Decimal("1e-9")
"""Prices travel as text with 28 digits; a difference below this is rounding."""


def belongs_to_stack(component: Resource, _: Surroundings) -> Iterator[str]:
    """The team and environment of a component are those of the stack, by whose caps it is judged."""
    if not carries_cost(component):
        return
    team, environment = need(component.properties, "team"), need(component.properties, "environment")
    if component.stack != f"{team}-{environment}":
        yield (
            f"{component.name} declares team {team} and environment {environment}, "
            f"but the stack is {component.stack}, so these are not its caps"
        )


def is_counted_in_full(component: Resource, _: Surroundings) -> Iterator[str]:
    """A pool's cost has, for each of its groups, the machine and the root volume of every node."""
    lines = cost_lines(component)
    yield from counted_in_full(component, lines)
    if component.type not in (CLUSTER, NODE_POOL):
        return
    if component.type == CLUSTER:
        if not _counts_control_plane(component, lines):
            yield f"{component.name} does not count its control plane"
        return
    groups = need(component.properties, "groups")
    if not groups:
        yield f"{component.name} has no groups, so nothing bounds its nodes"
    yield from _leaves_out_machines(component, groups, lines)
    yield from _leaves_out_volumes(component, groups, lines)


def _leaves_out_machines(pool: Resource, groups: list[Any], lines: Iterable[CostLine]) -> Iterator[str]:
    counted, declared = Counter[str](), Counter[str]()
    for line in lines:
        counted[line.item] += line.max_units
    for group in groups:
        declared[group_item(group)] += int(need(group, "maxNodes"))
    for item, nodes in declared.items():
        if counted[item] < nodes:
            yield f"{pool.name} may run {nodes} × {item}, but its cost counts {counted[item]}"


def _leaves_out_volumes(pool: Resource, groups: list[Any], lines: Iterable[CostLine]) -> Iterator[str]:
    counted, declared = Counter[str](), Counter[str]()
    services = root_disk_services(pool)
    for line in lines:
        if line.service in services and ROOT_VOLUME.fullmatch(line.item):
            counted[line.item] += line.max_units
    for group in groups:
        if need(group, "capacity") != OWNED and not on_the_host(pool, group):
            declared[f"root volume of {int(need(group, 'rootDiskGib'))} GiB"] += int(need(group, "maxNodes"))
    for item, nodes in declared.items():
        if counted[item] < nodes:
            yield f"{pool.name} may run {nodes} nodes with a {item}, but its cost counts {counted[item]} of them"


def _counts_control_plane(cluster: Resource, lines: Iterable[CostLine]) -> bool:
    """Others run an existing cluster: `nodes-existing-create-nothing` keeps one of a cloud from passing for it."""
    if need(cluster.properties, "provider") == EXISTING:
        return True
    service = CONTROL_PLANES.get(need(cluster.properties, "provider"))
    return any(line.service == service and line.max_units >= 1 for line in lines)


def has_prices(component: Resource, _: Surroundings) -> Iterator[str]:
    """Every line has a price above zero and quantities that are not negative."""
    for line in cost_lines(component):
        if line.usd_per_hour is None:
            yield f"no price is known for {line.item} of {component.name}, so its cost cannot be bounded"
        elif line.usd_per_hour <= 0:
            yield f"the price of {line.item} of {component.name} is ${line.usd_per_hour} an hour; nothing is free"
        if min(line.baseline_units, line.max_units) < 0 or line.expected_unit_hours < 0:
            yield f"{line.item} of {component.name} has a negative quantity"


def has_catalog_prices(component: Resource, _: Surroundings) -> Iterator[str]:
    """A price is not below the catalog's for that machine or service, region and way of buying, nor newer.

    What was bought ahead may have the price of its contract, and nodes that exist already the one of their owner,
    within what is believed of such a machine.
    """
    if not carries_cost(component):
        return
    provider, region = need(component.properties, "provider"), need(component.properties, "region")
    machines = machine_items(component)
    declared = _declared_problems(component, provider)
    for line in cost_lines(component):
        if line.usd_per_hour is None:
            continue  # has_prices
        if line.item in declared:
            if problem := declared[line.item](line):
                yield f"{line.item} of {component.name} {problem}"
            continue
        expected = catalog_price(line, provider, region, machines)
        if expected is None:
            continue
        amount, as_of = expected
        if amount is None:
            yield f"{line.item} of {component.name} has a price, but the catalog has none for {region}"
        elif abs(amount - line.usd_per_hour) > TOLERANCE:
            yield (
                f"{line.item} of {component.name} is declared at ${line.usd_per_hour:.4f} an hour; "
                f"the catalog has ${amount:.4f} for {region}"
            )
        elif as_of != line.as_of:
            yield f"the price of {line.item} of {component.name} claims the date {line.as_of}; the catalog has {as_of}"


def _declared_problems(component: Resource, provider: str) -> Mapping[str, Callable[[CostLine], str]]:
    """Return what judges a price that no list has, by the item of its line: of a contract, or of own hardware."""
    ahead = {item: partial(price_problem, provider, one) for item, one in declared_prices(component).items()}
    return ahead | {item: partial(owned_price_problem, one) for item, one in owned_groups(component).items()}


def has_fresh_prices(component: Resource, surroundings: Surroundings) -> Iterator[str]:
    """No price is older than the platform team allows, and none is without a date unless it allows that."""
    caps = surroundings.caps()
    machines = machine_items(component)
    declared = {*declared_prices(component), *owned_groups(component)}
    for line in cost_lines(component):
        if line.usd_per_hour is None or line.item in declared:
            continue  # has_prices, has_catalog_prices
        is_machine = line.kind == "machine" or line.item in machines
        is_spot = line.item in machines and machines[line.item][1] == "spot"
        allowed = caps.max_machine_price_age_days if is_machine else caps.max_service_price_age_days
        if line.as_of is None:
            if not (is_spot and caps.allow_undated_spot_prices):
                yield f"the price of {line.item} of {component.name} has no date ({line.source}), so its age is unknown"
        elif (age := (surroundings.today - line.as_of).days) > allowed:
            yield (
                f"the price of {line.item} of {component.name} is of {line.as_of}, {age} days old; "
                f"{allowed} are allowed"
            )


def component_within_caps(component: Resource, surroundings: Surroundings) -> Iterator[Finding]:
    """One component alone is within the caps: it stops at its registration, also in an update without a preview."""
    yield from _over_caps([component], surroundings)


def stack_within_caps(surroundings: Surroundings) -> Iterator[Finding]:
    """All components together are within the caps of the stack's team and environment."""
    yield from _over_caps([one for one in surroundings.resources.values() if may_carry_cost(one.type)], surroundings)


def _over_caps(components: Iterable[Resource], surroundings: Surroundings) -> Iterator[Finding]:
    for (team, environment), found in lines_by_owner(components).items():
        cap = surroundings.caps().of(team, environment)
        for excess in excesses(CostRange(tuple(found)), cap, team, environment):
            yield Finding(f"{team} {environment}: {excess.message}", excess.remedy[:1].upper() + excess.remedy[1:])


RULES = (
    Rule(
        id="cost-of-its-stack",
        family="cost",
        waivable=False,
        demands="A component's team and environment are those of its stack's name, `<team>-<environment>`.",
        reason="Caps are set per team and environment; a stack that claims another's spends another's money.",
        fix="name the stack after the team and environment of its file",
        applies=may_carry_cost,
        check=belongs_to_stack,
        on_stack=True,
    ),
    Rule(
        id="cost-counted-in-full",
        family="cost",
        waivable=False,
        demands="A component's cost counts every node that its groups may run, with its root volume, and every machine "
        "that was bought ahead, for its whole term.",
        reason="A cap on an incomplete sum is no cap; hand-written components can leave things out.",
        fix="declare the pool in the stack file and let Bedplate count it",
        applies=may_carry_cost,
        check=is_counted_in_full,
        on_stack=True,
    ),
    Rule(
        id="cost-has-prices",
        family="cost",
        waivable=False,
        demands="Every cost line has a price above zero.",
        reason="A missing price and a price of zero look alike in a sum, and both let anything pass.",
        fix="choose a machine and region that `bedplate catalog show` prices, or let the platform team add the price "
        "with its source to policies/prices",
        applies=may_carry_cost,
        check=has_prices,
        on_stack=True,
    ),
    Rule(
        id="cost-has-catalog-prices",
        family="cost",
        waivable=False,
        demands="A price is the catalog's for that machine or service, region and way of buying. What was bought "
        "ahead may have the price of its contract, and nodes that exist already the one of their owner, within "
        "what is believed of such a machine.",
        reason="A price that the program sets itself can be any number.",
        fix="let the plan take the price from the catalog, and correct the catalog with a source where it is wrong",
        applies=may_carry_cost,
        check=has_catalog_prices,
        on_stack=True,
    ),
    Rule(
        id="cost-has-fresh-prices",
        family="cost",
        waivable=False,
        demands="No price is older than caps.yaml allows: `max_machine_price_age_days` for machines, "
        "`max_service_price_age_days` for the rest. None is undated, but for spot prices where caps.yaml has "
        "`allow_undated_spot_prices: true`.",
        reason="Machine prices change: AWS cut P5 by 44 % in 2025. A cap on an old price bounds nothing.",
        fix="bring the catalog up to date, or ask the platform team to change policies/caps.yaml",
        applies=may_carry_cost,
        check=has_fresh_prices,
        on_stack=True,
    ),
    Rule(
        id="cost-of-component-within-caps",
        family="cost",
        waivable=False,
        demands="A component alone, a pool for example, costs less than its team's caps, per hour and per month.",
        reason="It stops what is too large before it is created, also in an update that skips the preview.",
        fix="lower `nodes.max`, choose a cheaper machine, or ask the platform team for a higher cap",
        applies=may_carry_cost,
        check=component_within_caps,
    ),
)

STACK_RULES = (
    StackRule(
        id="cost-within-caps",
        family="cost",
        waivable=False,
        demands="With everything up, a stack costs less than its team's caps, per hour and per month.",
        reason="The sum is what somebody pays. Caps are in policies/caps.yaml; a team without any may create nothing.",
        fix="lower `nodes.max`, choose a cheaper machine, or ask the platform team for a higher cap",
        check=stack_within_caps,
    ),
)
