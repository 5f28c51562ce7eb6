"""Rules about what a team may have: dollars a pool, kinds and numbers of accelerators, and spot for training."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from bedplate.cost.range import CostRange
from bedplate.errors import listing
from rules.cost import cost_lines, lines_by_owner, may_carry_cost
from rules.model import Resource, Rule, StackRule, Surroundings
from rules.nodes import NODE_POOL
from rules.owned import group_machine
from rules.reading import need

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bedplate.catalog import MachineType
    from bedplate.cost.caps import Cap


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


def idle_within_its_cap(surroundings: Surroundings) -> Iterator[str]:
    """What a stack costs a month when nobody uses it is within `idle_monthly_usd`."""
    components = (one for one in surroundings.resources.values() if may_carry_cost(one.type))
    for (team, environment), found in lines_by_owner(components).items():
        cap = surroundings.caps().of(team, environment)
        amount = CostRange(tuple(found)).baseline_per_month
        if cap is not None and cap.idle_monthly_usd is not None and amount > cap.idle_monthly_usd:
            allowed = f"${cap.idle_monthly_usd:,}"
            yield f"{team} {environment} costs ${amount:,.2f} a month while nobody uses it; {allowed} is allowed"


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
    return [group_machine(provider, group) for group in need(pool.properties, "groups")]


def _accelerators(pool: Resource) -> Iterator[int]:
    """Yield how many accelerators each group of a pool may run; a part of one counts as one."""
    provider = need(pool.properties, "provider")
    for group in need(pool.properties, "groups"):
        machine = group_machine(provider, group)
        yield int(need(group, "maxNodes")) * machine.accelerator_count


def _is_pool(type_token: str) -> bool:
    return type_token == NODE_POOL


RULES = (
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
        id="cost-idle-within-cap",
        family="cost",
        waivable=False,
        demands="What a stack costs at rest is within `idle_monthly_usd` of its team's caps, where that is set.",
        reason="Floors of accelerators run at night and over the weekend, for nobody.",
        fix="lower `nodes.min`, or ask the platform team for a higher cap",
        passes="nodes: {min: 0, max: 4} under idle_monthly_usd: 1000",
        fails="nodes: {min: 2, max: 4} of g6.2xlarge under idle_monthly_usd: 1000",
        check=idle_within_its_cap,
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
