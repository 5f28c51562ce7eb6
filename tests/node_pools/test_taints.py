"""Which taints nodes carry, by cloud and way of buying, and that what a pool brings runs on its nodes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from bedplate import catalog
from bedplate.fabrics.acceptance_job import acceptance_manifests
from bedplate.fabrics.installers import installer_manifests
from bedplate.node_pools.floor import floor_manifests
from bedplate.node_pools.plan import NodePoolPlan
from bedplate.node_pools.prepull import prepull_manifests
from bedplate.node_pools.reservations import ways_to_buy
from bedplate.plan import StackPlan
from tests.support.bought import BOUGHT, CLUSTERS, SPOT_ON_AKS, Bought, plan_bought, tolerates

PREPULLED: dict[str, Any] = {"prepull_images": ["registry.example.com/engine:1.2"]}
WITHOUT_A_FLOOR = {"queued", "capacity-block", "owned"}


@pytest.mark.parametrize("bought", BOUGHT, ids=str)
@pytest.mark.parametrize("role", ["inference", "training"])
def test_the_plan_knows_what_nodes_carry(bought: Bought, role: str) -> None:
    _, pool = plan_bought(bought, role)
    assert sorted(map(str, pool.taints)) == sorted(bought.taints(role))
    of_the_cloud = {str(taint) for group in pool.groups for taint in group.taints.of_the_cloud}
    assert of_the_cloud == set(bought.of_the_cloud)


def test_every_way_of_buying_on_every_cloud_has_a_case() -> None:
    sold = {
        (provider, capacity)
        for provider in CLUSTERS
        if provider != "existing"
        for machine in catalog.machines(provider).values()
        for capacity in ways_to_buy(machine)
    }
    alone = {(bought.provider, bought.capacities[0]) for bought in BOUGHT if len(bought.capacities) == 1}
    assert alone == {*sold, ("existing", "owned")}


def pods_of(pool: NodePoolPlan, plan: StackPlan) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield what a pool brings to its own nodes, with the kind and name of each."""
    brought = [*floor_manifests(pool, plan), *prepull_manifests(pool, plan), *installer_manifests(pool)]
    for one in [*brought, *acceptance_manifests(pool, plan)]:
        if "template" in one.get("spec", {}):
            yield f"{one['kind']} {one['metadata']['name']}", one["spec"]["template"]["spec"]


@pytest.mark.parametrize("bought", BOUGHT, ids=str)
def test_what_a_pool_brings_runs_on_all_its_nodes(bought: Bought) -> None:
    always = WITHOUT_A_FLOOR.isdisjoint(bought.capacities)
    tested = bought.provider in ("aws", "gcp") and "queued" not in bought.capacities
    changes = PREPULLED | ({"nodes.min": 1} if always else {}) | ({"acceptance_test": {}} if tested else {})
    plan, pool = plan_bought(bought, changes=changes)
    found = dict(pods_of(pool, plan))
    expected = {
        "Deployment floor-it": always,
        "DaemonSet prepull-it": True,
        "DaemonSet vision-dev-it-gib": bought.provider == "gcp",
        "Job fabric-acceptance-it": tested,
    }
    assert set(found) == {name for name, there in expected.items() if there}
    for name, pod in found.items():
        missing = [taint for taint in bought.taints("training") if not tolerates(pod["tolerations"], taint)]
        assert (name, missing) == (name, [])


@pytest.mark.parametrize("bought", BOUGHT, ids=str)
def test_no_pod_tolerates_more_than_its_pool_carries(bought: Bought) -> None:
    """A toleration too many lets a pod onto nodes of others."""
    plan, pool = plan_bought(bought, changes=PREPULLED)
    for _, pod in pods_of(pool, plan):
        tolerated = {f"{one['key']}={one['value']}:{one['effect']}" for one in pod["tolerations"]}
        assert tolerated <= set(bought.taints("training"))


def test_a_pod_for_general_nodes_tolerates_nothing() -> None:
    plan, _ = plan_bought(Bought("gcp", ("on-demand",)))
    (system,) = (pool for pool in plan.node_pools if pool.name == "system")
    assert system.taints == ()
    for _, pod in pods_of(system, plan):
        assert "tolerations" not in pod


def test_spot_nodes_of_aks_carry_the_label_that_the_taint_is_named_after() -> None:
    _, pool = plan_bought(Bought("azure", ("spot",)))
    key, value = SPOT_ON_AKS.removesuffix(":NoSchedule").split("=")
    assert pool.groups[0].labels[key] == value
