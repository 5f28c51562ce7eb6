"""Declared use as cost lines, and in words what is left out because nobody declared it."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

from bedplate import catalog
from bedplate.clusters.plan import EksPlan
from bedplate.cost.range import HOURS_PER_MONTH, MONTHLY_AMOUNT, CostLine

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from bedplate.clusters.plan import ClusterPlan
    from bedplate.cost.spec import UsageSpec

GB_PER_GIB = Decimal(2**30) / Decimal(10**9)
"""Price lists say GB without saying which. Read as 10^9 bytes, a GiB costs 7 % more than as 2^30: the dearer reading
is counted."""

HOURS_PER_DAY = 24

NEVER_COUNTED = ("container image storage", "taxes, discounts and commitments")


@dataclass(frozen=True, slots=True)
class UsageKind:
    """One thing that is billed by the amount. `times` is how often each GiB is billed."""

    field: str
    service: str
    item: str
    words: str
    times: int = 1


KINDS = (
    UsageKind("nat_gib_per_month", "nat-gateway-data", "data through NAT gateways", "data through NAT gateways"),
    UsageKind(
        "cross_zone_gib_per_month", "cross-zone-data", "data between zones, billed on both sides",
        "data between zones", times=2,
    ),
    UsageKind(
        "internet_egress_gib_per_month", "internet-egress", "data to the internet", "data to the internet"
    ),
    UsageKind("log_gib_per_month", "logs-ingested", "control-plane logs, taken in", "control-plane logs"),
)  # fmt: skip


def usage_cost(cluster: ClusterPlan, usage: UsageSpec | None) -> tuple[CostLine, ...]:
    """Return the lines of what a cluster is declared to use.

    An amount a month is spread over its hours: it counts in the expected cost and in the maximum, with its declared
    amount in both, and not at rest.
    """
    return tuple(_lines(cluster, usage)) if usage else ()


def _lines(cluster: ClusterPlan, usage: UsageSpec) -> Iterator[CostLine]:
    for kind in KINDS:
        amount = _amount(usage, kind)
        if amount is None:
            continue
        yield _line(cluster, kind.item, kind.service, amount, Decimal(kind.times))
        if kind.field == "log_gib_per_month" and isinstance(cluster, EksPlan):
            months = cluster.audit_log_days * HOURS_PER_DAY / HOURS_PER_MONTH
            item = f"control-plane logs, stored for {cluster.audit_log_days} days"
            yield _line(cluster, item, "logs-stored", amount, months)


def _amount(usage: UsageSpec, kind: UsageKind) -> int | None:
    amount: int | None = getattr(usage, kind.field)
    return amount


def _line(cluster: ClusterPlan, item: str, service: str, gib: int, times: Decimal) -> CostLine:
    price = catalog.service_price(cluster.provider, cluster.region, service)
    note = f"declared; {price.note}" if price and price.note else "declared"
    return CostLine(
        owner=f"usage.{cluster.name}",
        kind="service",
        item=item,
        unit=MONTHLY_AMOUNT,
        usd_per_hour=price.usd * GB_PER_GIB * times / HOURS_PER_MONTH if price else None,
        baseline_units=0,
        expected_unit_hours=gib * HOURS_PER_MONTH,
        max_units=gib,
        source=price.source if price else "",
        as_of=price.as_of if price else None,
        confidence="assumed" if price else "unknown",
        note=note,
        service=service,
    )


def not_counted(usage: Mapping[str, UsageSpec | None], run_by_others: Iterable[str] = ()) -> tuple[str, ...]:
    """Return in words what a cost leaves out; `usage` is what each cluster of the stack declares, or None.

    `run_by_others` names the clusters that exist already.
    """
    others = (f"the cluster {name} itself, which others run" for name in run_by_others)
    return (*_undeclared(usage), *others, *NEVER_COUNTED)


def _undeclared(usage: Mapping[str, UsageSpec | None]) -> Iterator[str]:
    for kind in KINDS:
        silent = [name for name, declared in usage.items() if declared is None or _amount(declared, kind) is None]
        if silent:
            yield kind.words if len(silent) == len(usage) else f"{kind.words} of {', '.join(silent)}"
