"""The rules about staying up."""

from __future__ import annotations

from typing import Any

import pytest

from bedplate.node_pools.floor import FLOOR_LABEL
from bedplate.node_pools.labels import ROLE_LABEL
from tests.policies.resources import disruption_budget
from tests.policies.stack import (
    CONTAINER,
    UNKNOWN,
    Declared,
    advice,
    check_stack,
    deployment,
    kubernetes,
    node_group,
    of_rule,
    pool,
    register,
)

NAMESPACE = "vision-dev-inference"
POOL = pool()


def workload(replicas: Any = 2, labels: dict[str, str] | None = None, **pod: Any) -> Declared:
    """Return a Deployment of the team."""
    declared = deployment(NAMESPACE, **pod)
    declared.properties["spec"]["replicas"] = replicas
    declared.properties["metadata"]["labels"] = labels or {}
    return declared


def stopping(hook: Any, seconds: Any = None) -> Declared:
    """Return a Deployment whose container has a preStop hook."""
    container = CONTAINER | {"lifecycle": {"preStop": hook}}
    return workload(containers=[container], terminationGracePeriodSeconds=seconds)


FAILS: list[tuple[str, Declared, str]] = [
    ("disruption-budget", disruption_budget(minAvailable="100%"), "lets no pod go"),
    ("disruption-budget", disruption_budget(maxUnavailable=0), "lets no pod go"),
    ("disruption-budget", disruption_budget(maxUnavailable="0%"), "lets no pod go"),
    ("disruption-budget", disruption_budget(minAvailable=UNKNOWN), "spec.minAvailable is not known"),
    ("replicas", workload(1), "has one replica"),
    ("replicas", workload(UNKNOWN), "spec.replicas is not known"),
    ("time-to-stop", stopping({"sleep": {"seconds": 30}}), "waits 30 s, but the pod is killed after 30 s"),
    ("time-to-stop", stopping({"exec": {"command": ["sh", "-c", "sleep 60"]}}, 45), "waits 60 s"),
    ("time-to-stop", stopping({"sleep": {"seconds": UNKNOWN}}), "seconds is not known"),
]

PASSES = {
    "a Deployment": workload(),
    "a floor": workload(
        1, {FLOOR_LABEL: "p"}, containers=[{k: v for k, v in CONTAINER.items() if k != "readinessProbe"}]
    ),
    "elsewhere": deployment("apps"),
    "a budget": disruption_budget(maxUnavailable=1),
    "time enough": stopping({"sleep": {"seconds": 30}}, 90),
    "a hook that takes nobody knows how long": stopping({"exec": {"command": ["/drain"]}}),
}


@pytest.mark.parametrize(("rule", "declared", "expected"), FAILS)
def test_fails(rule: str, declared: Declared, expected: str) -> None:
    messages = register(declared)
    assert any(expected in message for message in of_rule(f"reliability-{rule}", messages)), messages


@pytest.mark.parametrize("declared", PASSES.values(), ids=PASSES)
def test_passes(declared: Declared) -> None:
    assert [message for message in [*register(declared), *advice(declared)] if message.startswith("reliability")] == []


@pytest.mark.parametrize(
    ("container", "expected"),
    [
        ({k: v for k, v in CONTAINER.items() if k != "readinessProbe"}, "containers[0] has no readinessProbe"),
        (CONTAINER | {"readinessProbe": UNKNOWN}, ""),
    ],
)
def test_probes_are_advice_in_dev(container: dict[str, Any], expected: str) -> None:
    declared = workload(containers=[container])
    assert of_rule("reliability-probes", register(declared)) == []
    messages = of_rule("reliability-probes", advice(declared))
    assert (messages == []) if not expected else expected in messages[0]


@pytest.mark.parametrize(
    ("least", "replicas", "expected"),
    [
        (2, 2, "web asks for 2 pods of web, which has 2"),
        (3, 2, "web asks for 3 pods of web, which has 2"),
        (1, None, "web asks for 1 pods of web, which has 1"),
        (1, 2, ""),
        (UNKNOWN, 2, "spec.minAvailable is not known"),
        (1, UNKNOWN, "spec.replicas is not known"),
    ],
)
def test_budgets_below_replicas(least: Any, replicas: Any, expected: str) -> None:
    messages = of_rule(
        "reliability-budget-below-replicas", check_stack(workload(replicas), disruption_budget(minAvailable=least))
    )
    assert (messages == []) if not expected else expected in messages[0]


@pytest.mark.parametrize(
    ("replicas", "target", "expected"),
    [
        (None, None, "nothing scales it"),
        (None, "another", "nothing scales it"),
        (None, UNKNOWN, "scaleTargetRef.name is not known"),
        (UNKNOWN, None, "spec.replicas is not known"),
        (None, "web", ""),
        (2, None, ""),
    ],
)
def test_replicas_that_nobody_states(replicas: Any, target: Any, expected: str) -> None:
    properties = {"metadata": {"namespace": NAMESPACE}, "spec": {"scaleTargetRef": {"name": target}}}
    scaler = [kubernetes("keda.sh/v1alpha1:ScaledObject", "web", properties)] if target else []
    messages = of_rule("reliability-unstated-replicas", check_stack(workload(replicas), *scaler))
    assert (messages == []) if not expected else expected in messages[0]


@pytest.mark.parametrize(
    ("subnets", "expected"),
    [
        ([UNKNOWN], "is in one zone"),
        ([UNKNOWN, UNKNOWN], ""),
        (UNKNOWN, "subnetIds is not known"),
    ],
)
def test_zones_of_a_general_pool(subnets: Any, expected: str) -> None:
    messages = of_rule("reliability-zones", register(POOL, node_group(POOL, subnetIds=subnets)))
    assert (messages == []) if not expected else expected in messages[0]


def test_a_pool_with_a_fabric_is_in_one_zone() -> None:
    h100 = pool("p5.48xlarge", 1)
    group = node_group(h100, subnetIds=[UNKNOWN], labels={ROLE_LABEL: "inference"})
    assert of_rule("reliability-zones", register(h100, group)) == []
