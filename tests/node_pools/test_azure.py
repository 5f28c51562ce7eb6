from __future__ import annotations

import re
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

import pulumi_azure_native as azure
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bedplate import catalog
from bedplate.clouds.azure_names import AGENT_POOL_LENGTH, agent_pool_name
from bedplate.cost.estimate import pool_cost
from bedplate.node_pools.azure import resource_tags, upgrade_settings
from bedplate.node_pools.azure_disks import os_disk
from bedplate.node_pools.azure_images import OS_SKU, aks_installs_driver, has_its_ubuntu
from bedplate.node_pools.prices import list_price
from bedplate.plan import plan_stack
from bedplate.platform import declare
from bedplate.risks import risks
from bedplate.services.aks_autoscaler import expander_priorities
from tests.support.azure import RESERVATIONS, azure_stack
from tests.support.declared import Declared, by_label, by_room, declared
from tests.support.golden import check_golden

GOLDEN = Path(__file__).with_name("golden")


@cache
def unchanged() -> tuple[Declared, ...]:
    plan = plan_stack(azure_stack())
    return tuple(declared(lambda: declare(plan)))


def agent_pool(name: str, changes: dict[str, Any] | None = None) -> Declared:
    if not changes:
        return by_label(unchanged())[f"AgentPool {name}"]
    plan = plan_stack(azure_stack(changes))
    return by_label(declared(lambda: declare(plan)))[f"AgentPool {name}"]


@pytest.mark.parametrize("pool", ["system", "h100", "a100"])
def test_pool_as_rendered(pool: str) -> None:
    resources = [one for one in by_room(unchanged(), f"NodePool {pool}") if one.token.startswith("azure-native:")]
    check_golden(GOLDEN / f"azure-{pool}.yaml", [resource.rendered() for resource in resources])


@given(pool=st.from_regex(r"[a-z][a-z0-9-]{0,48}[a-z0-9]", fullmatch=True), offer=st.integers(1, 5))
def test_an_agent_pool_s_name_is_one_that_aks_takes_and_ends_with_its_offer(pool: str, offer: int) -> None:
    name = agent_pool_name(f"{pool}-offer{offer}")
    assert re.fullmatch(r"[a-z][a-z0-9]*", name)
    assert len(name) <= AGENT_POOL_LENGTH
    assert name.endswith(str(offer))


@given(pool=st.from_regex(r"[a-z][a-z0-9]{0,11}", fullmatch=True), offer=st.integers(1, 5))
def test_the_offer_decides_which_scale_set_grows_first(pool: str, offer: int) -> None:
    scale_set = f"aks-{agent_pool_name(f'vision-dev-{pool}-offer{offer}')}-29545764-vmss"
    matching = [
        int(priority)
        for priority, expressions in expander_priorities().items()
        if any(re.search(expression, scale_set) for expression in expressions)
    ]
    assert max(matching) == 100 - offer
    assert sorted(matching) == [1, 100 - offer]


def test_pools_of_two_teams_have_different_names() -> None:
    assert agent_pool_name("vision-dev-h100-offer1") != agent_pool_name("speech-dev-h100-offer1")


def test_the_autoscaler_owns_the_size_and_no_minimum_stands_in_its_way() -> None:
    pools = [resource for resource in unchanged() if resource.label.startswith("AgentPool ")]
    assert len(pools) == 5
    assert {pool.ignore_changes for pool in pools} == {("count",)}
    assert {pool.inputs["minCount"] for pool in pools} == {0}
    assert all(pool.inputs["enableAutoScaling"] for pool in pools)
    assert {pool.inputs["mode"] for pool in pools} == {"User"}


def test_spot_nodes_go_for_no_price_and_carry_what_aks_puts_on_them() -> None:
    inputs = agent_pool("vision-dev-a100-offer2").inputs
    assert (inputs["scaleSetPriority"], inputs["scaleSetEvictionPolicy"]) == ("Spot", "Delete")
    assert inputs["spotMaxPrice"] == -1
    assert inputs["nodeLabels"]["kubernetes.azure.com/scalesetpriority"] == "spot"
    assert "kubernetes.azure.com/scalesetpriority=spot:NoSchedule" in inputs["nodeTaints"]
    assert "scaleSetPriority" not in agent_pool("vision-dev-a100-offer3").inputs


