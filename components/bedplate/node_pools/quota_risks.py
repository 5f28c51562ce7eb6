"""Quotas of the account that everything up would use: a new account has none for accelerators."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from bedplate import catalog
from bedplate.risks import Risk

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bedplate.catalog import Quota
    from bedplate.node_pools.plan import NodeGroupPlan, NodePoolPlan
    from bedplate.plan import StackPlan

BLOCKS = "blocks"
"""The unit of quotas that count capacity blocks; an offer is one block, whatever it holds."""


def quota_risks(plan: StackPlan) -> Iterator[Risk]:
    """Yield the quotas that a new account has too little of, then the machines of which no quota is known."""
    groups = [(pool, group) for pool in plan.node_pools if _counted(pool) for group in pool.groups]
    yield from _too_small(groups)
    yield from _unknown(groups)


def _counted(pool: NodePoolPlan) -> bool:
    """Tell whether an account sets limits that the catalog has; none is known of Google Cloud and of Azure."""
    return pool.provider != "existing" and catalog.knows_quotas(pool.provider)


def _too_small(groups: list[tuple[NodePoolPlan, NodeGroupPlan]]) -> Iterator[Risk]:
    needed: Counter[tuple[str, Quota]] = Counter()
    for pool, group in groups:
        quota = _quota(pool, group)
        if quota is not None:
            needed[pool.region, quota] += _amount(group, quota)
    short = [
        f"{_counted_in(quota, amount)} of {quota.code} “{quota.name}” in {region} ({_default(quota)})"
        for (region, quota), amount in needed.items()
        if quota.default is None or amount > quota.default
    ]
    if short:
        yield Risk(
            "quotas",
            f"everything up needs {'; '.join(short)}",
            "raise them before the first `pulumi up`, approval can take days",
        )


def _unknown(groups: list[tuple[NodePoolPlan, NodeGroupPlan]]) -> Iterator[Risk]:
    unknown = {
        f"{group.max_nodes} {group.machine.name} as {group.capacity} in {pool.region}"
        for pool, group in groups
        if _quota(pool, group) is None
    }
    if unknown:
        yield Risk(
            "quotas",
            f"no quota known for {'; '.join(sorted(unknown))}: the account may allow fewer, or none",
            "look for the family of machines under Amazon EC2 in Service Quotas before the first `pulumi up`",
        )


def _quota(pool: NodePoolPlan, group: NodeGroupPlan) -> Quota | None:
    # What is reserved counts against the quota of what it is reserved from.
    capacity = "on-demand" if group.capacity == "reservation" else group.capacity
    return catalog.quota(pool.provider, group.machine.name, capacity)


def _amount(group: NodeGroupPlan, quota: Quota) -> int:
    return 1 if quota.unit == BLOCKS else group.max_nodes * (group.machine.vcpus or 0)


def _counted_in(quota: Quota, amount: int) -> str:
    return "1 block" if quota.unit == BLOCKS and amount == 1 else f"{amount} {quota.unit}"


def _default(quota: Quota) -> str:
    return "default not known" if quota.default is None else f"default {quota.default}"
