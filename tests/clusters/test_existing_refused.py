"""What is refused on clusters that exist already: each case names the field and says what is wrong."""

from __future__ import annotations

from typing import Any

import pytest

from bedplate.errors import InputError, Problem, dotted
from bedplate.stack import StackSpec
from bedplate.stack_file.load import parse_stack
from tests.support.endpoints import ENDPOINT
from tests.support.existing import BASE, INFINIBAND, RAIL_OBJECTS, RAILS, STACK, TRAIN
from tests.support.stacks import REMOVED, SYSTEM, changed, spec

CLUSTER, POOL = "clusters.hall", "node_pools.train"
FABRIC, NETWORK = f"{CLUSTER}.fabric", f"{CLUSTER}.secondary_network"
SRIOV: dict[str, Any] = {FABRIC: RAILS, NETWORK: RAIL_OBJECTS}
MACVLAN: dict[str, Any] = {
    FABRIC: RAILS | {"kind": "macvlan"},
    NETWORK: {"interfaces": ["ens1"], "addresses": "10.0.0.0/16"},
}
IPOIB = {"kind": "infiniband-ipoib", "network_cards": "nvidia-infiniband", "per_node": 1, "network": "default/ib"}
AWS = {"provider": "aws", "region": "us-east-1", "runner_access": ["203.0.113.0/24"]}


def problems(changes: dict[str, Any], references: dict[str, StackSpec] | None = None) -> list[Problem]:
    try:
        parse_stack(changed(STACK, changes), references)
    except InputError as error:
        return list(error.problems)
    return []


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {f"{CLUSTER}.context": REMOVED, f"{CLUSTER}.kubeconfig": {"secret": "hall_kubeconfig"}},
        {FABRIC: INFINIBAND, f"{POOL}.fabric": "required"},
        SRIOV,
        MACVLAN,
        {FABRIC: IPOIB, NETWORK: {"interfaces": ["ibs1"], "addresses": "10.0.0.0/16"}},
        {FABRIC: RAILS | {"kind": "host-device"}, NETWORK: {"addresses": "10.0.0.0/16"}},
        {f"{POOL}.hosts": REMOVED, f"{POOL}.labelled": True, f"{POOL}.nodes": {"min": 0, "max": 8}},
        {f"{POOL}.nodes": {"min": 2, "max": 2}},
        {f"{CLUSTER}.system_namespaces": []},
    ],
)
def test_these_are_right(changes: dict[str, Any]) -> None:
    assert problems(changes) == []