def test_pods_of_the_floor_may_stand_on_spot_nodes() -> None:
    (floor,) = (one for one in unchanged() if "floor-a100" in one.name)
    tolerated = {one["key"] for one in floor.inputs["spec"]["template"]["spec"]["tolerations"]}
    assert "kubernetes.azure.com/scalesetpriority" in tolerated


def test_reserved_nodes_stand_in_the_zone_of_their_reservation_and_may_be_taken() -> None:
    pool = agent_pool("vision-dev-a100-offer1")
    assert pool.inputs["capacityReservationGroupID"] == RESERVATIONS
    assert pool.inputs["availabilityZones"] == ["2"]
    right = by_label(unchanged())["RoleAssignment vision-dev-a100-offer1-reservation"]
    assert right.inputs["scope"] == RESERVATIONS.partition("/providers/")[0]
    assert right.label in pool.depends_on


def test_without_a_known_zone_none_is_named() -> None:
    assert "availabilityZones" not in agent_pool("vision-dev-h100-offer1").inputs


def test_new_nodes_of_accelerators_never_pass_the_cap() -> None:
    for role, surge, away in (("general", "1", "0"), ("inference", "0", "1"), ("training", "0", "1")):
        settings = upgrade_settings(role, "on-demand")  # type: ignore[arg-type]
        assert settings is not None
        assert (settings.max_surge, settings.max_unavailable) == (surge, away)


@pytest.mark.parametrize("offer", [1, 2, 3])
def test_only_spot_nodes_have_no_settings_for_upgrades(offer: int) -> None:
    inputs = agent_pool(f"vision-dev-a100-offer{offer}").inputs
    assert ("upgradeSettings" in inputs) is (inputs.get("scaleSetPriority") != "Spot")


@pytest.mark.parametrize(
    ("machine", "mode", "driver"),
    [
        ("Standard_ND96isr_H100_v5", None, False),
        ("Standard_NC24ads_A100_v4", "cloud", True),
        ("Standard_ND96isr_MI300X_v5", None, False),
        ("Standard_ND96isr_MI300X_v5", "host", False),
        ("Standard_D8ds_v5", "cloud", False),
    ],
)
def test_aks_or_the_operator_installs_the_driver_and_never_both(machine: str, mode: Any, driver: bool) -> None:
    known = catalog.machine("azure", machine)
    assert known is not None
    assert aks_installs_driver(known, mode) is driver


def test_general_nodes_have_no_word_about_drivers() -> None:
    assert "gpuProfile" not in agent_pool("vision-dev-system-offer1").inputs
    assert agent_pool("vision-dev-h100-offer1").inputs["gpuProfile"] == {"driver": "None"}


def test_the_operating_system_is_one_that_the_api_behind_the_sdk_knows() -> None:
    assert OS_SKU in {known.value for known in azure.containerservice.OSSKU}
    assert {pool.inputs["osSKU"] for pool in unchanged() if pool.label.startswith("AgentPool ")} == {OS_SKU}


@pytest.mark.parametrize(
    ("machine", "version", "possible"),
    [
        ("Standard_ND128isr_NDR_GB200_v6", "1.34", False),
        ("Standard_ND128isr_NDR_GB200_v6", "1.35", True),
        ("Standard_ND128isr_GB300_v6", "1.34", False),
        ("Standard_ND128isr_GB300_v6", "1.36", True),
        ("Standard_ND96isr_H100_v5", "1.33", True),
        ("Standard_D8ds_v5", "1.33", True),
    ],
)
def test_grace_machines_need_the_newer_ubuntu(machine: str, version: str, possible: bool) -> None:
    assert has_its_ubuntu(catalog.machines("azure")[machine], version) is possible


