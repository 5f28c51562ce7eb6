"""Every rule about fabrics and slices has a pool that trips it, and says what to change."""

from __future__ import annotations

from typing import Any

import pytest

from bedplate.clusters.aws_spec import AwsClusterSpec
from bedplate.clusters.azure_spec import AzureClusterSpec
from bedplate.clusters.existing_spec import ExistingClusterSpec
from bedplate.clusters.gcp_spec import GcpClusterSpec
from bedplate.clusters.spec import ClusterSpec
from bedplate.errors import Problem, dotted
from bedplate.fabrics.preconditions import FABRIC_RULES, one_infiniband_feature
from bedplate.fabrics.spec import OwnFabricSpec
from bedplate.fabrics.tpu import TPU_RULES
from bedplate.node_pools.preconditions import PoolInContext
from bedplate.node_pools.spec import NodePoolSpec

CLUSTERS: dict[str, type[ClusterSpec]] = {
    "aws": AwsClusterSpec,
    "gcp": GcpClusterSpec,
    "azure": AzureClusterSpec,
    "existing": ExistingClusterSpec,
}
IB = OwnFabricSpec(kind="infiniband-sriov", network_cards="nvidia-infiniband", resource="rdma/ib", per_node=8)
IONIC = OwnFabricSpec(
    kind="sriov-vf", network_cards="amd-ethernet", resource="amd.com/vnic", per_node=8, network="roce"
)
HARDWARE = {
    "accelerator": "H100",
    "accelerators": 8,
    "vcpus": 192,
    "memory_gib": 2048.0,
    "usd_per_node_hour": 80.0,
}


def pool(**changes: Any) -> NodePoolSpec:
    """A pool of the stack file, strict as there."""
    declared = {"cluster": "c", "role": "training", "nodes": {"min": 0, "max": 4}, **changes}
    return NodePoolSpec.model_validate_json(_json(declared))


def _json(value: Any) -> str:
    import json

    return json.dumps(value)


def cluster(provider: str, **changes: Any) -> ClusterSpec:
    """A cluster as far as rules about fabrics look at it."""
    where = {"kubernetes_version": "1.34"} if provider == "existing" else {"region": "r"}
    return CLUSTERS[provider].model_construct(**{"provider": provider, **where, **changes})


def in_context(provider: str, declared: NodePoolSpec, **about_cluster: Any) -> PoolInContext:
    zones = tuple(about_cluster.get("zones", ()))
    return PoolInContext("train", declared, cluster(provider, **about_cluster), zones=zones, device_plugins=())


def problems(provider: str, declared: NodePoolSpec, **about_cluster: Any) -> list[Problem]:
    context = in_context(provider, declared, **about_cluster)
    return [problem for rule in (*FABRIC_RULES, *TPU_RULES) for problem in rule(context)]


def reserved(machine: str, zone: str) -> dict[str, Any]:
    return {
        "machine": machine,
        "capacity": "reservation",
        "reservation": {"name": f"cr-{zone}", "machine": machine, "nodes": 4, "zone": zone},
    }


IN_VIRGINIA = {"region": "us-east-1", "zones": ("use1-az5", "use1-az4", "use1-az6")}
ON_134 = {"kubernetes_version": "1.34"}
ON_135 = {"kubernetes_version": "1.35"}

