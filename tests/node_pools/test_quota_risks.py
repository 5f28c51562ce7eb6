"""A plan names what a new account would refuse: quotas that are too small, and machines of which none is known."""

from __future__ import annotations

from typing import Any

import pytest

from bedplate import catalog
from bedplate.plan import plan_stack
from bedplate.risks import Risk, risks
from tests.support.stacks import REMOVED, changed, one_pool

ZONES = {"clusters.use1.zones": ["use1-az2", "use1-az6"]}


def block(machine: str, number: int, zone: str = "use1-az2") -> dict[str, Any]:
    reservation = {
        "name": f"cr-0123456789abcdef{number}",
        "machine": machine,
        "nodes": 2,
        "zone": zone,
        "starts": "2026-12-01",
        "ends": "2026-12-15",
        "usd_per_node_hour": 41.61,
    }
    return {"machine": machine, "capacity": "capacity-block", "reservation": reservation}


def said(offers: list[dict[str, Any]], **pool: Any) -> list[Risk]:
    declared = {"machine": REMOVED, "role": "training", "nodes": {"min": 0, "max": 2}, "offers": offers, **pool}
    plan = plan_stack(one_pool(ZONES, **declared))
    return [risk for risk in risks(plan) if risk.subject == "quotas"]


@pytest.mark.parametrize(
    ("offers", "named"),
    [
        ([{"machine": "p5en.48xlarge"}], "384 vCPU of L-417A185B “Running On-Demand P instances” in us-east-1 (def"),
        ([{"machine": "p5en.48xlarge", "capacity": "spot"}], "384 vCPU of L-C4BD4855"),
        ([block("p5en.48xlarge", 0)], "1 block of L-4F9BB70B “Concurrent P5en Capacity Blocks per account” in"),
        ([block("p5en.48xlarge", 0), block("p5en.48xlarge", 1)], "2 blocks of L-4F9BB70B"),
        ([block("p5en.48xlarge", 0), {"machine": "p5en.48xlarge", "max": 1}], "192 vCPU of L-417A185B"),
    ],
)
def test_every_quota_that_a_new_account_lacks_is_named(offers: list[dict[str, Any]], named: str) -> None:
    (risk,) = said(offers)
    assert named in risk.text


def test_what_a_new_account_has_is_not_named() -> None:
    (risk,) = said([block("p5en.48xlarge", 0)])
    assert "vCPU of L-417A185B" not in risk.text  # the machines of a block count against no quota of processors


@pytest.mark.parametrize(
    "offer",
    [
        {"machine": "p6-b200.48xlarge", "capacity": "spot"},
        block("p6-b200.48xlarge", 0, "use1-az6"),
        block("p4de.24xlarge", 0, "use1-az6"),
    ],
)
def test_machines_of_which_no_quota_is_known_are_named(offer: dict[str, Any]) -> None:
    unknown = [risk.text for risk in said([changed(offer, {"max": 1})]) if "no quota known" in risk.text]
    named = f"1 {offer['machine']} as {offer['capacity']} in us-east-1"
    assert unknown == [f"no quota known for {named}: the account may allow fewer, or none"]


def test_of_clouds_whose_quotas_nobody_wrote_down_nothing_is_said() -> None:
    assert [catalog.knows_quotas(cloud) for cloud in ("aws", "gcp", "azure")] == [True, False, False]
