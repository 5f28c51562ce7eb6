"""Pools of nodes that exist already: a machine type from their hardware, labels, a price, and what may go wrong."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bedplate import catalog
from bedplate.catalog.believable import believable_usd_per_hour
from bedplate.cost.estimate import node_prices, pool_cost
from bedplate.node_pools.existing import hardware_machine, known_memory_gib
from bedplate.node_pools.existing_nodes import node_patch
from bedplate.node_pools.existing_preconditions import DRIVEN_VENDORS
from bedplate.node_pools.existing_spec import HardwareSpec
from bedplate.node_pools.floor import floor_manifests
from bedplate.plan import StackPlan, plan_stack
from bedplate.platform import declare
from bedplate.risks import Risk, risks
from tests.support.declared import Declared, by_label, declared
from tests.support.existing import INFINIBAND, RAIL_OBJECTS, RAILS, existing
from tests.support.golden import check_golden
from tests.support.stacks import REMOVED

if TYPE_CHECKING:
    from bedplate.node_pools.plan import NodePoolPlan

GOLDEN = Path(__file__).parent / "golden"
LABELLED = {
    "node_pools.train.hosts": REMOVED,
    "node_pools.train.labelled": True,
    "node_pools.train.nodes": {"min": 2, "max": 8},
}
SRIOV = {"clusters.hall.fabric": RAILS, "clusters.hall.secondary_network": RAIL_OBJECTS}


def planned(changes: dict[str, Any] | None = None) -> StackPlan:
    return plan_stack(existing(changes))


def pool(changes: dict[str, Any] | None = None, name: str = "train") -> NodePoolPlan:
    return next(pool for pool in planned(changes).node_pools if pool.name == name)


def resources(changes: dict[str, Any] | None = None) -> list[Declared]:
    plan = planned(changes)
    return declared(lambda: declare(plan))


def hardware(**changes: Any) -> HardwareSpec:
    described: dict[str, Any] = {
        "accelerator": "H100",
        "accelerators": 8,
        "vcpus": 224,
        "memory_gib": 2048.0,
        "usd_per_node_hour": 31.0,
    }
    return HardwareSpec(**{key: value for key, value in (described | changes).items() if value is not None})


# The machine type.


def test_hardware_is_a_machine_type_like_those_of_clouds() -> None:
    (group,) = pool().groups
    machine = group.machine
    assert (machine.cloud, machine.name, machine.vendor) == ("existing", "8x-h100", "NVIDIA")
    assert (machine.accelerator_count, machine.accelerator_share, machine.resource_name) == (8, 1, "nvidia.com/gpu")
    assert machine.accelerator_memory_gib == 80  # every machine of the catalog with this model agrees
    assert (machine.vcpus, machine.memory_gib, machine.nvme_count, machine.nvme_size_gb) == (224, 2048, 8, 3840)
    assert group.capacity == "owned"
    assert group.capacity in machine.capacity_sources
    assert (group.zones, group.placement.kind, group.fabric.kind) == ((), "none", "none")


def test_what_nobody_said_stays_unknown() -> None:
    machine = hardware_machine(hardware(accelerator="A100"))
    assert machine is not None
    assert machine.accelerator_memory_gib is None  # there are two sizes of A100
    assert machine.as_of is None
    told = hardware_machine(hardware(accelerator="A100", accelerator_memory_gib=80.0))
    assert told is not None
    assert told.accelerator_memory_gib == 80


@pytest.mark.parametrize(("accelerator", "gib"), [("H100", 80), ("H200", 141), ("MI300X", 192), ("A100", None)])
def test_memory_is_known_where_all_machines_agree(accelerator: str, gib: float | None) -> None:
    assert known_memory_gib(accelerator) == gib


def test_an_unknown_accelerator_makes_no_machine() -> None:
    assert hardware_machine(hardware(accelerator="H1000")) is None


@given(
    accelerator=st.sampled_from([a.name for a in catalog.accelerators().values() if a.vendor in DRIVEN_VENDORS]),
    count=st.integers(1, 16),
    vcpus=st.integers(1, 2048),
)
def test_every_accelerator_that_may_be_declared_has_a_machine_and_a_believable_price(
    accelerator: str, count: int, vcpus: int
) -> None:
    machine = hardware_machine(hardware(accelerator=accelerator, accelerators=count, vcpus=vcpus))
    assert machine is not None
    assert machine.resource_name in ("nvidia.com/gpu", "amd.com/gpu")
    low, high = believable_usd_per_hour(machine)
    assert Decimal("0.01") < low < high


# Numbers of nodes and cost.


def test_hosts_are_as_many_as_are_named() -> None:
    plan = pool({"node_pools.train.hosts": ["gpu-01", "gpu-02", "gpu-03"]})
    assert (plan.min_nodes, plan.max_nodes, plan.reachable_nodes) == (3, 3, 3)
    assert plan.hosts == ("gpu-01", "gpu-02", "gpu-03")


def test_own_hardware_costs_what_its_owner_declares_whether_it_runs_or_not() -> None:
    (line,) = pool_cost(pool())
    assert (line.item, line.confidence, line.as_of) == ("8x-h100 owned", "declared", None)
    assert line.baseline_per_month == line.max_per_month == 2 * 730 * Decimal(31)
    assert line.expected_unit_hours == 2 * 730
    assert line.note == ""  # hosts are never fewer, so no expected use is missing
    assert node_prices(pool()) == [("8x-h100 owned", Decimal(31))]


def test_labelled_nodes_come_and_go_with_their_owner() -> None:
    (line,) = pool_cost(pool(LABELLED))
    assert (line.baseline_units, line.max_units) == (2, 8)


def test_no_pod_keeps_a_floor_where_no_autoscaler_takes_nodes_away() -> None:
    plan = planned()
    assert [manifest for one in plan.node_pools for manifest in floor_manifests(one, plan)] == []


# Labels and taints.


def test_what_bedplate_owns_of_a_node() -> None:
    check_golden(
        GOLDEN / "existing-nodes.yaml", [node_patch(pool(), "gpu-01"), node_patch(pool(name="base"), "cpu-01")]
    )


def test_a_pool_without_taints_sends_no_list_of_them() -> None:
    """The list is one field: an empty one would take away what others put there."""
    assert "spec" not in node_patch(pool(name="base"), "cpu-01")


def test_a_node_is_looked_up_before_it_is_patched() -> None:
    """Server-side apply of a name that does not exist would make a node without a machine."""
    found = by_label(resources())
    patch = found["NodePatch vision-dev-train-gpu-01"]
    assert patch.inputs["metadata"]["name"] == "gpu-01"
    assert "Node vision-dev-train-gpu-01-found" in patch.depends_on
    assert "Release vision-dev-hall-gpu-operator" in patch.depends_on  # its first pod finds a device plugin
    assert patch.parent == "NodePool train"
    assert "Node vision-dev-train-gpu-01-found" in found


def test_labelled_nodes_are_not_touched() -> None:
    names = {resource.name for resource in resources(LABELLED) if resource.token.endswith((":Node", ":NodePatch"))}
    assert names == {f"vision-dev-base-cpu-0{n}{end}" for n in (1, 2) for end in ("", "-found")}


def test_cards_of_a_pool_are_divided_once_its_nodes_are_labelled() -> None:
    found = by_label(resources(SRIOV))
    policy = found["SriovNetworkNodePolicy train-sriovnetworknodepolicy-nvidia-network-operator-vision-dev-train"]
    assert {"NodePatch vision-dev-train-gpu-01", "NodePatch vision-dev-train-gpu-02"} <= policy.depends_on


# Risks.


def found_risks(changes: dict[str, Any] | None = None) -> list[Risk]:
    return [risk for risk in risks(planned(changes)) if risk.subject == "node_pools.train"]


RISKS: dict[str, tuple[dict[str, Any], str, dict[str, Any]]] = {
    # changes, part of the text, changes without the risk
    "taints are one field": ({}, "the taints of a node are one field", LABELLED),
    "nobody checks labels": (LABELLED, "bedplate.dev/role=training:NoSchedule, nvidia.com/gpu=present:NoSchedule", {}),
    "huge pages": ({"node_pools.train.huge_pages_2mi": 512}, "set aside 512 huge pages", {}),
    "hosts of a fabric": ({"clusters.hall.fabric": INFINIBAND}, "infiniband-shared needs hosts that nobody", {}),
    "firmware of virtual functions": (SRIOV, "SR-IOV and the IOMMU", {"clusters.hall.fabric": INFINIBAND}),
}


@pytest.mark.parametrize(("changes", "text", "without"), RISKS.values(), ids=RISKS)
def test_what_only_the_owner_can_see_is_a_risk(changes: dict[str, Any], text: str, without: dict[str, Any]) -> None:
    assert [text in risk.text for risk in found_risks(changes)].count(True) == 1
    assert not any(text in risk.text for risk in found_risks(without))


def test_risks_of_clouds_are_not_told_of_own_hardware() -> None:
    texts = " ".join(risk.text for risk in risks(planned()))
    for of_clouds in ("spot", "zone", "vCPU of", "capacity block"):
        assert of_clouds not in texts