CASES: list[tuple[str, dict[str, Any], dict[str, Any], str, str, str]] = [
    # provider, pool, cluster, field below node_pools.train, part of the message, part of the way out
    ("aws", {"machine": "p5.48xlarge", "fabric": "tcpxo"}, {}, "fabric", "AWS has no fabric 'tcpxo'", "efa"),
    (
        "gcp",
        {"machine": "a3-megagpu-8g", "fabric": "efa"},
        ON_135,
        "fabric",
        "Google Cloud has no fabric 'efa'",
        "tcpxo",
    ),
    ("azure", {"machine": "Standard_ND96isr_H100_v5", "fabric": "macvlan"}, ON_135, "fabric", "Azure has no", "shared"),
    (
        "aws",
        {"machine": "g6.2xlarge", "fabric": "required"},
        {},
        "fabric",
        "no network card that speaks EFA",
        "--fabric",
    ),
    ("aws", {"machine": "inf2.48xlarge", "fabric": "efa"}, {}, "fabric", "fall back to TCP", "Leave fabric out"),
    (
        "gcp",
        {"machine": "a3-highgpu-4g", "fabric": "required"},
        ON_135,
        "fabric",
        "fall back to TCP",
        "Leave fabric out",
    ),
    ("gcp", {"machine": "g4-standard-6", "fabric": "required"}, ON_135, "fabric", "a part of an accelerator", "whole"),
    (
        "azure",
        {"machine": "Standard_NC24ads_A100_v4", "fabric": "required"},
        ON_135,
        "fabric",
        "no source says what",
        "",
    ),
    (
        "azure",
        {"machine": "Standard_ND96is_H100_v5", "fabric": "required"},
        ON_135,
        "fabric",
        "no source says what",
        "",
    ),
    ("gcp", {"machine": "a4x-maxgpu-4g-metal", "fabric": "required"}, ON_135, "fabric", "IPv6 alone", "fabric: none"),
    ("gcp", {"machine": "a3-megagpu-8g", "fabric": "tcpx"}, ON_135, "fabric", "not connected by tcpx", "tcpxo"),
    ("gcp", {"machine": "a3-highgpu-8g", "fabric": "roce-dranet"}, ON_135, "fabric", "not connected by roce", "tcpx"),
    ("gcp", {"machine": "a4-highgpu-8g", "fabric": "roce-dranet"}, ON_134, "fabric", "may be older", "1.35 or newer"),
    (
        "azure",
        {"machine": "Standard_ND128isr_GB300_v6", "fabric": "infiniband-ipoib"},
        ON_135,
        "fabric",
        "not connected by infiniband-ipoib",
        "infiniband-sriov",
    ),
    ("aws", {"machine": "dl2q.24xlarge", "fabric": "required"}, {}, "fabric", "kept from falling back to TCP", "none"),
    ("gcp", {"machine": "ct6e-standard-4t", "fabric": "none"}, ON_135, "fabric", "cannot be left out", "Leave fabric"),
    ("aws", {"machine": "p5.48xlarge", "zones": ["use1-az1", "use1-az2"]}, {}, "zones", "2 are named", "one zone"),
    (
        "aws",
        {"offers": [reserved("p5.48xlarge", "use1-az1"), {"machine": "p5.4xlarge"}], "fabric": "required"},
        {},
        "offers",
        "p5.48xlarge: 32 × efa",
        "a pool of each",
    ),
    (
        "aws",
        {
            "offers": [
                reserved("p5.48xlarge", "use1-az4"),
                reserved("p5.48xlarge", "use1-az6") | {"capacity": "capacity-block"},
            ]
        },
        IN_VIRGINIA,
        "offers",
        "cr-use1-az4 in use1-az4, cr-use1-az6 in use1-az6",
        "each zone",
    ),
    (
        "aws",
        {"offers": [reserved("g6.8xlarge", "use1-az5"), {"machine": "gr6.8xlarge"}], "fabric": "required"},
        IN_VIRGINIA,
        "offers",
        "cr-use1-az5 in use1-az5, gr6.8xlarge in use1-az4 or use1-az6",
        "each zone",
    ),
    (
        "azure",
        {
            "offers": [
                {"machine": "Standard_ND96isr_H100_v5"},
                {"machine": "Standard_ND96isr_H100_v5", "capacity": "spot"},
            ]
        },
        ON_135,
        "offers",
        "one scale set, and each of the 2 offers",
        "one offer",
    ),
    ("gcp", {"machine": "a4x-highgpu-4g"}, {"kubernetes_version": "1.33"}, "machine", "by claims from", "kubernetes_"),
    ("gcp", {"machine": "a3-megagpu-8g", "tpu_topology": "4x4"}, ON_135, "tpu_topology", "has no TPUs", ""),
    ("gcp", {"machine": "ct6e-standard-4t", "tpu_topology": "4x6"}, ON_135, "tpu_topology", "no shape '4x6'", "4x4"),
    ("gcp", {"machine": "ct5p-hightpu-4t", "tpu_topology": "2x2x2"}, ON_135, "tpu_topology", "no source says", "v6e"),
    (
        "aws",
        {"machine": "p5.48xlarge", "acceptance_test": {"nodes": 8}},
        {},
        "acceptance_test",
        "takes 8 nodes, and the pool has at most 4",
        "",
    ),
    (
        "gcp",
        {"machine": "ct6e-standard-4t", "tpu_topology": "4x4", "nodes": {"min": 0, "max": 3}},
        ON_135,
        "nodes.max",
        "has 4 nodes of ct6e-standard-4t, all or none, and 3 may run",
        "Set max to 4",
    ),
    (
        "gcp",
        {"machine": "ct6e-standard-4t", "tpu_topology": "4x4", "nodes": {"min": 1, "max": 4}},
        ON_135,
        "nodes.min",
        "min 1 of the 4 nodes",
        "0",
    ),
    (
        "existing",
        {"hardware": HARDWARE, "labelled": True, "fabric": "required"},
        {"fabric": None},
        "fabric",
        "says nothing about its fabric",
        "kind, network_cards",
    ),
    (
        "existing",
        {"hardware": HARDWARE, "labelled": True, "fabric": "sriov-vf"},
        {"fabric": IB},
        "fabric",
        "connected by infiniband-sriov, not by sriov-vf",
        "infiniband-sriov",
    ),
    (
        "existing",
        {"hardware": HARDWARE, "labelled": True, "fabric": "required"},
        {"fabric": IONIC},
        "fabric",
        "with amd-ethernet cards is kept from falling back to TCP",
        "check which network",
    ),
]


