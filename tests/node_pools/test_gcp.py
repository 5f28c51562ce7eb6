from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from bedplate import catalog
from bedplate.cost.estimate import pool_cost
from bedplate.fabrics.installers import installer_manifests
from bedplate.node_pools.compute_class import COMPUTE_CLASS, compute_class
from bedplate.node_pools.floor import floor_manifests
from bedplate.node_pools.gcp_boot_disks import boot_disk_type
from bedplate.node_pools.gcp_plan import fixed_nodes, initial_nodes_per_zone, reservation_path
from bedplate.plan import plan_stack
from bedplate.platform import declare
from bedplate.risks import risks
from tests.support.declared import Declared, by_room, declared
from tests.support.gcp import RESERVATION, RESERVED, TPU, declared_on_gcp, gcp_stack, planned_pool
from tests.support.golden import check_golden
from tests.support.stacks import REMOVED

GOLDEN = Path(__file__).with_name("golden")
POOL = "NodePool vision-dev-it-offer1"
SPOT_THEN_ON_DEMAND: dict[str, Any] = {
    "machine": REMOVED,
    "offers": [{"machine": "a3-megagpu-8g", "capacity": "spot"}, {"machine": "a3-megagpu-8g", "max": 1}],
}

L4_SHARED: dict[str, Any] = {
    "machine": "g2-standard-8",
    "zones": REMOVED,
    "sharing": {"mode": "time-slicing", "replicas": 4},
}
OF_GOOGLE = ("gcp:", "kubernetes:cloud.google.com/", "kubernetes:networking.gke.io/")


def pool(**changes: Any) -> dict[str, Any]:
    return declared_on_gcp(**changes)[POOL].inputs


@pytest.mark.parametrize(
    ("name", "changes"),
    [
        ("gke-a3-mega", SPOT_THEN_ON_DEMAND),
        ("gke-a3-ultra", RESERVED),
        ("gke-a3-high", {"machine": "a3-highgpu-8g"}),
        ("gke-tpu-slice", {**TPU, "tpu_topology": "4x4", "nodes": {"min": 4, "max": 4}}),
        (
            "gke-l4-shared",
            {"machine": "g2-standard-8", "zones": REMOVED, "sharing": {"mode": "time-slicing", "replicas": 4}},
        ),
    ],
)
def test_pool_as_rendered(name: str, changes: dict[str, Any]) -> None:
    plan = plan_stack(gcp_stack(**changes))
    resources = by_room(declared(lambda: declare(plan)), "NodePool it")
    own = [one for one in resources if one.token.startswith(OF_GOOGLE)]
    check_golden(GOLDEN / f"{name}.yaml", [resource.rendered() for resource in own])


def test_the_autoscaler_owns_the_number_of_nodes_within_the_priced_maximum_over_all_zones() -> None:
    system = declared_on_gcp()["NodePool vision-dev-system-offer1"]
    assert system.inputs["autoscaling"] == {
        "totalMinNodeCount": 0,
        "totalMaxNodeCount": 6,
        "locationPolicy": "BALANCED",
    }
    assert system.ignore_changes == ("initialNodeCount",)
    assert pool()["autoscaling"]["locationPolicy"] == "ANY"


def test_new_nodes_of_accelerators_never_pass_the_cap() -> None:
    resources = declared_on_gcp()
    assert resources[POOL].inputs["upgradeSettings"] == {"strategy": "SURGE", "maxSurge": 0, "maxUnavailable": 1}
    general = resources["NodePool vision-dev-system-offer1"].inputs["upgradeSettings"]
    assert (general["maxSurge"], general["maxUnavailable"]) == (1, 0)


