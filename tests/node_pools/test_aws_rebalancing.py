"""EC2 Auto Scaling moves nodes of managed groups by itself: said in the plan of every pool that it may strike."""

from __future__ import annotations

from typing import Any

import pytest

from bedplate.plan import plan_stack
from bedplate.risks import Risk, risks
from tests.support.stacks import REMOVED, one_pool

SPOT = {"machine": REMOVED, "offers": [{"machine": "g6.2xlarge", "capacity": "spot"}]}
ONE_ZONE = {"zones": ["use1-az4"]}
KARPENTER = {"clusters.use1.autoscaler": "karpenter"}


def said(changes: dict[str, Any], pool: dict[str, Any]) -> list[Risk]:
    found = risks(plan_stack(one_pool(changes, **pool)))
    return [risk for risk in found if risk.subject == "node_pools.it" and "EC2 Auto Scaling" in risk.text]


@pytest.mark.parametrize(
    ("changes", "pool", "told"),
    [
        ({}, {}, ["balances"]),
        ({}, ONE_ZONE, []),
        ({}, SPOT, ["spot", "balances"]),
        ({}, SPOT | ONE_ZONE, ["spot"]),
        (KARPENTER, SPOT, []),
        ({}, {"nodes": {"min": 0, "max": 1}}, []),  # one node is in balance wherever it stands
        ({}, {"machine": "m7i.2xlarge"}, []),
        ({}, {"machine": "p5.48xlarge"}, []),  # a fabric stands in one zone
    ],
)
def test_who_is_told(changes: dict[str, Any], pool: dict[str, Any], told: list[str]) -> None:
    assert [[word for word in ("spot", "balances") if word in risk.text] for risk in said(changes, pool)] == [
        [word] for word in told
    ]


def test_what_is_said() -> None:
    spot, zones = said({}, SPOT)
    assert "up to a tenth of max, at least one node, runs above it" in spot.text
    assert "15 minutes, whatever their disruption budgets say" in zones.text
    assert "`zones`" in zones.remedy
    assert "autoscaler: karpenter" in zones.remedy


@pytest.mark.parametrize("role", ["inference", "training"])
def test_two_offers_of_a_pool_say_it_once(role: str) -> None:
    offers = [{"machine": "g6.2xlarge", "capacity": "spot"}, {"machine": "g6.4xlarge", "capacity": "spot"}]
    assert len(said({}, {"machine": REMOVED, "offers": offers, "role": role})) == 2