@pytest.mark.parametrize(
    ("provider", "declared", "about_cluster", "field", "message", "way_out"),
    CASES,
    ids=[case[4][:40] for case in CASES],
)
def test_refused(
    provider: str, declared: dict[str, Any], about_cluster: dict[str, Any], field: str, message: str, way_out: str
) -> None:
    found = problems(provider, pool(**declared), **about_cluster)
    assert [dotted(problem.field) for problem in found] == [f"node_pools.train.{field}"], found
    assert message in found[0].message
    assert way_out in " ".join((found[0].hint, found[0].nearest, *found[0].allowed))


@pytest.mark.parametrize(
    ("provider", "declared", "about_cluster"),
    [
        ("aws", {"machine": "p5.48xlarge"}, {}),
        ("aws", {"machine": "g6.8xlarge", "fabric": "efa"}, {}),
        ("aws", {"machine": "m7i.2xlarge", "role": "general"}, {}),
        (
            "aws",
            {"offers": [{"machine": "g6.8xlarge"}, {"machine": "gr6.8xlarge"}], "fabric": "required"},
            IN_VIRGINIA,
        ),
        (
            "aws",
            {"offers": [reserved("g6.8xlarge", "use1-az6"), {"machine": "gr6.8xlarge"}], "fabric": "required"},
            IN_VIRGINIA,
        ),
        (
            "aws",
            {"offers": [reserved("g6.8xlarge", "use1-az5"), {"machine": "gr6.8xlarge"}], "fabric": "none"},
            IN_VIRGINIA,
        ),
        ("gcp", {"machine": "a3-megagpu-8g"}, ON_134),
        ("gcp", {"machine": "a4-highgpu-8g", "fabric": "roce-multivpc"}, ON_135),
        ("gcp", {"machine": "ct6e-standard-4t", "tpu_topology": "4x4"}, ON_135),
        ("gcp", {"machine": "ct6e-standard-4t", "tpu_topology": "4x4", "nodes": {"min": 4, "max": 4}}, ON_135),
        ("azure", {"machine": "Standard_ND128isr_GB300_v6"}, ON_135),
        ("azure", {"machine": "Standard_ND128isr_GB300_v6"}, ON_134),  # its Ubuntu is what is refused there
        ("azure", {"machine": "Standard_NC24ads_A100_v4"}, ON_135),
        ("existing", {"hardware": HARDWARE, "labelled": True}, {"fabric": IB}),
        ("existing", {"hardware": HARDWARE, "labelled": True}, {"fabric": None}),
    ],
)
def test_accepted(provider: str, declared: dict[str, Any], about_cluster: dict[str, Any]) -> None:
    assert problems(provider, pool(**declared), **about_cluster) == []


def subscription_problems(*pools: tuple[str, str, str]) -> list[Problem]:
    """Problems of pools by name, machine type and subscription."""
    contexts = [
        PoolInContext(name, pool(machine=machine), cluster("azure", subscription=one, **ON_135), (), ())
        for name, machine, one in pools
    ]
    return list(one_infiniband_feature(contexts))


H100, A100, GB300 = "Standard_ND96isr_H100_v5", "Standard_ND96asr_v4", "Standard_ND128isr_GB300_v6"


def test_one_subscription_has_its_infiniband_feature_on_or_off() -> None:
    found = subscription_problems(("h", H100, "one"), ("g", GB300, "one"))
    assert [dotted(problem.field) for problem in found] == ["node_pools.g"]
    assert "AKSInfinibandSupport unregistered, and h needs it registered" in found[0].message
    assert not subscription_problems(("h", H100, "one"), ("a", A100, "one"))
    assert not subscription_problems(("h", H100, "one"), ("g", GB300, "two"))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"kind": "macvlan", "resource": "rdma/shared"}, "name its network"),
        ({"resource": None}, "so name it"),
        ({"network_cards": "broadcom-ethernet"}, "do not speak InfiniBand"),
        ({"gid_index": 3}, "InfiniBand has no such setting"),
        ({"traffic_class": 41}, "InfiniBand has no such setting"),
        ({"resource": "no domain"}, "String should match"),
    ],
)
def test_what_an_owner_cannot_say(changes: dict[str, Any], message: str) -> None:
    declared = {**IB.model_dump(exclude_none=True), "rdma_devices": [], **changes}
    with pytest.raises(ValueError, match=message):
        OwnFabricSpec.model_validate_json(_json(declared))


def test_every_rule_has_a_case() -> None:
    """A rule that no case trips is a rule that nobody knows to work."""
    tripped = {
        rule.__name__
        for provider, declared, about, *_ in CASES
        for rule in (*FABRIC_RULES, *TPU_RULES)
        if list(rule(in_context(provider, pool(**declared), **about)))
    }
    assert tripped == {rule.__name__ for rule in (*FABRIC_RULES, *TPU_RULES)}