CASES: list[tuple[dict[str, Any], str, str]] = [
    # The cluster.
    ({f"{CLUSTER}.context": REMOVED}, CLUSTER, "either kubeconfig, or context"),
    ({f"{CLUSTER}.kubeconfig": {"secret": "hall"}}, CLUSTER, "either kubeconfig, or context"),
    ({f"{CLUSTER}.kubernetes_version": REMOVED}, f"{CLUSTER}.kubernetes_version", "is required and missing"),
    ({f"{CLUSTER}.kubernetes_version": "1.29"}, f"{CLUSTER}.kubernetes_version", "1.30 is the first version"),
    ({f"{CLUSTER}.region": "us-east-1"}, f"{CLUSTER}.region", "unknown key"),
    ({f"{CLUSTER}.runner_access": ["203.0.113.0/24"]}, f"{CLUSTER}.runner_access", "unknown key"),
    ({f"{CLUSTER}.serving": "public"}, f"{CLUSTER}.serving", "bucket beside the cluster"),
    ({f"{CLUSTER}.system_namespaces": ["Calico"]}, f"{CLUSTER}.system_namespaces[0]", "the name of a namespace"),
    ({"node_pools.base": REMOVED}, CLUSTER, "no general pool with a node"),
    ({"usage": {"hall": {"nat_gib_per_month": 5}}}, "usage.hall", "paid by whoever runs it"),
    ({"endpoints": {"chat": ENDPOINT | {"pools": ["train"]}}}, "endpoints.chat.pools[0]", "endpoints run on clusters"),
    # Drivers, which are there once.
    ({f"{CLUSTER}.drivers": REMOVED}, f"{POOL}.cluster", "who installs the driver of H100"),
    ({f"{CLUSTER}.drivers": "cloud"}, f"{POOL}.hardware", "drivers: cloud is not possible for NVIDIA"),
    (
        {f"{CLUSTER}.drivers": "operator", f"{POOL}.hardware.accelerator": "MI300X"},
        f"{POOL}.hardware",
        "must keep the images somewhere",
    ),
    # Which nodes they are.
    ({f"{POOL}.nodes": {"min": 0, "max": 8}}, f"{POOL}.nodes", "2 hosts are named, and no autoscaler"),
    ({f"{POOL}.labelled": True}, f"{POOL}.hardware", "either hosts by name, or labelled: true"),
    ({f"{POOL}.hosts": REMOVED, f"{POOL}.nodes": {"min": 1, "max": 1}}, f"{POOL}.hardware", "either hosts by name"),
    ({f"{POOL}.hosts": REMOVED, f"{POOL}.labelled": True}, f"{POOL}.nodes", "is required and missing"),
    ({f"{POOL}.hosts": ["gpu-01", "gpu-01"]}, f"{POOL}.hosts", "a host is named twice"),
    ({f"{POOL}.hosts": ["GPU_01"]}, f"{POOL}.hosts[0]", "the name of a node as `kubectl get nodes` shows it"),
    ({f"{POOL}.hosts": ["cpu-02"]}, f"{POOL}.hosts[0]", "a host of the pool 'base' already"),
    ({f"{POOL}.hardware": REMOVED}, f"{POOL}.hosts", "describe the nodes under hardware"),
    # How they are had.
    ({f"{POOL}.machine": "p5.48xlarge"}, f"{POOL}.hardware", "machine and offers buy others"),
    (
        {POOL: {"cluster": "hall", "role": "training", "machine": "p5.48xlarge", "nodes": {"min": 0, "max": 1}}},
        f"{POOL}.machine",
        "no p5.48xlarge can be started",
    ),
    (
        {
            POOL: {
                "cluster": "hall",
                "role": "training",
                "offers": [{"machine": "p5.48xlarge", "capacity": "spot"}],
                "nodes": {"min": 0, "max": 1},
            }
        },
        f"{POOL}.offers",
        "no p5.48xlarge can be started",
    ),
    (
        {"clusters.use1": AWS, "node_pools.system": SYSTEM, f"{POOL}.cluster": "use1"},
        f"{POOL}.hardware",
        "aws starts the nodes of this cluster",
    ),
    ({f"{POOL}.zones": ["hall-1"]}, f"{POOL}.zones", "no zones that Bedplate knows"),
    ({f"{POOL}.root_disk_gib": 500}, f"{POOL}.root_disk_gib", "makes no disk"),
    ({f"{POOL}.prepull_images": ["trainer"]}, f"{POOL}.prepull_images[0]", "a container image with a tag or digest"),
    ({f"{POOL}.prepull_images": ["trainer:1", "trainer:1"]}, f"{POOL}.prepull_images", "an image is named twice"),
    # What they are and cost.
    ({f"{POOL}.hardware.accelerator": "H1000"}, f"{POOL}.hardware.accelerator", "no accelerator that the catalog"),
    ({f"{POOL}.hardware.accelerator": "TPU-v5e"}, f"{POOL}.hardware.accelerator", "TPU-v5e of Google has no driver"),
    ({f"{POOL}.hardware.accelerators": REMOVED}, f"{POOL}.hardware.accelerators", "say how many H100 a node has"),
    ({"node_pools.base.hardware.accelerators": 8}, "node_pools.base.hardware.accelerators", "there is no accelerator"),
    ({f"{POOL}.role": "general"}, f"{POOL}.role", "8 × H100"),
    ({f"{POOL}.hardware.network_gbps": 3200}, f"{POOL}.hardware.network_gbps", "how many cards carry it"),
    ({f"{POOL}.hardware.usd_per_node_hour": REMOVED}, f"{POOL}.hardware.usd_per_node_hour", "is required and missing"),
    ({f"{POOL}.hardware.usd_per_node_hour": 0}, f"{POOL}.hardware.usd_per_node_hour", "must be above 0"),
    ({f"{POOL}.hardware.usd_per_node_hour": 0.01}, f"{POOL}.hardware.usd_per_node_hour", "$0.01 an hour for a node"),
    ({f"{POOL}.hardware.usd_per_node_hour": 900}, f"{POOL}.hardware.usd_per_node_hour", "is not believable"),
    (
        {"node_pools.base.hardware.usd_per_node_hour": 0.01},
        "node_pools.base.hardware.usd_per_node_hour",
        "a node with 64 vCPU is not believable",
    ),
    # The fabric, as its owner says that it is.
    ({f"{POOL}.fabric": "required"}, f"{POOL}.fabric", "says nothing about its fabric"),
    ({f"{POOL}.fabric": "efa"}, f"{POOL}.fabric", "has no fabric 'efa'"),
    ({FABRIC: INFINIBAND, f"{POOL}.fabric": "macvlan"}, f"{POOL}.fabric", "connected by infiniband-shared, not by"),
    (
        {FABRIC: {"kind": "infiniband-shared", "resource": "rdma/ib", "per_node": 8}},
        f"{FABRIC}.network_cards",
        "is required and missing",
    ),
    ({FABRIC: IPOIB | {"network_cards": "nvidia-ethernet"}}, f"{FABRIC}.kind", "do not speak InfiniBand"),
    ({FABRIC: RAILS | {"kind": "infiniband-sriov"}}, f"{FABRIC}.kind", "do not speak InfiniBand"),
    ({FABRIC: RAILS | {"network_cards": "nvidia-infiniband"}}, f"{FABRIC}.kind", "is infiniband-sriov"),
    (SRIOV | {f"{FABRIC}.network_cards": "nvidia-infiniband"}, f"{FABRIC}.kind", "is infiniband-sriov"),
    # The network that Bedplate makes for it.
    ({NETWORK: RAIL_OBJECTS}, NETWORK, "a cluster without a fabric has no secondary network"),
    ({FABRIC: INFINIBAND, NETWORK: RAIL_OBJECTS}, NETWORK, "infiniband-shared has no secondary network"),
    (MACVLAN | {f"{NETWORK}.interfaces": ["ens1", "ens2"]}, f"{NETWORK}.interfaces", "stands on one interface, and 2"),
    (MACVLAN | {f"{NETWORK}.virtual_functions": 4}, f"{NETWORK}.virtual_functions", "macvlan divides no card"),
    (SRIOV | {f"{FABRIC}.network_cards": "amd-ethernet"}, NETWORK, "drive no amd-ethernet cards"),
    (SRIOV | {f"{FABRIC}.resource": "intel.com/rails"}, f"{FABRIC}.resource", "hand out nvidia.com/"),
    (SRIOV | {f"{NETWORK}.interfaces": []}, f"{NETWORK}.interfaces", "name the interfaces that sriov-vf divides"),
    (SRIOV | {f"{NETWORK}.virtual_functions": REMOVED}, f"{NETWORK}.virtual_functions", "into how many"),
    (SRIOV | {f"{FABRIC}.kind": "host-device"}, f"{NETWORK}.interfaces", "hands out whole cards"),
    (
        {FABRIC: IPOIB, NETWORK: {"interfaces": ["ibs1"], "addresses": "10.0.0.0/16", "mtu": 4000}},
        f"{NETWORK}.mtu",
        "keeps the size of packets",
    ),
    (SRIOV | {f"{NETWORK}.interfaces": ["a-very-long-name0"]}, f"{NETWORK}.interfaces[0]", "at most 15 characters"),
    (SRIOV | {f"{NETWORK}.address_plugin": "nv-ipam"}, f"{NETWORK}.addresses_per_node", "size of a node's block"),
    (SRIOV | {f"{NETWORK}.addresses_per_node": 8}, f"{NETWORK}.addresses_per_node", "whereabouts has no blocks"),
    (
        SRIOV
        | {
            f"{NETWORK}.address_plugin": "nv-ipam",
            f"{NETWORK}.addresses_per_node": 64,
            f"{NETWORK}.addresses": "10.0.0.0/26",
        },
        f"{NETWORK}.addresses_per_node",
        "has 62 addresses, fewer than one block of 64",
    ),
    (SRIOV | {f"{NETWORK}.addresses": "10.0.0.1/16"}, f"{NETWORK}.addresses", "is not an IPv4 network"),
]


