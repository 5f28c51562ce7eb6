"""The answers of a plan: numbers that can be checked by hand."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from bedplate.plan_json import plan_json
from bedplate.risks import risks
from bedplate.serving.answers import EndpointAnswers, endpoint_answers
from tests.support.endpoints import CHAT, LARGE, planned_stack

PARIS = {"days": "mon-fri", "from": "08:00", "to": "20:00", "timezone": "Europe/Paris", "workers": 2}

UTC_MONDAY = PARIS | {"days": "mon", "timezone": "UTC", "workers": 3}


def answers(changes: dict[str, Any] | None = None, endpoint: dict[str, Any] | None = None) -> EndpointAnswers:
    stack = planned_stack(changes, endpoint)
    return endpoint_answers(stack.endpoints[0], stack.pool_of(stack.endpoints[0]))


@pytest.mark.parametrize(
    ("schedule", "floors"),
    [
        ([], [(1, 168)]),
        ([PARIS], [(1, 108), (2, 60)]),
        ([PARIS, PARIS | {"from": "10:00", "to": "12:00", "workers": 3}], [(1, 108), (2, 50), (3, 10)]),
        ([PARIS | {"days": "sun", "timezone": "Pacific/Auckland"}], [(1, 156), (2, 12)]),  # begins on a UTC Saturday
        ([PARIS | {"days": "mon"}, UTC_MONDAY], [(1, 155), (2, 1), (3, 12)]),
    ],
)  # fmt: skip
def test_workers_over_the_week(schedule: list[dict[str, Any]], floors: list[tuple[int, int]]) -> None:
    found = answers({"chat.scaling.schedule": schedule}).floors
    assert [(floor.workers, int(floor.hours)) for floor in found] == floors
    assert sum(floor.hours for floor in found) == 168


def test_cost_per_hour_is_that_of_whole_nodes() -> None:
    found = answers()
    assert found.usd_per_hour_at_min == Decimal("0.9776")
    assert found.usd_per_hour_at_max == 3 * Decimal("0.9776")


def test_small_workers_share_a_node() -> None:
    quarter = LARGE | {"accelerators_per_worker": 4, "workers": {"min": 1, "max": 2}}
    found = answers({}, quarter)
    assert found.usd_per_hour_at_min == found.usd_per_hour_at_max


def test_a_million_tokens_by_hand() -> None:
    found = answers({"chat.tokens_per_second": 1000})
    assert found.usd_per_million_tokens is not None
    rates = dict(found.usd_per_million_tokens)
    # 1,000 tokens a second at half load are 1.8 million an hour, which costs $0.9776.
    assert rates[50] == Decimal("0.9776") / Decimal("1.8")
    assert rates[25] == 2 * rates[50]
    assert set(rates) == {25, 50, 75}


def test_what_nobody_declared_is_not_made_up() -> None:
    assert answers().usd_per_million_tokens is None


def test_a_cold_start_adds_up_and_names_its_sources() -> None:
    found = answers()
    assert [phase.name for phase in found.cold_start] == ["node", "image", "weights", "engine"]
    assert all(phase.assumption and phase.source for phase in found.cold_start)
    low, high = found.start_seconds(from_nothing=True)
    assert low == 180 + 480 + 4 + 57
    assert high == 480 + 600 + 15 + 160
    assert found.start_seconds(from_nothing=False) == (61, 175)


def test_machines_read_the_same() -> None:
    endpoint = plan_json(planned_stack({"chat.tokens_per_second": 1000}), None)["endpoints"]["chat"]
    assert endpoint["usd_per_hour_at_max"] == "2.9328"
    assert endpoint["usd_per_million_tokens"]["50%"] == "0.5431"
    assert endpoint["floors_per_week"] == [{"workers": 1, "hours": "108.0"}, {"workers": 2, "hours": "60.0"}]
    assert plan_json(planned_stack(), None)["endpoints"]["chat"]["usd_per_million_tokens"] is None


@pytest.mark.parametrize(
    ("pool", "drain_seconds", "at_risk"), [("l4", 300, False), ("h100", 105, False), ("h100", 106, True)]
)
def test_a_drain_longer_than_the_notice_of_spot_machines(pool: str, drain_seconds: int, at_risk: bool) -> None:
    plan = planned_stack({"chat.pools": [pool], "chat.timings": {"drain_seconds": drain_seconds}})
    found = [risk for risk in risks(plan) if risk.subject == "endpoints.chat"]
    assert bool(found) is at_risk
    assert all("121 s to stop" in risk.text for risk in found)


def test_the_bucket_is_in_the_cost() -> None:
    lines = {line.item: line for line in planned_stack().cost.lines if line.owner == "weights.use1"}
    assert lines["weights in the bucket"].max_units == 16
    assert lines["encryption key of the weights"].usd_per_hour == Decimal(1) / 730
    assert CHAT["model"] == "qwen3-8b"
