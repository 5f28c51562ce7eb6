"""The pack as the engine sees it, and what happens when a rule itself goes wrong."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml
from pulumi_policy import EnforcementLevel
from pulumi_policy.proxy import UnknownValueError, unknown_checking_proxy

from rules.catalogue import ALL, FAMILIES, RULES, STACK_RULES
from rules.model import Finding, Rule, StackRule, violations
from rules.pack import policies
from rules.reading import UndecidedError
from rules.reference import page
from tests.policies import (
    test_cost,
    test_enforcement,
    test_governance,
    test_karpenter,
    test_reliability,
    test_security,
    test_separation,
)
from tests.policies.resources import disruption_budget, resource
from tests.policies.stack import (
    SETTINGS,
    UNKNOWN,
    Declared,
    advice,
    check_stack,
    deployment,
    kubernetes,
    launch_template,
    node_group,
    pool,
    register,
)
from tests.support.stacks import REMOVED

ROOT = Path(__file__).resolve().parents[2]


def raise_unknown() -> Iterator[str]:
    yield "first problem"
    unknown_checking_proxy({"a": {"b": UNKNOWN}})["a"]["b"]


def raise_undecided() -> Iterator[str]:
    yield "first problem"
    raise UndecidedError("x is not set")


def raise_anything() -> Iterator[str]:
    yield "first problem"
    raise KeyError("x")


@pytest.mark.parametrize("rule", [RULES[0], STACK_RULES[0]])
@pytest.mark.parametrize(
    ("run", "expected"),
    [
        (raise_unknown, "could not be evaluated, so the deployment stops: UnknownValueError"),
        (raise_undecided, "cannot be decided: x is not set. Fix: "),
        (raise_anything, "could not be evaluated, so the deployment stops: KeyError: 'x'"),
    ],
)
def test_a_rule_that_fails_is_a_violation(rule: Rule | StackRule, run: Any, expected: str) -> None:
    first, second = (violation.message for violation in violations(rule, run))
    assert first == f"{rule.id}: first problem. Fix: {rule.fix}."
    assert second.startswith(f"{rule.id}: {expected}")


def test_the_proxy_does_raise() -> None:
    """Without which the tests of unknown values would prove nothing."""
    with pytest.raises(UnknownValueError):
        list(raise_unknown())


def test_a_finding_brings_its_own_fix() -> None:
    found = violations(RULES[0], lambda: [Finding("too big", "Shrink it")])
    assert [one.message for one in found] == [f"{RULES[0].id}: too big. Shrink it."]


def test_what_judges_is_mandatory() -> None:
    assert {policy.name: policy.enforcement_level for policy in policies(SETTINGS)} == {
        "correct": EnforcementLevel.REMEDIATE,
        "resource": EnforcementLevel.MANDATORY,
        "stack": EnforcementLevel.MANDATORY,
        "advice": EnforcementLevel.ADVISORY,
    }


def test_rules_have_ids_and_words_of_their_own() -> None:
    assert len({rule.id for rule in ALL}) == len(ALL)
    for rule in ALL:
        assert rule.family in FAMILIES
        assert rule.id.startswith(rule.family.split("-")[0])
        assert bool(rule.passes) == bool(rule.fails)
        assert rule.demands.endswith(".")
        assert rule.reason.endswith(".")
        assert not rule.fix.endswith("."), "messages end the sentence"


def test_every_rule_fails_for_something() -> None:
    template = launch_template(pool(), "p5.48xlarge")
    h100 = pool("p5.48xlarge", 1)
    refused = [
        *(component for component, _ in test_cost.FAILS.values()),
        *(workload for workload, _ in test_separation.FAILS.values()),
        *(template, node_group(None), node_group(pool(), nodeGroupName="mine"), deployment(replicas=1)),
        *(test_separation.release(version="v0"), Declared("acme:index:Thing", "it", {}, provider="acme")),
        *(resource(kind, changes) for _, kind, changes, _ in test_security.CLOUD_FAILS),
        *(declared for _, declared, _ in test_security.POD_FAILS),
        *(declared for _, declared, _ in test_reliability.FAILS),
        *(declared for _, declared, _ in test_governance.FAILS),
        test_enforcement.WITHOUT_PROBES,
        deployment(priorityClassName="system-node-critical"),
        kubernetes("core/v1:ConfigMap", "mine", {"kind": "Pod"}),
        kubernetes("admissionregistration.k8s.io/v1:MutatingWebhook", "m", {"metadata": {"name": "bedplate-m"}}),
        kubernetes("scheduling.k8s.io/v1:PriorityClass", "mine", {"value": 10**6}),
        *test_karpenter.declared(test_karpenter.SPOT, {"spec.limits": REMOVED}, {"metadata.name": "big"}),
        *(h100, node_group(h100), pool(), node_group(pool(), subnetIds=[UNKNOWN])),
        pool(role="training", groups=[{"name": "g", "machine": "p5.48xlarge", "capacity": "on-demand", "maxNodes": 1}]),
    ]
    twice = [replace(node_group(pool()), name=name) for name in ("a", "b")]
    messages = [*register(pool(), *refused), *advice(pool(), *refused)]
    messages += [*check_stack(pool("p5.48xlarge", 9), *twice), *check_stack(pool(groups=UNKNOWN, cost=UNKNOWN))]
    for _, resources, _ in test_security.STACK_CASES:
        messages += check_stack(*resources)
    messages += check_stack(test_reliability.workload(1), disruption_budget(minAvailable=1))
    messages += check_stack(test_reliability.workload(None))
    found = {message.split(": ")[0] for message in messages}
    assert {rule.id for rule in ALL} - found == IN_THEIR_OWN_TESTS
    assert found <= {rule.id for rule in ALL}


IN_THEIR_OWN_TESTS = {"governance-exceptions", "governance-settings", "governance-unused-exceptions"} | {
    "nodes-existing-create-nothing",
    "nodes-gke-as-declared",
    "nodes-gke-group-used-once",
    "nodes-aks-as-declared",
    "nodes-aks-system-as-declared",
    "nodes-aks-group-used-once",
    "security-aks-control-plane-logs",
}
"""Rules that need settings or exceptions of their own to fail (test_enforcement), or a cluster of their own
(test_existing), or a node pool of GKE (test_gke_nodes) or AKS (test_aks_nodes)."""


def test_reference_page_is_fresh() -> None:
    """Write it anew with: cd policies && ../.venv/bin/python -m rules.reference > ../docs/reference/policies.md"""
    assert (ROOT / "docs" / "reference" / "policies.md").read_text(encoding="utf-8") == page()


def test_the_pack_runs_in_the_checkouts_environment() -> None:
    project = yaml.safe_load((ROOT / "policies" / "PulumiPolicy.yaml").read_text())
    assert project["runtime"]["options"]["virtualenv"] == "../.venv"
