"""Rules about money: every price known, from the catalog and fresh, and their sum within the team's caps.

Components carry the plan's cost lines (`bedplate.cost.wire`). The rules trust none of them: what a pool declares
must be counted in full, and each price must be the catalog's.
"""

from __future__ import annotations

import re
from collections import Counter
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any

from bedplate import catalog
from bedplate.cost.caps import excesses
from bedplate.cost.range import HOURS_PER_MONTH, CostLine, CostRange
from bedplate.cost.wire import from_wire
from bedplate.errors import UsageError, listing
from rules.model import Finding, Resource, Rule, StackRule, Surroundings
from rules.nodes import CLUSTER, NODE_POOL
from rules.reading import UndecidedError, need

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from bedplate.catalog import MachineType
    from bedplate.cost.caps import Cap

ROOT_VOLUME = re.compile(r"root volume of (\d+) GiB")

CONTROL_PLANE = "eks-control-plane"
DISK = "ebs-gp3"

TOLERANCE = Decimal("1e-9")
"""Prices travel as text with 28 digits; a difference below this is rounding."""


def _is_priced_component(type_token: str) -> bool:
    return type_token in (CLUSTER, NODE_POOL)


def _is_pool(type_token: str) -> bool:
    return type_token == NODE_POOL


def cost_lines(component: Resource) -> tuple[CostLine, ...]:
    """Return the cost lines of a component; raises `UndecidedError` when they are unknown, missing or malformed."""
    values = need(component.properties, "cost")
    try:
        return from_wire(values)
    except (KeyError, TypeError, ValueError, InvalidOperation, AttributeError) as error:
        raise UndecidedError(f"cost is not what Bedplate's components declare ({error!r})") from None


def belongs_to_stack(component: Resource, _: Surroundings) -> Iterator[str]:
    """The team and environment of a component are those of the stack, by whose caps it is judged."""
    team, environment = need(component.properties, "team"), need(component.properties, "environment")
    if component.stack != f"{team}-{environment}":
        yield (
            f"{component.name} declares team {team} and environment {environment}, "
            f"but the stack is {component.stack}, so these are not its caps"
        )


def is_counted_in_full(component: Resource, _: Surroundings) -> Iterator[str]:
    """A pool's cost has, for each of its groups, the machine and the root volume of every node."""
    lines = cost_lines(component)
    if component.type == CLUSTER:
        if not any(line.service == CONTROL_PLANE and line.max_units >= 1 for line in lines):
            yield f"{component.name} does not count its control plane"
        return
    groups = need(component.properties, "groups")
    if not groups:
        yield f"{component.name} has no groups, so nothing bounds its nodes"
    counted = Counter[str]()
    volumes = 0
    for line in lines:
        counted[line.item] += line.max_units
        volumes += line.max_units if line.service == DISK and ROOT_VOLUME.fullmatch(line.item) else 0
    declared = Counter[str]()
    for group in groups:
        declared[f"{need(group, 'machine')} {need(group, 'capacity')}"] += int(need(group, "maxNodes"))
    for item, nodes in declared.items():
        if counted[item] < nodes:
            yield f"{component.name} may run {nodes} × {item}, but its cost counts {counted[item]}"
    if volumes < declared.total():
        yield f"{component.name} may run {declared.total()} nodes, but its cost counts {volumes} root volumes"


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
    """A price is not below the catalog's for that machine or service, region and way of buying, nor newer."""
    provider, region = need(component.properties, "provider"), need(component.properties, "region")
    machines = _machine_items(component)
    for line in cost_lines(component):
        if line.usd_per_hour is None:
            continue  # has_prices
        expected = _catalog_price(line, provider, region, machines)
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


def _machine_items(component: Resource) -> dict[str, tuple[str, Any]]:
    """Return machine and capacity of a pool's groups, by the item of their cost line."""
    if component.type != NODE_POOL:
        return {}
    pairs = [(need(group, "machine"), need(group, "capacity")) for group in need(component.properties, "groups")]
    return {f"{machine} {capacity}": (machine, capacity) for machine, capacity in pairs}


def _catalog_price(
    line: CostLine, provider: str, region: str, machines: dict[str, tuple[str, Any]]
) -> tuple[Decimal | None, Any] | None:
    """Return the catalog's hourly price and date for a line; None for a line that only adds to what must be there."""
    if line.item in machines:
        found = catalog.price(provider, region, *machines[line.item])
        return (found.usd_per_hour, found.as_of) if found else (None, None)
    volume = ROOT_VOLUME.fullmatch(line.item)
    if not line.service:
        return None
    price = catalog.service_price(provider, region, line.service)
    if price is None:
        return (None, None)
    amount = price.usd if price.unit == "hour" else price.usd / HOURS_PER_MONTH
    return (amount * int(volume[1]) if volume else amount, price.as_of)


