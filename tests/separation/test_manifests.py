from __future__ import annotations

import ipaddress
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


RESOLVERS = [
    {"pod": {"k8s-app": "kube-dns"}},
    {"pod": {"k8s-app": "node-local-dns"}},
    {"address": "169.254.20.10"},
    {"address": "169.254.25.10"},
    {"address": "169.254.10.10"},
    {"address": "169.254.10.11"},
]
NO_RESOLVERS = [{"pod": {"k8s-app": "metrics-server"}}, {"pod": {}}, {"address": "169.254.169.254"}]


def let_out(resolver: dict[str, Any]) -> bool:
    """Whether a namespace's policies let its pods ask `resolver`: a pod of kube-system, or an address of the node."""
    manifests = namespace_manifests(team_namespaces(plan_stack(stack()))[1])
    rules = [rule for one in manifests for rule in one.get("spec", {}).get("egress", ())]
    asked = [{"protocol": "UDP", "port": 53}, {"protocol": "TCP", "port": 53}]
    assert [rule["ports"] for rule in rules] == [asked] * len(rules)
    return any(_is_peer(peer, resolver) for rule in rules for peer in rule["to"])


def _is_peer(peer: dict[str, Any], resolver: dict[str, Any]) -> bool:
    if "ipBlock" in peer:
        network = ipaddress.ip_network(peer["ipBlock"]["cidr"])
        return "address" in resolver and ipaddress.ip_address(resolver["address"]) in network
    assert peer["namespaceSelector"] == {"matchLabels": {"kubernetes.io/metadata.name": "kube-system"}}
    (wanted,) = peer["podSelector"]["matchExpressions"]
    assert wanted["operator"] == "In"
    return resolver.get("pod", {}).get(wanted["key"]) in wanted["values"]


@pytest.mark.parametrize("resolver", RESOLVERS, ids=str)
def test_pods_ask_whatever_answers_for_cluster_dns(resolver: dict[str, Any]) -> None:
    assert let_out(resolver)


@pytest.mark.parametrize("other", NO_RESOLVERS, ids=str)
def test_pods_ask_nothing_else(other: dict[str, Any]) -> None:
    assert not let_out(other)


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
