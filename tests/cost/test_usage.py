"""Declared use: counted as assumed, not at rest; what is not declared is named."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from bedplate.cost.range import CostRange
from bedplate.cost.spec import UsageSpec
from bedplate.cost.usage import not_counted
from bedplate.errors import InputError
from bedplate.plan import plan_stack
from bedplate.preconditions import stack_problems
from tests.support.stacks import REMOVED, stack

GB_PER_GIB = Decimal("1.073741824")


def usage_cost(**declared: Any) -> CostRange:
    cost = plan_stack(stack({"usage.use1": declared})).cost
    return CostRange(tuple(line for line in cost.lines if line.owner == "usage.use1"), cost.not_counted)


@pytest.mark.parametrize(
    ("field", "usd_per_month"),
    [
        ("nat_gib_per_month", Decimal("0.045") * 1000),
        ("cross_zone_gib_per_month", Decimal("0.01") * 2 * 1000),
        ("internet_egress_gib_per_month", Decimal("0.09") * 1000),
        # taken in at 0.50, then 365 days at 0.03 a month of 730 hours
        ("log_gib_per_month", Decimal("0.50") * 1000 + Decimal("0.03") * 1000 * 365 * 24 / 730),
    ],
)
def test_declared_use_counts_in_the_expected_cost_and_the_maximum(field: str, usd_per_month: Decimal) -> None:
    cost = usage_cost(**{field: 1000})
    assert round(cost.expected_per_month, 6) == round(usd_per_month * GB_PER_GIB, 6)
    assert cost.max_per_month == cost.expected_per_month
    assert cost.baseline_per_month == 0
    assert {line.confidence for line in cost.lines} == {"assumed"}


def test_what_is_not_declared_is_named_and_what_is_declared_is_not() -> None:
    assert plan_stack(stack()).cost.not_counted == (
        "data through NAT gateways",
        "data between zones",
        "data to the internet",
        "control-plane logs",
        "container image storage",
        "taxes, discounts and commitments",
    )
    declared = usage_cost(nat_gib_per_month=1, cross_zone_gib_per_month=0)
    assert declared.not_counted[:2] == ("data to the internet", "control-plane logs")


def test_use_of_one_of_two_clusters_leaves_the_other_named() -> None:
    declared = UsageSpec(nat_gib_per_month=5)
    assert not_counted({"one": declared, "other": None})[0] == "data through NAT gateways of other"


def test_use_without_a_price_in_its_region_is_unknown_not_free() -> None:
    changes = {"clusters.use1.region": "eu-west-1", "usage.use1": {"nat_gib_per_month": 5}}
    cost = plan_stack(stack(changes | {"node_pools.l4": REMOVED, "node_pools.h100": REMOVED})).cost
    lines = [line for line in cost.unpriced if line.owner == "usage.use1"]
    assert [line.confidence for line in lines] == ["unknown"]


def test_use_of_a_cluster_that_does_not_exist_is_refused() -> None:
    wrong = stack({"usage.use2": {"nat_gib_per_month": 5}})
    (problem,) = stack_problems(wrong)
    assert (problem.field, problem.nearest) == (("usage", "use2"), "use1")
    with pytest.raises(InputError, match="no cluster 'use2'"):
        plan_stack(wrong)


def test_an_amount_is_shown_as_it_is_billed() -> None:
    (line,) = usage_cost(nat_gib_per_month=1000).lines
    assert line.billed.unit == "GiB"
    assert round(line.billed.usd_per_unit or 0, 9) == round(Decimal("0.045") * GB_PER_GIB, 9)
    assert line.expected_unit_hours / line.billed.divisor == 1000