@pytest.mark.parametrize(
    ("role", "zones", "nodes", "each"),
    [
        ("general", 3, {"min": 2, "max": 6}, 1),
        ("general", 3, {"min": 2, "max": 2}, 0),
        ("general", 3, {"min": 7, "max": 9}, 2),
        ("general", 2, {"min": 1, "max": 2}, 1),
        ("inference", 1, {"min": 2, "max": 4}, 2),
        ("inference", 3, {"min": 2, "max": 4}, 0),
        ("training", 1, {"min": 0, "max": 4}, 0),
    ],
)
def test_a_group_starts_with_no_more_nodes_than_it_may_have(
    role: str, zones: int, nodes: dict[str, int], each: int
) -> None:
    names = [f"us-central1-{letter}" for letter in "abc"[:zones]]
    machine = {"machine": "e2-standard-8"} if role == "general" else {"machine": "a3-highgpu-8g", "fabric": "none"}
    plan = planned_pool(role=role, zones=names, nodes=nodes, **machine)
    assert initial_nodes_per_zone(plan, plan.groups[0]) == each
    assert each * zones <= nodes["max"]


def test_every_node_obeys_the_rules_of_the_house() -> None:
    for label, resource in declared_on_gcp(**SPOT_THEN_ON_DEMAND).items():
        if not label.startswith("NodePool vision"):
            continue
        config = resource.inputs["nodeConfig"]
        assert config["shieldedInstanceConfig"] == {"enableSecureBoot": True, "enableIntegrityMonitoring": True}
        assert config["workloadMetadataConfig"] == {"mode": "GKE_METADATA"}
        assert config["bootDiskKmsKey"] == "<vision-dev-usc1-key>"
        assert config["metadata"] == {"disable-legacy-endpoints": "true"}
        assert config["serviceAccount"] == "vision-dev-usc1-nodes@acme-ai.iam.gserviceaccount.com"
        assert config["resourceLabels"]["bedplate-team"] == "vision"
        assert resource.inputs["networkConfig"]["enablePrivateNodes"] is True
        assert resource.parent.startswith("NodePool ")


def flex(capacity: str, **more: Any) -> dict[str, Any]:
    offer = {"machine": "a3-ultragpu-8g", "capacity": capacity, **more}
    return {"machine": REMOVED, "zones": ["us-central1-b"], "offers": [offer]}


def test_spot_takes_no_reservation_and_neither_does_on_demand() -> None:
    resources = declared_on_gcp(**SPOT_THEN_ON_DEMAND)
    spot, on_demand = (resources[f"NodePool vision-dev-it-offer{number}"].inputs["nodeConfig"] for number in (1, 2))
    nothing = {"consumeReservationType": "NO_RESERVATION"}
    assert (spot["spot"], spot["reservationAffinity"]) == (True, nothing)
    assert ("spot" in on_demand, on_demand["reservationAffinity"]) == (False, nothing)


@pytest.mark.parametrize("capacity", ["flex-start", "queued"])
def test_what_waits_for_machines_is_not_repaired_and_goes_after_its_time(capacity: str) -> None:
    inputs = pool(**flex(capacity, max_run_hours=24))
    assert inputs["nodeConfig"]["flexStart"] is True
    assert inputs["nodeConfig"]["maxRunDuration"] == "86400s"
    assert inputs["nodeConfig"]["reservationAffinity"]["consumeReservationType"] == "NO_RESERVATION"
    assert inputs["management"] == {"autoRepair": False, "autoUpgrade": True}
    assert inputs["initialNodeCount"] == 0
    assert ("queuedProvisioning" in inputs) is (capacity == "queued")
    assert ("cloud.google.com/gke-queued" in inputs["nodeConfig"]["labels"]) is (capacity == "queued")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("h200", "projects/acme-ai/reservations/h200"),
        ("projects/other-ai/reservations/h200", "projects/other-ai/reservations/h200"),
        ("h200/reservationBlocks/b-1", "projects/acme-ai/reservations/h200/reservationBlocks/b-1"),
        (
            "gb200/reservationBlocks/b-1/reservationSubBlocks/s-1",
            "projects/acme-ai/reservations/gb200/reservationBlocks/b-1/reservationSubBlocks/s-1",
        ),
    ],
)
def test_a_reservation_is_named_with_its_project(name: str, value: str) -> None:
    assert reservation_path(name, "acme-ai") == value
    offer = RESERVED["offers"][0] | {"reservation": RESERVATION | {"name": name}}
    affinity = pool(**RESERVED | {"offers": [offer]})["nodeConfig"]["reservationAffinity"]
    assert affinity == {
        "consumeReservationType": "SPECIFIC_RESERVATION",
        "key": "compute.googleapis.com/reservation-name",
        "values": [value],
    }


