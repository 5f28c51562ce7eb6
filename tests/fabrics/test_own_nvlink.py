"""GB200 and GB300 of one's own: pods join NVLink between nodes as on clouds, as far as its owner says it reaches."""

from __future__ import annotations

from typing import Any

import pytest

from bedplate.errors import InputError, Problem, dotted
from bedplate.fabrics.manifests import fabric_manifests
from bedplate.node_pools.plan import NodePoolPlan
from bedplate.plan import StackPlan, plan_stack
from bedplate.risks import risks
from bedplate.services.plan import plan_services
from bedplate.stack_file.load import parse_stack
from tests.support.existing import STACK, TRAIN, existing
from tests.support.stacks import REMOVED, changed

POOL, FABRIC = "node_pools.train", "clusters.hall.fabric"
NVLINK = f"{POOL}.hardware.nvlink_nodes"
RACK: dict[str, Any] = {
    "accelerator": "GB200",
    "accelerators": 4,
    "vcpus": 144,
    "memory_gib": 960,
    "architecture": "arm64",
    "rdma_interfaces": 4,
    "nvlink_nodes": 18,
    "usd_per_node_hour": 60,
}
SRIOV: dict[str, Any] = {
    "kind": "infiniband-sriov",
    "network_cards": "nvidia-infiniband",
    "resource": "rdma/ib",
    "per_node": 4,
}
GB200: dict[str, Any] = {
    POOL: TRAIN | {"hosts": [f"rack-{tray:02}" for tray in range(4)], "hardware": RACK},
    FABRIC: SRIOV,
}
ROCE = {"kind": "host-device", "network_cards": "nvidia-ethernet", "resource": "nvidia.com/rails", "network": "rails"}


def gb200(changes: dict[str, Any]) -> dict[str, Any]:
    """A rack on InfiniBand with changes; a fabric that is taken away was never there."""
    return {key: value for key, value in (GB200 | changes).items() if (key, value) != (FABRIC, REMOVED)}


def planned(changes: dict[str, Any]) -> tuple[StackPlan, NodePoolPlan]:
    plan = plan_stack(existing(gb200(changes)))
    return plan, next(pool for pool in plan.node_pools if pool.name == "train")


def charts(plan: StackPlan) -> set[str]:
    return {release.name for release in plan_services(plan.clusters["hall"]).releases}


@pytest.mark.parametrize(
    "fabric", [SRIOV, SRIOV | {"kind": "infiniband-shared"}, SRIOV | ROCE], ids=lambda it: it["kind"]
)
@pytest.mark.parametrize("accelerator", ["GB200", "GB300"])
def test_pods_join_nvlink_whatever_the_network_is(fabric: dict[str, Any], accelerator: str) -> None:
    plan, pool = planned({FABRIC: fabric, f"{POOL}.hardware": RACK | {"accelerator": accelerator}})
    domain = pool.groups[0].fabric.nvlink
    assert domain is not None
    assert (domain.nodes, domain.topology) == (18, "")
    assert [claim.template for claim in pool.pods.claims] == ["nvlink-train"]
    assert {one.name: one.value for one in pool.pods.environment}["NCCL_MNNVL_ENABLE"] == "1"
    assert "ComputeDomain" in {manifest["kind"] for manifest in fabric_manifests(pool, "vision-dev-training")}
    assert "nvidia-dra-driver-gpu" in charts(plan)


@pytest.mark.parametrize(
    "changes",
    [
        {NVLINK: 1},
        {f"{POOL}.hardware": TRAIN["hardware"]},
        {f"{POOL}.fabric": "none"},
        {FABRIC: REMOVED},
    ],
    ids=["ends at the node", "H100", "fabric: none", "no fabric"],
)
def test_other_pods_join_none(changes: dict[str, Any]) -> None:
    plan, pool = planned(changes)
    assert pool.pods.claims == ()
    assert "NCCL_MNNVL_ENABLE" not in {one.name for one in pool.pods.environment}
    assert "ComputeDomain" not in {manifest["kind"] for manifest in fabric_manifests(pool, "vision-dev-training")}
    assert "nvidia-dra-driver-gpu" not in charts(plan)


def test_a_driver_that_is_there_already_is_not_installed_again() -> None:
    plan, pool = planned({"clusters.hall.present_device_plugins": ["nvidia", "nvidia-dra"]})
    assert pool.pods.claims
    assert "nvidia-dra-driver-gpu" not in charts(plan)


def problems(changes: dict[str, Any]) -> list[Problem]:
    try:
        parse_stack(changed(STACK, gb200(changes)))
    except InputError as error:
        return list(error.problems)
    return []


@pytest.mark.parametrize(
    ("changes", "field", "message", "way_out"),
    [
        ({NVLINK: REMOVED}, NVLINK, "nothing says over how many nodes", "18 in an NVL72 rack"),
        ({NVLINK: REMOVED, f"{POOL}.fabric": "none"}, NVLINK, "nothing says over how many nodes", "1 where it ends"),
        ({NVLINK: 36}, NVLINK, "joins 18 nodes at most", "18"),
        (
            {f"{POOL}.hardware.accelerator": "B200"},
            NVLINK,
            "no source says that NVLink of B200 reaches",
            "Leave it out",
        ),
        ({"clusters.hall.kubernetes_version": "1.33"}, f"{POOL}.hardware", "from Kubernetes 1.34 on", "fabric: none"),
        (
            {f"{POOL}.sharing": {"mode": "mig", "profiles": {"1g.23gb": 7}}, f"{POOL}.fabric": "none"},
            f"{POOL}.sharing",
            "cut by MIG has no NVLink",
            "",
        ),
    ],
)
def test_refused(changes: dict[str, Any], field: str, message: str, way_out: str) -> None:
    found = [problem for problem in problems(changes) if dotted(problem.field).startswith(field)]
    assert message in " ".join(problem.message for problem in found), problems(changes)
    assert way_out in " ".join(" ".join((problem.hint, *problem.allowed)) for problem in found)


def test_who_has_an_older_cluster_upgrades_it_before_describing_it() -> None:
    (found,) = problems({"clusters.hall.kubernetes_version": "1.33"})
    assert found.message.endswith("from Kubernetes 1.34 on, and the cluster runs 1.33")
    assert found.hint == "Upgrade the cluster and correct kubernetes_version of clusters.hall, or set fabric: none."


@pytest.mark.parametrize("changes", [{}, {NVLINK: 1}, {NVLINK: 9}, {FABRIC: REMOVED}])
def test_accepted(changes: dict[str, Any]) -> None:
    assert problems(changes) == []


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({}, "nvidia-imex.service"),
        ({FABRIC: REMOVED}, "pods of a pool without a fabric do not join it"),
    ],
)
def test_what_nobody_sees_is_a_risk(changes: dict[str, Any], text: str) -> None:
    assert text in told(changes)
    assert text not in told(changes | {NVLINK: 1})


def told(changes: dict[str, Any]) -> str:
    plan, _ = planned(changes)
    return " ".join(f"{risk.text}. {risk.remedy}" for risk in risks(plan) if risk.subject == POOL)
