from __future__ import annotations

import pytest

from bedplate.clusters.plan import choose_zones, plan_cluster
from bedplate.clusters.spec import ClusterSpec
from bedplate.stack import StackSpec
from tests.support.stacks import stack


def cluster_of(spec: StackSpec) -> ClusterSpec:
    cluster = spec.clusters["use1"]
    assert isinstance(cluster, ClusterSpec)
    return cluster


@pytest.mark.parametrize(
    ("candidates", "offered", "chosen"),
    [
        ("abcd", [], "abc"),
        ("abcd", ["d"], "abd"),
        ("abcd", ["cd", "d"], "acd"),
        ("abcdef", ["e", "f", "d"], "def"),
        ("abcdef", ["f", "f", "e", "d", "c"], "cdf"),
        ("ab", ["b"], "ab"),
    ],
)
def test_zones_offer_every_machine_if_they_can_and_most_machines_else(
    candidates: str, offered: list[str], chosen: str
) -> None:
    assert choose_zones(list(candidates), offered) == tuple(chosen)


def test_the_choice_of_zones_does_not_depend_on_the_order_of_pools() -> None:
    offered = ["f", "ef", "cd", "d"]
    assert choose_zones("abcdef", offered) == choose_zones("abcdef", offered[::-1])


@pytest.mark.parametrize(
    ("changes", "protected"),
    [
        ({}, False),
        ({"environment": "prod"}, True),
        ({"environment": "staging"}, True),
        ({"clusters.use1.deletion_protection": True}, True),
        ({"environment": "prod", "clusters.use1.deletion_protection": False}, False),
    ],
)
def test_deletion_protection(changes: dict[str, object], protected: bool) -> None:
    spec = stack(changes)
    assert plan_cluster(spec, "use1", cluster_of(spec)).deletion_protection is protected


def test_an_api_server_is_public_for_named_networks_alone() -> None:
    spec = stack()
    plan = plan_cluster(spec, "use1", cluster_of(spec))
    assert plan.public_endpoint
    assert plan.runner_networks == ("203.0.113.0/24",)


def test_a_runner_inside_leaves_no_public_endpoint() -> None:
    spec = stack({"clusters.use1.runner_access": [], "clusters.use1.runner_inside": True})
    assert not plan_cluster(spec, "use1", cluster_of(spec)).public_endpoint
