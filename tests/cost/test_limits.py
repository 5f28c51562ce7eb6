"""The limits of a cap beside its two sums, as a plan meets them: each passed by what is above it alone."""

from __future__ import annotations

from typing import Any

import pytest

from bedplate.cost.caps import Cap
from bedplate.cost.limits import plan_excesses
from bedplate.plan import plan_stack
from tests.support.stacks import one_pool

PLAN = plan_stack(one_pool(machine="g6.12xlarge", nodes={"min": 1, "max": 3}))


def messages(**limits: Any) -> list[str]:
    cap = Cap(hourly_usd=100_000, monthly_usd=100_000_000, **limits)
    return [excess.message for excess in plan_excesses(PLAN, cap)]


@pytest.mark.parametrize(
    ("limits", "expected"),
    [
        ({}, []),
        ({"max_accelerators": 12}, []),
        ({"max_accelerators": 11}, ["may run 12 accelerators at once; 11 are allowed"]),
        ({"accelerators": ["L4"]}, []),
        ({"accelerators": ["H100"]}, ["node_pools.it offers g6.12xlarge with L4; allowed: H100"]),
        ({"accelerators": []}, ["node_pools.it offers g6.12xlarge with L4; allowed: none"]),
        ({"pool_hourly_usd": 20}, []),
        ({"pool_hourly_usd": 13}, ["an hour with everything up; a pool may cost $13"]),
        ({"idle_monthly_usd": 10_000}, []),
        ({"idle_monthly_usd": 500}, ["a month while nobody uses it; $500 is allowed"]),
    ],
)
def test_each_limit_by_itself(limits: dict[str, Any], expected: list[str]) -> None:
    found = messages(**limits)
    assert len(found) == len(expected)
    assert all(text in message for text, message in zip(expected, found, strict=True))


def test_without_a_cap_that_alone_is_said() -> None:
    (excess,) = plan_excesses(PLAN, None)
    assert "no spending cap is set" in excess.message
