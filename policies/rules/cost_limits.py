"""Rules about what a team may have: dollars a pool, kinds and numbers of accelerators, and spot for training."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from bedplate.cost.limits import (
    FEWER_ACCELERATORS,
    LESS_AT_REST,
    LESS_OF_A_POOL,
    OTHER_ACCELERATORS,
    accelerators_not_allowed,
    accelerators_up,
    idle_over_cap,
    pool_over_cap,
    too_many_accelerators,
)
from bedplate.cost.range import CostRange
from rules.cost_lines import cost_lines, lines_by_owner, may_carry_cost
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
    if cap is not None and cap.pool_hourly_usd is not None:
        yield from pool_over_cap(pool.name, CostRange(cost_lines(pool)), cap)


def has_allowed_accelerators(pool: Resource, surroundings: Surroundings) -> Iterator[str]:
    """A pool has accelerators that caps.yaml allows the team."""
    cap = _cap(pool, surroundings)
    if cap is not None and cap.accelerators is not None:
        yield from accelerators_not_allowed(pool.name, _machines(pool), cap)


def accelerators_within_quota(surroundings: Surroundings) -> Iterator[str]:
    """All pools of a stack together have no more accelerators than caps.yaml allows the team."""
    pools = [one for one in surroundings.resources.values() if one.type == NODE_POOL]
    counted = Counter[tuple[str, str]]()
    for pool in pools:
        counted[_owner(pool)] += sum(_accelerators(pool))
    for (team, environment), accelerators in counted.items():
        yield from too_many_accelerators(team, environment, accelerators, surroundings.caps().of(team, environment))


def idle_within_its_cap(surroundings: Surroundings) -> Iterator[str]:
    """What a stack costs a month when nobody uses it is within `idle_monthly_usd`."""
    components = (one for one in surroundings.resources.values() if may_carry_cost(one.type))
    for (team, environment), found in lines_by_owner(components).items():
        yield from idle_over_cap(team, environment, CostRange(tuple(found)), surroundings.caps().of(team, environment))


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
    """Yield how many accelerators each group of a pool may run."""
    provider = need(pool.properties, "provider")
    for group in need(pool.properties, "groups"):
        yield accelerators_up(group_machine(provider, group), int(need(group, "maxNodes")))


def _is_pool(type_token: str) -> bool:
    return type_token == NODE_POOL


RULES = (
    Rule(
        id="cost-of-pool-within-cap",
        family="cost",
        waivable=False,
        demands="A pool at its maximum costs at most `pool_hourly_usd` of its team's caps, where that is set.",
        reason="One pool that takes the whole cap leaves the team's other pools nothing in a burst.",
        fix=LESS_OF_A_POOL,
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
        fix=OTHER_ACCELERATORS,
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
        fix=LESS_AT_REST,
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
        fix=FEWER_ACCELERATORS,
        passes="2 × p5.48xlarge under max_accelerators: 16",
        fails="3 × p5.48xlarge under max_accelerators: 16",
        check=accelerators_within_quota,
    ),
)