@pytest.mark.parametrize(("changes", "field", "message"), CASES, ids=[f"{case[1]}: {case[2][:30]}" for case in CASES])
def test_refused(changes: dict[str, Any], field: str, message: str) -> None:
    found = problems(changes)
    assert [dotted(problem.field) for problem in found] == [field]
    assert message in found[0].message


def test_a_wrong_accelerator_brings_the_nearest_one() -> None:
    (found,) = problems({f"{POOL}.hardware.accelerator": "H10"})
    assert found.nearest == "H100"
    assert "H200" in found.allowed
    assert "Trainium" not in found.allowed


def test_what_own_hardware_costs_has_a_way_to_be_found_out() -> None:
    (found,) = problems({f"{POOL}.hardware.usd_per_node_hour": 0.01})
    assert "between $13.87 and $233.28" in found.message
    assert "bedplate cost compare" in found.hint


def test_the_same_rules_hold_for_pools_on_the_cluster_of_a_platform_stack() -> None:
    platform = spec(changed(STACK, {"team": "platform", POOL: REMOVED, f"{CLUSTER}.drivers": REMOVED}))
    team = {
        "clusters": {"hall": {"stack": "platform-dev", "name": "hall"}},
        "node_pools": {"train": TRAIN},
        "usage": {"hall": {"nat_gib_per_month": 5}},
    }
    found = problems(team, {"platform-dev": platform})
    assert sorted(dotted(problem.field) for problem in found) == [f"{POOL}.cluster", f"{POOL}.cluster", "usage.hall"]


def test_a_host_of_two_pools_is_seen_on_each_cluster_alone() -> None:
    other = {"clusters.hall2": STACK["clusters"]["hall"], "node_pools.base2": BASE | {"cluster": "hall2"}}
    assert problems(other) == []