def has_fresh_prices(component: Resource, surroundings: Surroundings) -> Iterator[str]:
    """No price is older than the platform team allows, and none is without a date unless it allows that."""
    caps = surroundings.caps()
    machines = _machine_items(component)
    for line in cost_lines(component):
        if line.usd_per_hour is None:
            continue  # has_prices
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
    components = [one for one in surroundings.resources.values() if _is_priced_component(one.type)]
    if components:
        yield from _over_caps(components, surroundings)


def _over_caps(components: Iterable[Resource], surroundings: Surroundings) -> Iterator[Finding]:
    caps = surroundings.caps()
    lines: dict[tuple[str, str], list[CostLine]] = {}
    for component in components:
        owner = (need(component.properties, "team"), need(component.properties, "environment"))
        lines.setdefault(owner, []).extend(cost_lines(component))
    for (team, environment), found in lines.items():
        for excess in excesses(CostRange(tuple(found)), caps.of(team, environment), team, environment):
            yield Finding(f"{team} {environment}: {excess.message}", excess.remedy[:1].upper() + excess.remedy[1:])


def pool_within_its_cap(pool: Resource, surroundings: Surroundings) -> Iterator[str]:
    """One pool at its maximum costs no more an hour than caps.yaml allows any pool of the team."""
    cap = _cap(pool, surroundings)
    if cap is None or cap.pool_hourly_usd is None:
        return
    amount = CostRange(cost_lines(pool)).max_per_hour
    if amount > cap.pool_hourly_usd:
        yield f"{pool.name} costs ${amount:,.2f} an hour with everything up; a pool may cost ${cap.pool_hourly_usd:,}"


def has_allowed_accelerators(pool: Resource, surroundings: Surroundings) -> Iterator[str]:
    """A pool has accelerators that caps.yaml allows the team."""
    cap = _cap(pool, surroundings)
    if cap is None or cap.accelerators is None:
        return
    for machine in _machines(pool):
        if machine.accelerator and machine.accelerator not in cap.accelerators:
            allowed = listing(cap.accelerators) if cap.accelerators else "none"
            yield f"{pool.name} offers {machine.name} with {machine.accelerator}; allowed: {allowed}"


def accelerators_within_quota(surroundings: Surroundings) -> Iterator[str]:
    """All pools of a stack together have no more accelerators than caps.yaml allows the team."""
    pools = [one for one in surroundings.resources.values() if one.type == NODE_POOL]
    counted = Counter[tuple[str, str]]()
    for pool in pools:
        counted[_owner(pool)] += sum(_accelerators(pool))
    for (team, environment), accelerators in counted.items():
        cap = surroundings.caps().of(team, environment)
        if cap is not None and cap.max_accelerators is not None and accelerators > cap.max_accelerators:
            allowed = cap.max_accelerators
            yield f"{team} {environment} may run {accelerators} accelerators at once; {allowed} are allowed"


def training_tries_spot(pool: Resource, _: Surroundings) -> Iterator[str]:
    """A training pool with accelerators tries spot machines before it pays for those on demand."""
    if need(pool.properties, "role") != "training":
        return
    groups = need(pool.properties, "groups")
    if any(machine.accelerator for machine in _machines(pool)) and all(
        need(group, "capacity") == "on-demand" for group in groups
    ):
        yield f"{pool.name} trains on demand alone"


def _owner(component: Resource) -> tuple[str, str]:
    return need(component.properties, "team"), need(component.properties, "environment")


def _cap(component: Resource, surroundings: Surroundings) -> Cap | None:
    return surroundings.caps().of(*_owner(component))


def _machines(pool: Resource) -> list[MachineType]:
    """Return the machines of a pool; raises `UndecidedError` for one that the catalog does not have."""
    provider = need(pool.properties, "provider")
    return [_machine(provider, need(group, "machine")) for group in need(pool.properties, "groups")]


def _machine(provider: str, name: str) -> MachineType:
    try:
        found = catalog.machine(provider, name)
    except UsageError as error:
        raise UndecidedError(error.message) from None
    if found is None:
        raise UndecidedError(f"the catalog has no machine {name}")
    return found