def test_nodes_have_the_maintenance_interval_of_their_reservation() -> None:
    offer = RESERVED["offers"][0] | {"reservation": RESERVATION | {"maintenance_interval": "periodic"}}
    config = pool(**RESERVED | {"offers": [offer]})["nodeConfig"]
    assert config["hostMaintenancePolicy"] == {"maintenanceInterval": "PERIODIC"}
    assert "hostMaintenancePolicy" not in pool(**RESERVED)["nodeConfig"]


@pytest.mark.parametrize(
    ("changes", "placement"),
    [
        ({}, {"type": "COMPACT"}),
        (RESERVED, None),
        (flex("flex-start"), {"type": "COMPACT"}),
        (flex("queued"), None),
        (flex("spot"), None),
        ({**TPU, "tpu_topology": "4x4", "nodes": {"min": 4, "max": 4}}, {"type": "COMPACT", "tpuTopology": "4x4"}),
        (TPU, None),
    ],
    ids=["on-demand", "reservation", "flex-start", "queued", "spot", "slice", "single"],
)
def test_the_way_of_buying_decides_the_placement(changes: dict[str, Any], placement: dict[str, str] | None) -> None:
    assert pool(**changes).get("placementPolicy") == placement


def test_a_slice_that_always_runs_has_a_fixed_size_and_one_that_waits_has_not() -> None:
    always = planned_pool(**TPU, tpu_topology="4x4", nodes={"min": 4, "max": 4})
    assert fixed_nodes(always, always.groups[0]) == 4
    offers = [{"machine": "ct6e-standard-4t", "capacity": "flex-start"}]
    waits = planned_pool(
        machine=REMOVED, zones=["us-central1-b"], offers=offers, tpu_topology="4x4", nodes={"min": 0, "max": 4}
    )
    assert fixed_nodes(waits, waits.groups[0]) is None
    single = planned_pool(**TPU, nodes={"min": 2, "max": 2})
    assert fixed_nodes(single, single.groups[0]) is None


def test_tpus_are_part_of_the_machine_and_gpus_are_named() -> None:
    assert "guestAccelerators" not in pool(**TPU)["nodeConfig"]
    (accelerator,) = pool()["nodeConfig"]["guestAccelerators"]
    assert (accelerator["type"], accelerator["count"]) == ("nvidia-h100-mega-80gb", 8)
    assert accelerator["gpuDriverInstallationConfig"] == {"gpuDriverVersion": "DEFAULT"}


@pytest.mark.parametrize(
    ("machine", "zone", "drives"), [("a3-megagpu-8g", "us-central1-a", 16), ("a3-ultragpu-8g", "us-central1-b", 32)]
)
def test_local_disks_hold_what_containers_write(machine: str, zone: str, drives: int) -> None:
    config = pool(machine=machine, zones=[zone])["nodeConfig"]
    assert config["ephemeralStorageLocalSsdConfig"] == {"localSsdCount": drives}


