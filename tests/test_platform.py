from __future__ import annotations

from bedplate.plan import plan_stack, stack_tags
from bedplate.sdk_types import check_inputs
from tests.support.declared import by_label, declared_stack
from tests.support.stacks import stack

POOL = "NodeGroup vision-dev-{}-offer1"


def test_services_start_when_there_are_nodes_and_names_resolve() -> None:
    autoscaler = by_label(declared_stack())["Release vision-dev-use1-cluster-autoscaler"]
    assert POOL.format("system") in autoscaler.depends_on
    assert "Addon vision-dev-use1-coredns" in autoscaler.depends_on


def test_nodes_with_accelerators_find_their_device_plugins() -> None:
    resources = by_label(declared_stack())
    for pool in ("l4", "h100"):
        assert "Release vision-dev-use1-gpu-operator" in resources[POOL.format(pool)].depends_on
    assert "Release vision-dev-use1-gpu-operator" not in resources[POOL.format("system")].depends_on


def test_rules_of_separation_hold_before_the_first_pod() -> None:
    resources = by_label(declared_stack())
    namespaces = {label for label in resources if label.startswith("Namespace use1-namespace-vision")}
    assert len(namespaces) == 2
    assert namespaces <= resources[POOL.format("system")].depends_on


def test_the_sdk_s_own_types_accept_every_input() -> None:
    for resource in declared_stack():
        if resource.token.startswith(("aws:", "kubernetes:")):
            assert list(check_inputs(resource.token, resource.inputs)) == [], resource.label


def test_every_taggable_resource_gets_the_stack_s_tags_from_its_provider() -> None:
    (provider,) = (resource for resource in declared_stack() if resource.token == "pulumi:providers:aws")
    assert provider.inputs["region"] == "us-east-1"
    assert stack_tags(stack()) == plan_stack(stack()).tags
    assert "bedplate:team" in str(provider.inputs["defaultTags"])
