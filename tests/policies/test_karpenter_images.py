"""Karpenter starts a release of node images that somebody chose, never whatever is newest."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from bedplate.node_pools.component import pool_numbers
from bedplate.node_pools.karpenter import NodeClassValues, node_class
from bedplate.plan import plan_stack
from tests.policies.stack import NODE_POOL, UNKNOWN, Declared, kubernetes, of_rule, register
from tests.support.stacks import one_pool

VALUES = NodeClassValues((UNKNOWN,), (UNKNOWN,), UNKNOWN, "vision-dev-use1-karpenter", None, {})


@pytest.mark.parametrize(
    ("term", "said"),
    [
        ({}, ""),
        ({"alias": "al2023@v20260714"}, ""),
        ({"alias": "al2023@latest"}, "starts al2023@latest, another image tomorrow than today"),
        ({"alias": "bottlerocket@latest"}, "starts bottlerocket@latest"),
        ({"alias": UNKNOWN}, "is not known"),
    ],
)
def test_an_image_is_named_by_its_release(term: dict[str, Any], said: str) -> None:
    plan = plan_stack(one_pool({"clusters.use1.autoscaler": "karpenter"}))
    planned = next(one for one in plan.node_pools if one.name == "it")
    component = Declared(NODE_POOL, "it", pool_numbers(planned, plan), provider="")
    inputs = {key: value for key, value in node_class(planned.groups[0], VALUES).items() if key in ("metadata", "spec")}
    inputs["spec"] |= {"amiSelectorTerms": [inputs["spec"]["amiSelectorTerms"][0] | term]}
    declared = replace(kubernetes("karpenter.k8s.aws/v1:EC2NodeClass", "it", inputs), parent=component)
    messages = of_rule("nodes-karpenter-class-as-declared", register(component, declared))
    assert len(messages) == bool(said)
    assert all(said in message for message in messages)
