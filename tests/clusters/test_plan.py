from __future__ import annotations

import pytest

from bedplate.clusters.plan import EksPlan, cluster_zones, plan_cluster
from bedplate.clusters.spec import ClusterSpec
from bedplate.stack import StackSpec
from tests.support.stacks import REMOVED, stack


def cluster_of(spec: StackSpec) -> ClusterSpec:
    cluster = spec.clusters["use1"]
    assert isinstance(cluster, ClusterSpec)
    return cluster


def test_the_region_decides_the_zones_and_the_pools_never_do() -> None:
    with_pools, without = stack(), stack({"node_pools.l4": REMOVED, "node_pools.h100": REMOVED})
    assert cluster_zones(cluster_of(with_pools)) == cluster_zones(cluster_of(without))
    assert cluster_zones(cluster_of(with_pools)) == ("use1-az1", "use1-az2", "use1-az4")  # az3 takes no control plane


def test_declared_zones_keep_their_order() -> None:
    spec = stack({"clusters.use1.zones": ["use1-az6", "use1-az2"]})
    plan = plan_cluster(spec, "use1", cluster_of(spec))
    assert isinstance(plan, EksPlan)
    assert plan.zones == plan.control_plane_zones == ("use1-az6", "use1-az2")


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