@pytest.mark.parametrize(
    ("machine", "disk"),
    [
        ("e2-standard-8", "pd-balanced"),
        ("a3-megagpu-8g", "pd-balanced"),
        ("a3-ultragpu-8g", "hyperdisk-balanced"),
        ("a4-highgpu-8g", "hyperdisk-balanced"),
        ("a4x-highgpu-4g", "hyperdisk-balanced"),
        ("ct6e-standard-4t", "hyperdisk-balanced"),
    ],
)
def test_a_boot_disk_is_of_the_kind_that_the_machine_takes_and_does_no_more_than_is_priced(
    machine: str, disk: str
) -> None:
    known = catalog.machine("gcp", machine)
    assert known is not None
    assert boot_disk_type(known) == disk


def test_a_hyperdisk_has_what_is_included_in_its_price() -> None:
    boot = pool(**RESERVED)["nodeConfig"]["bootDisk"]
    assert (boot["provisionedIops"], boot["provisionedThroughput"]) == (3000, 140)
    assert "provisionedIops" not in pool()["nodeConfig"]["bootDisk"]


def test_the_root_volume_is_priced_as_the_disk_that_it_is() -> None:
    assert {line.service for line in pool_cost(planned_pool(**RESERVED)) if line.kind == "service"} == {
        "hyperdisk-balanced"
    }
    assert {line.service for line in pool_cost(planned_pool()) if line.kind == "service"} == {"pd-balanced"}


def test_huge_pages_are_set_aside_when_the_node_starts() -> None:
    config = pool(huge_pages_2mi=2048)["nodeConfig"]
    assert config["linuxNodeConfig"] == {"hugepagesConfig": {"hugepageSize2m": 2048}}


def test_offers_are_tried_in_their_order_by_a_class_that_makes_no_nodes_of_its_own() -> None:
    plan = planned_pool(**SPOT_THEN_ON_DEMAND)
    ordered = compute_class(plan)
    assert ordered is not None
    assert ordered["spec"]["priorities"] == [
        {"nodepools": ["vision-dev-it-offer1"]},
        {"nodepools": ["vision-dev-it-offer2"]},
    ]
    assert ordered["spec"]["nodePoolAutoCreation"] == {"enabled": False}
    assert ordered["spec"]["whenUnsatisfiable"] == "DoNotScaleUp"
    for group in plan.groups:
        assert group.labels[COMPUTE_CLASS] == plan.full_name
        assert COMPUTE_CLASS in {taint.key for taint in group.taints.declared}
    assert plan.node_selector[COMPUTE_CLASS] == plan.full_name


def test_pods_of_the_floor_ask_for_the_class_and_tolerate_it() -> None:
    plan = plan_stack(gcp_stack(**SPOT_THEN_ON_DEMAND, nodes={"min": 1, "max": 2}))
    (floor,) = floor_manifests(next(one for one in plan.node_pools if one.name == "it"), plan)
    pod = floor["spec"]["template"]["spec"]
    assert pod["nodeSelector"][COMPUTE_CLASS] == "vision-dev-it"
    assert COMPUTE_CLASS in {toleration["key"] for toleration in pod["tolerations"]}


def test_what_prepares_nodes_for_the_fabric_tolerates_the_class() -> None:
    installers = installer_manifests(planned_pool(**SPOT_THEN_ON_DEMAND))
    assert installers
    for one in installers:
        tolerated = {toleration["key"] for toleration in one["spec"]["template"]["spec"]["tolerations"]}
        assert COMPUTE_CLASS in tolerated
    assert "compute-class" not in str(installer_manifests(planned_pool()))


def test_one_offer_needs_no_order() -> None:
    plan = planned_pool()
    assert compute_class(plan) is None
    assert COMPUTE_CLASS not in plan.node_selector


def networks(changes: dict[str, Any]) -> dict[str, Declared]:
    return {
        label: one for label, one in declared_on_gcp(**changes).items() if label.startswith("Network vision-dev-it")
    }