@pytest.mark.parametrize(
    ("machine", "gib", "kind", "service"),
    [
        ("Standard_D4ds_v5", 128, "Ephemeral", ""),
        ("Standard_D4ds_v5", 150, "Ephemeral", ""),
        ("Standard_D4ds_v5", 151, "Managed", "managed-disk-p15"),
        ("Standard_D4s_v5", 20, "Managed", "managed-disk-p4"),
        ("Standard_D4s_v5", 33, "Managed", "managed-disk-p6"),
        ("Standard_D4s_v5", 16384, "Managed", "managed-disk-p70"),
        ("Standard_ND96isr_H200_v5", 1024, "Ephemeral", ""),
        ("Standard_ND96isr_H200_v5", 1025, "Managed", "managed-disk-p40"),
        ("Standard_ND128isr_NDR_GB200_v6", 1024, "Ephemeral", ""),
    ],
)
def test_a_disk_stands_on_the_host_where_it_fits(machine: str, gib: int, kind: str, service: str) -> None:
    disk = os_disk(machine, gib)
    assert (disk.kind, disk.gib, disk.service) == (kind, gib, service)


def test_a_disk_on_the_host_costs_nothing_more_and_one_without_a_price_is_unknown() -> None:
    pools = {pool.name: pool_cost(pool) for pool in plan_stack(azure_stack()).node_pools}
    assert [line.item for line in pools["h100"]] == ["Standard_ND96isr_H100_v5 on-demand"]
    volumes = [line for line in pools["a100"] if line.item == "root volume of 200 GiB"]
    assert len(volumes) == 3
    assert {line.usd_per_hour for line in volumes} == {None}


def test_a_managed_disk_is_priced_as_a_whole() -> None:
    plan = plan_stack(azure_stack({"node_pools.a100.root_disk_gib": 100}))
    (pool,) = (pool for pool in plan.node_pools if pool.name == "a100")
    priced = {line.usd_per_hour for line in pool_cost(pool) if line.item == "root volume of 100 GiB"}
    assert {round(price * 730, 2) for price in priced if price is not None} == {Decimal("19.71")}


def test_spot_costs_no_more_than_on_demand() -> None:
    args = ("azure", "eastus", "Standard_NC24ads_A100_v4")
    assert catalog.price(*args, "spot") is None
    assert list_price(*args, "spot") == catalog.price(*args, "on-demand")
    assert list_price("aws", "us-east-1", "p6-b200.48xlarge", "spot") == catalog.price(
        "aws", "us-east-1", "p6-b200.48xlarge", "spot"
    )


def test_the_autoscaler_is_told_what_an_empty_pool_offers() -> None:
    plan = plan_stack(azure_stack())
    (group,) = next(pool.groups for pool in plan.node_pools if pool.name == "h100")
    prefix = "k8s.io_cluster-autoscaler_node-template_resources_"
    assert resource_tags(group) == {f"{prefix}nvidia.com_gpu": "8", f"{prefix}rdma_ib": "8"}
    assert not any("/" in key for key in resource_tags(group))


def said(changes: dict[str, Any]) -> str:
    return "\n".join(f"{risk.subject}: {risk.text}" for risk in risks(plan_stack(azure_stack(changes))))


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({}, "AKSInfinibandSupport must be Registered"),
        ({}, "node_pools.h100: an empty pool offers rdma/ib by tags alone"),
        ({}, "node_pools.system: no source says which zones"),
        ({}, "node_pools.h100: AKS drains its nodes on weekends"),
        ({}, "lacks the feature Microsoft.Compute/EncryptionAtHost"),
        ({"environment": "prod"}, "one NAT gateway serves all zones"),
    ],
)
def test_what_only_the_subscription_knows_is_a_risk(changes: dict[str, Any], text: str) -> None:
    assert text in said(changes)


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"node_pools.h100.fabric": "none"}, "AKSInfinibandSupport"),
        ({"node_pools.h100.nodes.min": 1}, "by tags alone"),
        ({"clusters.eus.patches": "manual"}, "on weekends"),
        ({"clusters.eus.host_encryption": False}, "EncryptionAtHost"),
        ({}, "one NAT gateway serves all zones"),
    ],
)
def test_no_risk_where_there_is_none(changes: dict[str, Any], text: str) -> None:
    assert text not in said(changes)
