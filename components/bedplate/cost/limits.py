"""The limits of a cap beside its two sums: what one pool costs, what a month at rest does, and which accelerators.

The plan and the policies decide by the same functions. Each yields what is wrong, and nothing where a limit is not set.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bedplate.cost.caps import Excess, excesses
from bedplate.cost.estimate import pool_cost
from bedplate.cost.range import CostRange
from bedplate.errors import listing

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from bedplate.catalog import MachineType
    from bedplate.cost.caps import Cap
    from bedplate.plan import StackPlan

LESS_OF_A_POOL = "lower `nodes.max`, or ask the platform team for a higher cap"
LESS_AT_REST = "lower `nodes.min`, or ask the platform team for a higher cap"
FEWER_ACCELERATORS = "lower `nodes.max`, or ask the platform team for a larger share"
OTHER_ACCELERATORS = "choose a machine with one of them (`bedplate catalog list`), or ask the platform team to allow it"


def plan_excesses(plan: StackPlan, cap: Cap | None) -> list[Excess]:
    """Return every limit of a cap that a plan passes, with what to change."""
    team, environment = plan.team, plan.environment
    found = excesses(plan.cost, cap, team, environment)
    for pool in plan.node_pools:
        name = f"node_pools.{pool.name}"
        machines = [group.machine for group in pool.groups]
        found += _with(LESS_OF_A_POOL, pool_over_cap(name, CostRange(pool_cost(pool)), cap))
        found += _with(OTHER_ACCELERATORS, accelerators_not_allowed(name, machines, cap))
    running = sum(accelerators_up(group.machine, group.max_nodes) for pool in plan.node_pools for group in pool.groups)
    found += _with(FEWER_ACCELERATORS, too_many_accelerators(team, environment, running, cap))
    found += _with(LESS_AT_REST, idle_over_cap(team, environment, plan.cost, cap))
    return found


def pool_over_cap(name: str, cost: CostRange, cap: Cap | None) -> Iterator[str]:
    """One pool at its maximum costs no more an hour than `pool_hourly_usd`."""
    amount = cost.max_per_hour
    if cap is not None and cap.pool_hourly_usd is not None and amount > cap.pool_hourly_usd:
        yield f"{name} costs ${amount:,.2f} an hour with everything up; a pool may cost ${cap.pool_hourly_usd:,}"


def accelerators_not_allowed(name: str, machines: Iterable[MachineType], cap: Cap | None) -> Iterator[str]:
    """A pool has accelerators that `accelerators` names."""
    if cap is None or cap.accelerators is None:
        return
    allowed = listing(cap.accelerators) if cap.accelerators else "none"
    for machine in machines:
        if machine.accelerator and machine.accelerator not in cap.accelerators:
            yield f"{name} offers {machine.name} with {machine.accelerator}; allowed: {allowed}"


def accelerators_up(machine: MachineType, nodes: int) -> int:
    """Return how many accelerators so many nodes show; a part of one counts as one."""
    return nodes * machine.accelerator_count


def too_many_accelerators(team: str, environment: str, running: int, cap: Cap | None) -> Iterator[str]:
    """All pools of a stack together may run at most `max_accelerators`."""
    if cap is not None and cap.max_accelerators is not None and running > cap.max_accelerators:
        allowed = cap.max_accelerators
        yield f"{team} {environment} may run {running} accelerators at once; {allowed} are allowed"


def idle_over_cap(team: str, environment: str, cost: CostRange, cap: Cap | None) -> Iterator[str]:
    """A month in which nobody uses a stack costs at most `idle_monthly_usd`."""
    amount = cost.baseline_per_month
    if cap is not None and cap.idle_monthly_usd is not None and amount > cap.idle_monthly_usd:
        allowed = f"${cap.idle_monthly_usd:,}"
        yield f"{team} {environment} costs ${amount:,.2f} a month while nobody uses it; {allowed} is allowed"


def _with(remedy: str, messages: Iterable[str]) -> list[Excess]:
    return [Excess(message, remedy) for message in messages]