@pytest.mark.parametrize(
    ("changes", "count", "interfaces"),
    [
        ({}, 8, 8),
        ({"machine": "a3-highgpu-8g"}, 4, 4),
        (RESERVED, 0, 0),
        (RESERVED | {"fabric": "roce-multivpc"}, 2, 9),
    ],
    ids=["tcpxo", "tcpx", "dranet", "roce-multivpc"],
)
def test_a_fabric_brings_its_networks_and_the_nodes_stand_in_them(
    changes: dict[str, Any], count: int, interfaces: int
) -> None:
    assert len(networks(changes)) == count
    config = pool(**changes)["networkConfig"]
    assert len(config.get("additionalNodeNetworkConfigs", [])) == interfaces
    assert ("acceleratorNetworkProfile" in config) is (interfaces == 0)


def test_offers_of_a_fabric_stand_in_the_zone_of_the_reservation_as_its_networks_do() -> None:
    reservation = {"name": "h100", "machine": "a3-megagpu-8g", "nodes": 4, "zone": "us-central1-c"}
    reserved = {"machine": "a3-megagpu-8g", "capacity": "reservation", "reservation": reservation}
    offers = [{"machine": "a3-megagpu-8g", "capacity": "spot"}, reserved]
    plan = planned_pool(machine=REMOVED, zones=REMOVED, offers=offers)
    assert [group.zones for group in plan.groups] == [("us-central1-c",), ("us-central1-c",)]


def test_blocks_of_two_reservations_may_have_one_name() -> None:
    offers = [
        {
            "machine": "a3-ultragpu-8g",
            "capacity": "reservation",
            "reservation": {
                "name": f"{name}/reservationBlocks/block-1",
                "machine": "a3-ultragpu-8g",
                "nodes": 4,
                "zone": "us-central1-b",
            },
        }
        for name in ("first", "second")
    ]
    plan = planned_pool(**RESERVED | {"offers": offers})
    assert [group.reservation.name for group in plan.groups if group.reservation] == [
        "first/reservationBlocks/block-1",
        "second/reservationBlocks/block-1",
    ]


def test_networks_for_rdma_have_the_profile_of_their_zone_and_no_rules() -> None:
    resources = declared_on_gcp(**RESERVED | {"fabric": "roce-multivpc"})
    rdma = resources["Network vision-dev-it-rdma"].inputs
    assert rdma["networkProfile"].endswith("/projects/acme-ai/global/networkProfiles/us-central1-b-vpc-roce")
    rules = {label for label in resources if label.startswith("Firewall ")}
    assert rules == {"Firewall vision-dev-it-gvnic-inside"}


def test_nodes_wait_for_the_objects_by_which_pods_name_their_networks() -> None:
    waits = declared_on_gcp()[POOL].depends_on
    objects = {label for label in waits if label.startswith(("Network it-", "GKENetworkParamSet it-"))}
    assert len(objects) == 16


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        (flex("flex-start", max_run_hours=24), "goes after 24 hours whatever runs on it"),
        (flex("queued"), "goes after 168 hours whatever runs on it"),
        ({}, "its fabric takes 8 VPC networks of the project's quota NETWORKS"),
    ],
)
def test_what_a_pool_risks_is_said(changes: dict[str, Any], said: str) -> None:
    assert any(said in risk.text for risk in risks(plan_stack(gcp_stack(**changes))))


def test_a_reservation_with_networks_by_gke_risks_neither() -> None:
    texts = [risk.text for risk in risks(plan_stack(gcp_stack(**RESERVED)))]
    assert not any("VPC networks" in text or "whatever runs" in text for text in texts)


def test_the_end_of_a_reservation_takes_machines_of_calendar_mode_alone() -> None:
    offer = RESERVED["offers"][0] | {"reservation": RESERVATION | {"ends": "2027-11-01"}}
    found = risks(plan_stack(gcp_stack(**RESERVED | {"offers": [offer], "nodes": {"min": 0, "max": 2}})))
    (text,) = (risk.text for risk in found if "ends on" in risk.text)
    assert "h200 ends on 2027-11-01: from then on no further node of it starts" in text
    assert "taken if it was made in calendar mode" in text