def _accelerators(pool: Resource) -> Iterator[int]:
    """Yield how many accelerators each group of a pool may run; a part of one counts as one."""
    provider = need(pool.properties, "provider")
    for group in need(pool.properties, "groups"):
        machine = _machine(provider, need(group, "machine"))
        yield int(need(group, "maxNodes")) * machine.accelerator_count


RULES = (
    Rule(
        id="cost-of-its-stack",
        family="cost",
        waivable=False,
        demands="A component's team and environment are those of its stack's name, `<team>-<environment>`.",
        reason="Caps are set per team and environment; a stack that claims another's spends another's money.",
        fix="name the stack after the team and environment of its file",
        applies=_is_priced_component,
        check=belongs_to_stack,
        on_stack=True,
    ),
    Rule(
        id="cost-counted-in-full",
        family="cost",
        waivable=False,
        demands="A component's cost counts every node that its groups may run, with its root volume.",
        reason="A cap on an incomplete sum is no cap; hand-written components can leave things out.",
        fix="declare the pool in the stack file and let Bedplate count it",
        applies=_is_priced_component,
        check=is_counted_in_full,
        on_stack=True,
    ),
    Rule(
        id="cost-has-prices",
        family="cost",
        waivable=False,
        demands="Every cost line has a price above zero.",
        reason="A missing price and a price of zero look alike in a sum, and both let anything pass.",
        fix="choose a machine and region that `bedplate catalog show` prices, or add the price with its source",
        applies=_is_priced_component,
        check=has_prices,
        on_stack=True,
    ),
    Rule(
        id="cost-has-catalog-prices",
        family="cost",
        waivable=False,
        demands="A price is the catalog's for that machine or service, region and way of buying.",
        reason="A price that the program sets itself can be any number.",
        fix="let the plan take the price from the catalog, and correct the catalog with a source where it is wrong",
        applies=_is_priced_component,
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
        applies=_is_priced_component,
        check=has_fresh_prices,
        on_stack=True,
    ),
    Rule(
        id="cost-of-component-within-caps",
        family="cost",
        waivable=False,
        demands="A cluster or a pool alone costs less than its team's caps, per hour and per month.",
        reason="It stops what is too large before it is created, also in an update that skips the preview.",
        fix="lower `nodes.max`, choose a cheaper machine, or ask the platform team for a higher cap",
        applies=_is_priced_component,
        check=component_within_caps,
    ),
    Rule(
        id="cost-of-pool-within-cap",
        family="cost",
        waivable=False,
        demands="A pool at its maximum costs at most `pool_hourly_usd` of its team's caps, where that is set.",
        reason="One pool that takes the whole cap leaves the team's other pools nothing in a burst.",
        fix="lower `nodes.max`, or ask the platform team for a higher cap",
        passes="2 × p5.48xlarge under pool_hourly_usd: 130",
        fails="3 × p5.48xlarge under pool_hourly_usd: 130",
        applies=_is_pool,
        check=pool_within_its_cap,
    ),
    Rule(
        id="cost-allowed-accelerators",
        family="cost",
        waivable=False,
        demands="A pool has accelerators that its team's caps name under `accelerators`, where that is set.",
        reason="The newest accelerators are bought for those whose models need them.",
        fix="choose a machine with one of them (`bedplate catalog list`), or ask the platform team to allow it",
        passes="g6.2xlarge under accelerators: [L4]",
        fails="p5.48xlarge under accelerators: [L4]",
        applies=_is_pool,
        check=has_allowed_accelerators,
    ),
    Rule(
        id="cost-training-spot",
        family="cost",
        demands="A training pool with accelerators offers spot machines, or has an exception that says why not.",
        reason="Training that writes checkpoints survives an interruption, and spot costs a fraction.",
        fix="offer spot first and on-demand behind it, or state the reason as an exception in policies/exceptions.yaml",
        passes="offers: [{machine: p5.48xlarge, capacity: spot}, {machine: p5.48xlarge}]",
        fails="machine: p5.48xlarge",
        applies=_is_pool,
        check=training_tries_spot,
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
    StackRule(
        id="cost-accelerators-within-quota",
        family="cost",
        waivable=False,
        demands="The pools of a stack have at most `max_accelerators` of its team's caps, where that is set.",
        reason="A team's share of a quota that all teams of an account have together.",
        fix="lower `nodes.max`, or ask the platform team for a larger share",
        passes="2 × p5.48xlarge under max_accelerators: 16",
        fails="3 × p5.48xlarge under max_accelerators: 16",
        check=accelerators_within_quota,
    ),
)
