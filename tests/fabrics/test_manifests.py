"""What a pool of each kind of fabric brings: golden renders of its environment, its claims, its test and its pods."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from bedplate.fabrics.acceptance_job import acceptance_manifests
from bedplate.fabrics.alert import acceptance_alert
from bedplate.fabrics.installers import installer_manifests
from bedplate.fabrics.manifests import fabric_manifests
from bedplate.fabrics.pods import patch_template
from bedplate.fabrics.spec import OwnFabricSpec
from bedplate.plan import StackPlan
from tests.fabrics.pools import planned
from tests.support.golden import check_golden

GOLDEN = Path(__file__).with_name("golden")
STACK = cast("StackPlan", SimpleNamespace(team="vision", environment="dev"))
ROCE = OwnFabricSpec(
    kind="sriov-vf",
    network_cards="nvidia-ethernet",
    resource="nvidia.com/sriov",
    per_node=8,
    network="rdma/gpu-net",
    rdma_devices=("mlx5_0", "mlx5_2"),
    gid_index=3,
    traffic_class=41,
)
HARDWARE = {
    "accelerator": "MI300X",
    "accelerators": 8,
    "vcpus": 192,
    "memory_gib": 2048.0,
    "rdma_interfaces": 8,
    "network_gbps": 3200.0,
    "usd_per_node_hour": 48.0,
}
TEMPLATE: dict[str, Any] = {
    "metadata": {"labels": {"app": "train"}},
    "spec": {
        "containers": [
            {
                "name": "train",
                "image": "registry.example.com/train:1",
                "env": [{"name": "NCCL_NET", "value": "Socket"}, {"name": "NCCL_DEBUG", "value": "WARN"}],
                "resources": {"limits": {"nvidia.com/gpu": "8"}},
            },
            {"name": "logs", "image": "registry.example.com/logs:1"},
        ]
    },
}
TESTED: dict[str, Any] = {"acceptance_test": {"nodes": 2}}

POOLS: dict[str, tuple[tuple[Any, ...], dict[str, Any]]] = {
    "efa": (("aws",), {"machine": "p5.48xlarge", **TESTED}),
    "efa-neuron": (("aws",), {"machine": "trn1.32xlarge"}),
    "efa-nvlink": (("aws",), {"machine": "p6e-gb200.36xlarge"}),
    "tcpx": (("gcp",), {"machine": "a3-highgpu-8g", **TESTED}),
    "tcpxo": (("gcp",), {"machine": "a3-megagpu-8g", **TESTED}),
    "roce-multivpc": (("gcp", "1.34"), {"machine": "a3-ultragpu-8g", **TESTED}),
    "roce-dranet": (("gcp",), {"machine": "a4-highgpu-8g", **TESTED}),
    "roce-dranet-nvlink": (("gcp",), {"machine": "a4x-highgpu-4g", **TESTED}),
    "ici": (("gcp",), {"machine": "ct6e-standard-4t", "tpu_topology": "4x4"}),
    "infiniband-sriov": (("azure",), {"machine": "Standard_ND96isr_H200_v5", **TESTED}),
    "infiniband-sriov-amd": (("azure",), {"machine": "Standard_ND96isr_MI300X_v5", **TESTED}),
    "infiniband-shared": (
        ("azure",),
        {"machine": "Standard_ND96isr_H100_v5", "fabric": "infiniband-shared", **TESTED},
    ),
    "infiniband-ipoib": (("azure",), {"machine": "Standard_ND96asr_v4", "fabric": "infiniband-ipoib"}),
    "sriov-vf": (("existing", "0.0", ROCE), {"hardware": HARDWARE, "labelled": True, **TESTED}),
}


@pytest.mark.parametrize("name", POOLS)
def test_golden(name: str) -> None:
    position, changes = POOLS[name]
    pool = planned(*position, **changes)
    check_golden(
        GOLDEN / f"{name}.yaml",
        [
            *fabric_manifests(pool, "vision-dev-training"),
            {"patched": patch_template(TEMPLATE, pool.pods, "train"), "closed by": pool.pods.closed_by},
            *installer_manifests(pool),
            *(one for one in acceptance_manifests(pool, STACK) if one["kind"] in ("Namespace", "Job")),
        ],
    )


@pytest.mark.parametrize("name", [name for name in POOLS if name not in ("ici",)])
def test_what_keeps_a_workload_from_tcp_cannot_be_set_otherwise(name: str) -> None:
    position, changes = POOLS[name]
    pods = planned(*position, **changes).pods
    closing = {one.name: one.value for one in pods.environment if one.closes}
    assert closing
    loose = json.loads(json.dumps(TEMPLATE))
    loose["spec"]["containers"][0]["env"] = [{"name": one, "value": "anything"} for one in closing]
    patched = patch_template(loose, pods, "train")["spec"]["containers"][0]
    assert {one["name"]: one["value"] for one in patched["env"]}.items() >= closing.items()


def test_a_template_is_left_as_it_is_and_its_own_words_win() -> None:
    before = json.dumps(TEMPLATE)
    pods = planned("aws", machine="p5.48xlarge").pods
    template = json.loads(before)
    template["spec"]["containers"][0]["env"].append({"name": "NCCL_SOCKET_IFNAME", "value": "bond0"})
    patched = patch_template(template, pods, "train")
    assert json.dumps(TEMPLATE) == before
    env = {one["name"]: one["value"] for one in patched["spec"]["containers"][0]["env"]}
    assert (env["NCCL_SOCKET_IFNAME"], env["NCCL_NET"], env["NCCL_DEBUG"]) == ("bond0", "AWS Libfabric", "WARN")
    assert patched["spec"]["containers"][1] == TEMPLATE["spec"]["containers"][1]


def test_a_container_that_is_not_there() -> None:
    with pytest.raises(ValueError, match="no container 'main'"):
        patch_template(TEMPLATE, planned("aws", machine="p5.48xlarge").pods, "main")


def test_a_pool_without_a_fabric_brings_nothing() -> None:
    pool = planned("aws", machine="p5.48xlarge", fabric="none")
    assert fabric_manifests(pool, "n") == []
    assert acceptance_manifests(pool, STACK) == []
    assert patch_template(TEMPLATE, pool.pods, "train") == TEMPLATE


def test_the_pods_of_a_test_reach_only_each_other() -> None:
    manifests = acceptance_manifests(planned("aws", machine="p5.48xlarge", **TESTED), STACK)
    policies = {one["metadata"]["name"]: one["spec"] for one in manifests if one["kind"] == "NetworkPolicy"}
    assert set(policies) == {"default-deny", "allow-dns", "between-the-pods"}
    peer = [{"podSelector": {"matchLabels": {"bedplate.dev/fabric-acceptance": "true"}}}]
    assert policies["between-the-pods"]["ingress"] == [{"from": peer}]
    assert policies["between-the-pods"]["egress"] == [{"to": peer}]
    levels = {one["metadata"]["labels"]["pod-security.kubernetes.io/enforce"] for one in manifests[:1]}
    assert levels == {"baseline"}, "the test alone needs root, not the team"


def test_the_alert_finds_the_jobs() -> None:
    rule = acceptance_alert()["groups"][0]["rules"][0]
    assert 'job_name=~"fabric-acceptance-.*"' in rule["expr"]
    job = next(
        one
        for one in acceptance_manifests(planned("aws", machine="p5.48xlarge", **TESTED), STACK)
        if one["kind"] == "Job"
    )
    assert job["metadata"]["name"].startswith("fabric-acceptance-")
    assert job["spec"]["backoffLimit"] == 0
