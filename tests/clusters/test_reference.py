from __future__ import annotations

from pathlib import Path
from typing import Any

import pulumi
import pytest

from bedplate.clusters.reference import cluster_outputs, qualified_stack_name
from bedplate.plan import StackPlan, plan_stack
from bedplate.platform import declare
from tests.support.declared import Declared, by_label, declared
from tests.support.golden import check_golden
from tests.support.stacks import CLUSTER, L4, SYSTEM, spec

GOLDEN = Path(__file__).with_name("golden")


def platform(team: str = "platform") -> dict[str, Any]:
    zones = ["use1-az1", "use1-az2", "use1-az6"]
    return {
        "team": team,
        "environment": "prod",
        "clusters": {"use1": CLUSTER | {"zones": zones, "device_plugins": ["nvidia"]}},
        "node_pools": {"system": SYSTEM},
    }


def team_plan(owner: str = "platform-prod") -> StackPlan:
    team = spec(
        {
            "team": "vision",
            "environment": "prod",
            "clusters": {"shared": {"stack": owner, "name": "use1"}},
            "node_pools": {"l4": L4 | {"cluster": "shared"}},
        }
    )
    return plan_stack(team, {owner: spec(platform(owner.removesuffix("-prod")))})


def team_resources() -> dict[str, Declared]:
    plan = team_plan()
    return by_label(declared(lambda: declare(plan), "vision-prod"))


def test_a_pool_on_a_cluster_of_a_platform_stack() -> None:
    group = team_resources()["NodeGroup vision-prod-l4-offer1"].inputs
    assert group["clusterName"] == "platform-prod-use1"
    assert group["subnetIds"] == [f"<subnet in use1-az{number}>" for number in (1, 2, 6)]


def test_a_team_stack_declares_nothing_of_the_cluster_itself() -> None:
    kinds = {label.split()[0] for label in team_resources()}
    assert not kinds & {"Cluster", "Vpc", "Key", "Addon", "Release", "ValidatingAdmissionPolicy"}


def test_the_platform_stack_is_read_once_under_its_full_name() -> None:
    (reference,) = (resource for label, resource in team_resources().items() if label.startswith("StackReference"))
    assert reference.inputs["name"] == "acme/bedplate/platform-prod"


def test_the_kubernetes_provider_of_a_referenced_cluster_as_rendered() -> None:
    provider = team_resources()["kubernetes platform-prod-use1"]
    check_golden(GOLDEN / "referenced-provider.yaml", [provider.rendered()])


@pytest.mark.parametrize(
    ("organization", "name"),
    [("acme", "acme/bedplate/platform-prod"), ("organization", "organization/bedplate/platform-prod")],
)
def test_stack_names_hold_on_every_backend(organization: str, name: str) -> None:
    assert qualified_stack_name(organization, "bedplate", "platform-prod") == name


@pytest.mark.parametrize("clusters", [None, {}, {"other": {}}])
def test_a_platform_stack_that_is_not_up_says_what_to_run(clusters: dict[str, Any] | None) -> None:
    with pytest.raises(pulumi.RunError, match=r"has not created the cluster 'use1' yet: run `pulumi up --stack p`"):
        cluster_outputs(clusters, "use1", "p")


def test_a_platform_stack_without_outputs_stops_the_program() -> None:
    plan = team_plan("other-prod")
    with pytest.raises(pulumi.RunError, match="other-prod has not created"):
        declared(lambda: declare(plan), "vision-prod")
