"""Who closes an idle connection first: always the gateway, by the very numbers that both are told."""

from __future__ import annotations

import pytest

from bedplate.serving.connections import Connections, connection_problems
from bedplate.serving.gateway import gateway_manifests
from bedplate.serving.workload import deployment
from tests.support.endpoints import endpoint_plan


def test_the_declared_ones_lose_nothing() -> None:
    assert connection_problems(Connections()) == []


@pytest.mark.parametrize(("gateway", "engine", "allowed"), [(60, 90, True), (60, 89, False), (3600, 5, False)])
def test_the_gateway_closes_first_by_a_margin(gateway: int, engine: int, *, allowed: bool) -> None:
    """The last case is what Envoy Gateway and vLLM do by themselves."""
    problems = connection_problems(Connections(gateway, engine))
    assert [problem.rule for problem in problems] == ([] if allowed else ["idle-connections"])


def test_both_are_told() -> None:
    plan = endpoint_plan()
    (policy,) = (one for one in gateway_manifests(plan) if one["kind"] == "BackendTrafficPolicy")
    gateway = int(policy["spec"]["timeout"]["http"]["connectionIdleTimeout"].removesuffix("s"))
    (engine,) = deployment(plan, "sidecar", None)["spec"]["template"]["spec"]["containers"]
    (told,) = (int(one["value"]) for one in engine["env"] if one["name"] == "VLLM_HTTP_TIMEOUT_KEEP_ALIVE")
    assert Connections(gateway, told) == Connections()
    assert connection_problems(Connections(gateway, told)) == []
