from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import cel
import pytest

from bedplate.plan import plan_stack
from bedplate.sdk_types import check_inputs, is_known_token
from bedplate.separation.namespaces import namespace_manifests, pool_namespace, team_namespaces
from bedplate.separation.policies import POLICIES, AdmissionPolicy, separation_manifests
from bedplate.separation.priorities import FLOOR_PRIORITY_CLASS, priority_classes
from bedplate.services.manifests import manifest_token
from tests.separation.admission import EXEMPT
from tests.support.golden import check_golden
from tests.support.stacks import stack

GOLDEN = Path(__file__).with_name("golden")


def every_manifest() -> list[dict[str, Any]]:
    plan = plan_stack(stack())
    namespaces = [one for namespace in team_namespaces(plan) for one in namespace_manifests(namespace)]
    return [*priority_classes(), *separation_manifests(EXEMPT), *namespaces]


@pytest.mark.parametrize("manifest", every_manifest(), ids=lambda one: f"{one['kind']}-{one['metadata']['name']}")
def test_the_sdk_knows_every_field(manifest: dict[str, Any]) -> None:
    token = manifest_token(manifest)
    assert is_known_token(token)
    assert [problem.render() for problem in check_inputs(token, manifest)] == []


def test_policies_as_rendered() -> None:
    check_golden(GOLDEN / "policies.yaml", separation_manifests(EXEMPT))


def test_priority_classes_as_rendered() -> None:
    check_golden(GOLDEN / "priorities.yaml", priority_classes())


def test_namespaces_as_rendered() -> None:
    inference = team_namespaces(plan_stack(stack()))[1]
    check_golden(GOLDEN / "namespace.yaml", namespace_manifests(inference))


@pytest.mark.parametrize("policy", POLICIES, ids=lambda policy: policy.name)
def test_expressions_use_only_what_the_api_server_offers_them(policy: AdmissionPolicy) -> None:
    offered = {"object", "oldObject", "request", "namespaceObject", "variables"}
    bound = {"t", "e", "term", "value", "c", "v", "m", "name"}  # by all() and exists()
    defined: set[str] = set()
    for name, expression in [(variable.name, variable.expression) for variable in policy.variables]:
        assert set(cel.compile(expression).variables()) <= offered | bound
        assert set(re.findall(r"variables\.(\w+)", expression)) <= defined, f"{name} uses a later variable"
        defined.add(name)
    for rule in policy.rules:
        for expression in (rule.expression, rule.message):
            assert set(cel.compile(expression).variables()) <= offered | bound
            assert set(re.findall(r"variables\.(\w+)", expression)) <= defined
    # Match conditions are evaluated before there are variables.
    assert "variables" not in policy.applies


@pytest.mark.parametrize("policy", POLICIES, ids=lambda policy: policy.name)
def test_messages_fit_on_the_one_line_that_the_api_server_takes(policy: AdmissionPolicy) -> None:
    assert all("\n" not in rule.message for rule in policy.rules)


def test_every_policy_is_bound_to_the_whole_cluster_and_fails_closed() -> None:
    manifests = separation_manifests(EXEMPT)
    policies = {one["metadata"]["name"]: one for one in manifests if one["kind"].endswith("Policy")}
    bound = {one["spec"]["policyName"]: one["spec"] for one in manifests if one["kind"].endswith("Binding")}
    assert policies.keys() == bound.keys()
    assert {one["spec"]["failurePolicy"] for one in policies.values()} == {"Fail"}
    assert all("matchResources" not in spec for spec in bound.values())
    assert [name for name, spec in bound.items() if spec["validationActions"] != ["Deny"]] == [
        "bedplate-separation-workload-nodes"
    ]


def test_the_floor_stands_above_every_workload_and_pushes_nobody_out() -> None:
    floor, *others = priority_classes()
    assert floor["metadata"]["name"] == FLOOR_PRIORITY_CLASS
    assert floor["preemptionPolicy"] == "Never"
    assert all(floor["value"] > other["value"] > 0 for other in others)


def test_a_namespace_per_role_and_cluster() -> None:
    plan = plan_stack(stack({"node_pools.l4.role": "training"}))
    names = [namespace.name for namespace in team_namespaces(plan)]
    assert names == ["vision-dev-general", "vision-dev-inference", "vision-dev-training"]
    assert {pool.name: pool_namespace(plan, pool) for pool in plan.node_pools} == {
        "system": "vision-dev-general",
        "l4": "vision-dev-training",
        "h100": "vision-dev-inference",
    }


@pytest.mark.parametrize(("environment", "protected"), [("dev", False), ("prod", True)])
def test_namespaces_are_kept_as_their_cluster_is(environment: str, protected: bool) -> None:
    plan = plan_stack(stack({"environment": environment}))
    assert {namespace.protected for namespace in team_namespaces(plan)} == {protected}
