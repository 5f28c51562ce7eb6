"""A proxy that goes is there for as long as the load balancer may send to it, and the numbers are those declared."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from bedplate.services.gateway import DRAIN_SECONDS, shared_gateway
from bedplate.services.load_balancers import ENDPOINT_SECONDS, HealthCheck, health_check, notice_seconds
from tests.support.crds import schema_problems

CHECK = HealthCheck(interval_seconds=10, timeout_seconds=6, failures=2, spreads_seconds=40)
PREFIX = "service.beta.kubernetes.io/aws-load-balancer-healthcheck-"


def proxies() -> dict[str, Any]:
    (found,) = (one for one in shared_gateway("aws", "internal") if one["kind"] == "EnvoyProxy")
    return found


@pytest.mark.parametrize(
    ("changed", "seconds"),
    [
        ({}, 10 + 2 * 10 + 6 + 40),
        ({"failures": 3}, 10 + 3 * 10 + 6 + 40),
        ({"interval_seconds": 30}, 10 + 2 * 30 + 6 + 40),
        ({"timeout_seconds": 0, "failures": 1, "interval_seconds": 0, "spreads_seconds": 0}, ENDPOINT_SECONDS),
    ],
)
def test_it_notices_at_the_latest(changed: dict[str, int], seconds: int) -> None:
    assert notice_seconds(replace(CHECK, **changed)) == seconds


def test_a_proxy_serves_until_it_is_noticed_and_waits_for_requests_after_that() -> None:
    shutdown = {name: int(value.removesuffix("s")) for name, value in proxies()["spec"]["shutdown"].items()}
    noticed = notice_seconds(health_check("aws"))
    assert noticed <= shutdown["healthCheckFailureDelay"] <= shutdown["minDrainDuration"] < shutdown["drainTimeout"]
    assert shutdown["drainTimeout"] == DRAIN_SECONDS


def test_the_load_balancer_is_told_what_the_proxies_count_on() -> None:
    annotations = proxies()["spec"]["provider"]["kubernetes"]["envoyService"]["annotations"]
    told = {key.removeprefix(PREFIX): int(value) for key, value in annotations.items() if key.startswith(PREFIX)}
    check = health_check("aws")
    assert told == {
        "interval": check.interval_seconds,
        "healthy-threshold": check.failures,
        "unhealthy-threshold": check.failures,
    }


def test_the_definition_knows_every_field() -> None:
    assert schema_problems(proxies()) == []


def test_a_load_balancer_that_nobody_described_has_no_numbers() -> None:
    with pytest.raises(LookupError, match="no load balancer is known for gcp"):
        health_check("gcp")
