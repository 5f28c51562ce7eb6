from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import pytest

from bedplate import catalog
from bedplate.node_pools.spec import MOST_OFFERS
from bedplate.plan import plan_stack
from bedplate.services.autoscaler import (
    autoscaler_flags,
    autoscaler_image_tag,
    autoscaler_policy,
    expander_priorities,
)
from tests.support.stacks import stack

UUID = "3ac4f1b2-0d5e-4a6b-9c7d-112233445566"


def priority(group: str) -> int:
    """Return a group's priority as the autoscaler finds it: the highest with an expression that is found in it."""
    return max(
        int(rank)
        for rank, expressions in expander_priorities().items()
        if any(re.search(expression, group) for expression in expressions)
    )


@pytest.mark.parametrize("offer", range(1, MOST_OFFERS))
def test_an_earlier_offer_goes_first(offer: int) -> None:
    assert priority(f"eks-vision-dev-h100-offer{offer}-{UUID}") > priority(
        f"eks-vision-dev-h100-offer{offer + 1}-{UUID}"
    )


@pytest.mark.parametrize(
    ("group", "offer"),
    [
        (f"eks-vision-dev-h100-offer1-{UUID}", 1),
        (f"eks-platform-prod-system-offer1-{UUID}", 1),
        (f"eks-vision-dev-offer1-offer2-{UUID}", 2),
        (f"eks-vision-dev-a-offer1-b-offer3-{UUID}", 3),
    ],
)
def test_the_offer_is_read_from_the_end_of_the_name(group: str, offer: int) -> None:
    assert priority(group) == priority(f"eks-other-prod-pool-offer{offer}-{UUID}") == 100 - offer


@pytest.mark.parametrize(
    "group",
    [
        f"eks-vision-dev-h100-offer{MOST_OFFERS + 1}-{UUID}",
        f"eks-vision-dev-h100-offer12-{UUID}",
        f"eks-handmade-{UUID}",
        "eks-vision-dev-h100-offer1",
        f"other-eks-vision-dev-h100-offer1-{UUID}",
    ],
)
def test_any_other_group_still_grows_but_last(group: str) -> None:
    assert priority(group) == 1 < priority(f"eks-vision-dev-h100-offer{MOST_OFFERS}-{UUID}")


def test_names_of_planned_groups_carry_their_preference() -> None:
    (pool,) = (pool for pool in plan_stack(stack()).node_pools if pool.name == "h100")
    assert [priority(f"eks-{group.name}-{UUID}") for group in pool.groups] == [99, 98]


@pytest.mark.parametrize("version", [known.version for known in catalog.kubernetes_versions("aws")])
def test_the_autoscaler_is_of_the_clusters_minor_version(version: str) -> None:
    cluster = replace(plan_stack(stack()).clusters["use1"].plan, kubernetes_version=version)
    assert autoscaler_image_tag(cluster).startswith(f"v{version}.")


def statements() -> dict[str, Any]:
    return {statement["Sid"]: statement for statement in autoscaler_policy("vision-dev-use1")}


def test_the_role_changes_only_groups_of_its_own_cluster() -> None:
    writing = {
        name: statement
        for name, statement in statements().items()
        if not all(":Describe" in action or ":Get" in action for action in statement["Action"])
    }
    assert writing.keys() == {"Scale"}
    assert writing["Scale"]["Condition"] == {
        "StringEquals": {"aws:ResourceTag/k8s.io/cluster-autoscaler/vision-dev-use1": "owned"}
    }
    assert sorted(writing["Scale"]["Action"]) == [
        "autoscaling:SetDesiredCapacity",
        "autoscaling:TerminateInstanceInAutoScalingGroup",
    ]


def test_the_role_can_learn_the_labels_and_taints_of_an_empty_group() -> None:
    statement = statements()["DescribeNodeGroups"]
    assert statement["Action"] == ["eks:DescribeNodegroup"]
    assert statement["Resource"] == "arn:aws:eks:*:*:nodegroup/vision-dev-use1/*/*"


def test_flags_are_text_because_the_chart_prints_them() -> None:
    assert all(isinstance(value, str) for value in autoscaler_flags().values())
    assert autoscaler_flags()["expander"].split(",")[0] == "priority"
