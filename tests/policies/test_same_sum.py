"""The program's own check of the caps and the pack's add up the same: a cost that one leaves out is a way round it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from bedplate.cost.range import CostRange
from bedplate.plan import StackPlan, plan_stack
from bedplate.platform import declare
from bedplate.stack_file.load import load_stack
from rules.cost_lines import lines_by_owner, may_carry_cost
from rules.model import Resource
from tests.policies.stack import Declared, check_stack, register, with_line
from tests.support.declared import declared
from tests.support.endpoints import serving_stack

STACKS = Path(__file__).parents[2] / "stacks"
USAGE = {
    "nat_gib_per_month": 700,
    "cross_zone_gib_per_month": 900,
    "internet_egress_gib_per_month": 50,
    "log_gib_per_month": 20,
}


def of_file(name: str) -> StackPlan:
    loaded = load_stack(STACKS / f"Pulumi.{name}.yaml")
    return plan_stack(loaded.spec, loaded.references)


def everything() -> StackPlan:
    """Return a stack with all that costs: an endpoint for the internet, its weights, and declared usage."""
    return plan_stack(serving_stack({"clusters.use1.serving": "public", "usage.use1": USAGE}))


PLANS = {
    **{path.name.split(".")[1]: of_file(path.name.split(".")[1]) for path in sorted(STACKS.glob("Pulumi.*.yaml"))},
    "everything": everything(),
}


def components(plan: StackPlan) -> list[Declared]:
    """Return the components of a plan as the pack sees them."""
    stack = f"{plan.team}-{plan.environment}"
    return [
        Declared(one.token, one.name, one.inputs, provider="", stack=stack)
        for one in declared(lambda: declare(plan), stack)
        if may_carry_cost(one.token)
    ]


@pytest.mark.parametrize("plan", PLANS.values(), ids=PLANS)
def test_the_pack_counts_what_the_program_counts(plan: StackPlan) -> None:
    resources = [Resource(one.type, one.urn, one.name, one.properties) for one in components(plan)]
    (((team, environment), lines),) = lines_by_owner(resources).items()
    assert (team, environment) == (plan.team, plan.environment)
    assert sorted(map(repr, lines)) == sorted(map(repr, plan.cost.lines))
    counted = CostRange(tuple(lines))
    for figure in ("baseline_per_month", "expected_per_month", "max_per_hour", "max_per_month"):
        assert round(getattr(counted, figure), 2) == round(getattr(plan.cost, figure), 2)


def test_all_that_costs_is_among_them() -> None:
    kinds = {one.type.rpartition(":")[2] for one in components(PLANS["everything"]) if one.properties.get("cost")}
    assert kinds == {"Cluster", "ClusterServices", "DeclaredUsage", "ModelWeights", "NodePool"}


def component(kind: str, **changes: Any) -> Declared:
    token = f"bedplate:index:{kind}"
    (found,) = (one for one in components(PLANS["everything"]) if one.type == token)
    found.properties |= changes
    return found


@pytest.mark.parametrize("kind", ["ClusterServices", "DeclaredUsage", "ModelWeights"])
def test_the_rules_know_every_price(kind: str) -> None:
    assert [message for message in register(component(kind)) if message.startswith("cost-")] == []


@pytest.mark.parametrize(
    ("kind", "index", "item"),
    [
        ("ClusterServices", 0, "network load balancer of the gateway"),
        ("DeclaredUsage", 0, "data through NAT gateways"),
        ("DeclaredUsage", 1, "data between zones, billed on both sides"),
        ("DeclaredUsage", 4, "control-plane logs, stored for 365 days"),
        ("ModelWeights", 1, "weights in the bucket"),
    ],
)
def test_a_lower_price_is_refused(kind: str, index: int, item: str) -> None:
    lowered = with_line(component(kind), index, usdPerHour="0.0000001")
    assert f"cost-has-catalog-prices: {item} of use1 is declared at" in "\n".join(register(lowered))


def test_what_services_and_usage_cost_is_under_the_caps() -> None:
    usage = component("DeclaredUsage")
    usage = with_line(usage, 0, maxUnits=10**8)
    assert "cost-of-component-within-caps: vision dev: $" in "\n".join(register(usage))
    assert "cost-within-caps: vision dev: $" in "\n".join(check_stack(usage))


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"team": None}, "cost-of-its-stack: cannot be decided: team is not set"),
        ({"team": "platform"}, "cost-of-its-stack: use1 declares team platform"),
        ({"cost": [{"item": "x"}]}, "cost is not what Bedplate's components declare"),
    ],
)
def test_a_component_that_carries_cost_says_whose_it_is(changes: dict[str, Any], said: str) -> None:
    assert said in "\n".join(register(component("DeclaredUsage", **changes)))


def test_a_component_without_cost_is_nobody_s() -> None:
    without = component("ClusterServices")
    del without.properties["cost"]
    assert register(without) == []
