"""Nodes that exist already: a declared price and a cluster of somebody else are no way around a cap."""

from __future__ import annotations

from typing import Any

import pytest

from bedplate.cost.estimate import cluster_cost
from bedplate.cost.wire import to_wire
from bedplate.node_pools.component import pool_numbers
from bedplate.node_pools.labels import POOL_LABEL, ROLE_LABEL
from bedplate.node_pools.prepull import prepull_manifests
from bedplate.plan import plan_stack
from tests.policies.stack import (
    CLUSTER,
    NODE_POOL,
    Declared,
    check_stack,
    kubernetes,
    node_group,
    of_rule,
    register,
    with_line,
)
from tests.support.existing import existing
from tests.support.stacks import REMOVED, changed

PLAN = plan_stack(existing({"node_pools.train.prepull_images": ["registry.example.com/trainer:1.2"]}))


def pool(changes: dict[str, Any] | None = None, name: str = "train") -> Declared:
    planned = next(one for one in PLAN.node_pools if one.name == name)
    return Declared(NODE_POOL, name, changed(pool_numbers(planned, PLAN), changes or {}), provider="")


def cluster(**changes: Any) -> Declared:
    plan = PLAN.clusters["hall"].plan
    numbers = {"name": "hall", "team": "vision", "environment": "dev", "provider": "existing", "region": ""}
    return Declared(CLUSTER, "hall", numbers | {"cost": to_wire(cluster_cost(plan))} | changes, provider="")


def daemon_set(parent: Declared | None, **selector: str) -> Declared:
    planned = next(one for one in PLAN.node_pools if one.name == "train")
    (manifest,) = prepull_manifests(planned, PLAN)
    pod = "spec.template.spec.nodeSelector"
    inputs = changed(manifest, {pod: selector or {POOL_LABEL: planned.full_name, ROLE_LABEL: "training"}})
    declared = kubernetes("apps/v1:DaemonSet", "prepull", inputs)
    declared.parent = parent
    return declared


def test_own_hardware_passes_at_the_price_that_its_owner_declares() -> None:
    declared = [cluster(), pool(name="base"), pool()]
    assert register(*declared) == []
    assert check_stack(*declared) == []


GROUP = "groups.0"
FAILS: dict[str, tuple[Declared, str]] = {
    "a cent an hour": (
        with_line(pool({f"{GROUP}.hardware.usdPerNodeHour": "0.01"}), 0, usdPerHour="0.01"),
        "cost-has-catalog-prices: 8x-h100 owned of train has a declared price of $0.01 an hour; believed is $13.87 to",
    ),
    "another price than the hardware's": (
        with_line(pool(), 0, usdPerHour="30"),
        "is counted at $30 an hour; its hardware is declared at $31",
    ),
    "a price of some day": (with_line(pool(), 0, asOf="2026-10-01"), "is of no day, and claims 2026-10-01"),
    "fewer nodes than hosts": (with_line(pool(), 0, maxUnits=1), "may run 2 × 8x-h100 owned, but its cost counts 1"),
    "one accelerator that is called eight": (
        pool({f"{GROUP}.hardware.accelerators": 1}),
        "8x-h100 is not what its hardware is called, 1x-h100",
    ),
    "an accelerator that nobody knows": (
        pool({f"{GROUP}.hardware.accelerator": "H1000", f"{GROUP}.machine": "8x-h1000"}),
        "the catalog has no accelerator H1000",
    ),
    "no hardware at all": (pool({f"{GROUP}.hardware": REMOVED}), "hardware"),
    "a general pool with accelerators": (
        pool({"role": "general"}),
        "separation-accelerators: train is a general pool, but offers 8x-h100 with H100",
    ),
    "bought on demand from nobody": (
        pool({f"{GROUP}.capacity": "on-demand"}),
        "the catalog has no cloud 'existing'",
    ),
}


@pytest.mark.parametrize(("declared", "expected"), FAILS.values(), ids=FAILS)
def test_fails(declared: Declared, expected: str) -> None:
    messages = register(declared)
    assert any(expected in message for message in messages), messages


def test_nothing_of_a_cloud_hides_below_what_exists_already() -> None:
    """Else a control plane or a node group would run for a price that somebody wrote for own hardware."""
    owner = cluster()
    control_plane = Declared("aws:eks/cluster:Cluster", "c", {"name": "c"}, parent=owner)
    found = of_rule("nodes-existing-create-nothing", register(owner, control_plane))
    assert [message.split(". Fix")[0] for message in found] == [
        "nodes-existing-create-nothing: aws:eks/cluster:Cluster c is created below hall, which is said to exist already"
    ]
    nodes = pool()
    assert of_rule("nodes-existing-create-nothing", register(nodes, node_group(nodes)))
    assert of_rule("nodes-existing-create-nothing", register(cluster(provider="aws"), control_plane)) == []


def test_a_cluster_of_a_cloud_still_counts_its_control_plane() -> None:
    assert of_rule("cost-counted-in-full", register(cluster())) == []
    assert of_rule("cost-counted-in-full", register(cluster(provider="aws", cost=[]))) != []


def test_the_orders_of_an_operator_are_for_pods_in_its_own_namespace() -> None:
    tolerations = {"spec": {"tolerations": [{"key": ROLE_LABEL, "operator": "Exists", "effect": "NoSchedule"}]}}
    policy = kubernetes("mellanox.com/v1alpha1:NicClusterPolicy", "policy", tolerations)
    assert of_rule("separation-tolerations", register(policy)) == []
    other = kubernetes("example.com/v1:NicClusterPolicy", "policy", tolerations)
    assert of_rule("separation-tolerations", register(other)) != []


def test_a_daemon_set_may_take_its_share_of_its_own_pool_alone() -> None:
    owner = pool()
    rule = "separation-daemon-sets"
    assert of_rule(rule, register(owner, daemon_set(owner))) == []
    assert of_rule(rule, register(owner, daemon_set(None))) != []
    everywhere = {ROLE_LABEL: "training"}
    assert of_rule(rule, register(owner, daemon_set(owner, **everywhere))) != []
