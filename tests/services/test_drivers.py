"""Who brings what on every cloud: the table itself, and what is refused before two of one meet on a node."""

from __future__ import annotations

import json
from typing import Any, get_args

import pytest

from bedplate import catalog
from bedplate.catalog.tables import CellError, Row
from bedplate.clusters.aws_spec import AwsClusterSpec
from bedplate.clusters.azure_spec import AzureClusterSpec
from bedplate.clusters.gcp_spec import GcpClusterSpec
from bedplate.clusters.spec import ClusterSpec, Provider
from bedplate.errors import dotted
from bedplate.node_pools.preconditions import PoolInContext
from bedplate.preconditions import stack_problems
from bedplate.services import accelerator_preconditions
from bedplate.services.drivers import (
    COLUMNS,
    driver_path,
    driver_paths,
    driver_requirement,
    machine_driver_path,
    parse,
)
from tests.support import azure, gcp, stacks
from tests.support.stacks import REMOVED, one_pool, spec, stack

CLUSTERS: dict[str, tuple[type[ClusterSpec], dict[str, Any]]] = {
    "aws": (AwsClusterSpec, stacks.CLUSTER),
    "azure": (AzureClusterSpec, azure.CLUSTER),
    "gcp": (GcpClusterSpec, gcp.CLUSTER),
}
PATHS = [
    (provider, vendor, path)
    for provider in get_args(Provider)
    for vendor in ("NVIDIA", "AMD", "AWS", "Google")
    for path in driver_paths(provider, vendor)
]


@pytest.mark.parametrize(("provider", "vendor", "path"), PATHS, ids=[f"{p} {v} {x.mode}" for p, v, x in PATHS])
def test_whoever_brings_the_driver_is_the_declared_one(provider: str, vendor: str, path: Any) -> None:
    """`cloud` covers the cloud's node image; nobody but the operator installs what the operator may configure."""
    assert path.driver in {"cloud": ("cloud", "image"), "operator": ("operator",), "host": ("host",)}[path.mode]
    if path.container_toolkit == "operator":
        assert path.driver == "operator"
    assert driver_path(provider, vendor, path.mode) is path


@pytest.mark.parametrize("vendor", ["NVIDIA", "AMD", "AWS", "Google"])
@pytest.mark.parametrize("provider", get_args(Provider))
def test_one_default_at_most_and_none_where_the_owner_must_say(provider: str, vendor: str) -> None:
    defaults = [path for path in driver_paths(provider, vendor) if path.is_default]
    assert len(defaults) == (0 if provider == "existing" or not driver_paths(provider, vendor) else 1)
    assert driver_path(provider, vendor) in [*defaults, None]


@pytest.mark.parametrize("cloud", catalog.clouds())
def test_every_machine_has_a_driver_or_nobody_sells_one(cloud: str) -> None:
    without = {m.vendor for m in catalog.machines(cloud).values() if m.vendor and machine_driver_path(m) is None}
    assert without == ({"AMD", "Qualcomm"} if cloud == "aws" else set())


def test_every_requirement_is_of_a_machine_that_is_sold() -> None:
    named = {one.name for one in catalog.machines("azure").values() if driver_requirement(one) is not None}
    assert "Standard_NV36adms_A10_v5" in named
    assert len(named) == 6
    assert all(name.startswith("Standard_NV") for name in named)


def test_a_machine_without_accelerators_needs_no_driver() -> None:
    machine = catalog.machine("aws", "m7i.2xlarge")
    assert machine is not None
    assert machine_driver_path(machine) is None


ROW = {
    "provider": "aws", "vendor": "NVIDIA", "mode": "cloud", "default": "yes", "driver": "image",
    "container_toolkit": "image", "device_plugin": "operator", "cdi": "yes", "peer_memory": "", "driver_root": "/",
    "runtime_class": "", "reason": "it does", "source": "gpu-operator", "as_of": "2026-06-23",
}  # fmt: skip


@pytest.mark.parametrize(
    ("column", "value", "message"),
    [
        ("mode", "both", "not one of cloud, operator, host"),
        ("driver", "", "must not be empty"),
        ("driver", "cloud+operator", "not one of image"),
        ("peer_memory", "maybe", "neither yes nor no"),
        ("source", "hearsay", "not in sources.csv"),
        ("reason", "", "must not be empty"),
    ],
)
def test_rows_that_cannot_be_read(column: str, value: str, message: str) -> None:
    assert tuple(ROW) == COLUMNS
    with pytest.raises(CellError, match=message):
        parse(Row("driver-paths.csv", 2, ROW | {column: value}))


def context(provider: str, machine: str, shared: tuple[Any, ...] = (), **declared: Any) -> PoolInContext:
    """Return a pool of one machine type on a cluster of a cloud, as the rules see it."""
    pool = one_pool(machine=machine, **declared.pop("pool", {})).node_pools["it"]
    kind, cluster_of_cloud = CLUSTERS[provider]
    cluster = kind.model_validate_json(json.dumps(cluster_of_cloud | declared))
    return PoolInContext("it", pool, cluster, (), (), shared)


REFUSED = [
    ("azure", "Standard_ND96isr_H100_v5", {"drivers": "host"}, "drivers: host is not possible", ("operator", "cloud")),
    ("azure", "Standard_ND96isr_MI300X_v5", {}, "must keep the images somewhere", ()),
    ("azure", "Standard_ND96isr_MI300X_v5", {"drivers": "cloud"}, "not possible for AMD", ("operator", "host")),
    (
        "azure",
        "Standard_ND96isr_H100_v5",
        {"drivers": "cloud"},
        "nothing makes sure that InfiniBand cards reach GPU memory",
        (),
    ),
    (
        "azure",
        "Standard_ND96isr_H100_v5",
        {"pool": {"fabric": "infiniband-ipoib"}},
        "no IPoIB network is made on AKS",
        ("infiniband-sriov", "infiniband-shared", "none"),
    ),
    ("azure", "Standard_NV6ads_A10_v5", {}, "cannot have drivers: operator, because it takes NVIDIA's GRID driver", ()),
    ("gcp", "a3-megagpu-8g", {"drivers": "operator"}, "drivers: operator is not possible", ("cloud",)),
    ("aws", "g4ad.xlarge", {}, "no source says who brings the driver of AMD", ()),
    ("aws", "g6.2xlarge", {"drivers": "operator"}, "drivers: operator is not possible", ("cloud",)),
    ("aws", "dl2q.24xlarge", {}, "no source says who brings the driver of Qualcomm", ()),
]


@pytest.mark.parametrize(("provider", "machine", "declared", "message", "allowed"), REFUSED)
def test_refused(provider: str, machine: str, declared: dict[str, Any], message: str, allowed: tuple[str, ...]) -> None:
    problems = [one for rule in accelerator_preconditions.RULES for one in rule(context(provider, machine, **declared))]
    assert [message in problem.message for problem in problems] == [True]
    assert problems[0].allowed == allowed
    assert dotted(problems[0].field).startswith("node_pools.it.")


AMD_DRIVER = {"image": "registry.example.com/drivers/amdgpu", "version": "30.20.1"}


@pytest.mark.parametrize(
    ("provider", "machine", "declared"),
    [
        ("azure", "Standard_ND96isr_H100_v5", {}),
        ("azure", "Standard_ND96isr_H100_v5", {"drivers": "cloud", "pool": {"fabric": "none"}}),
        ("azure", "Standard_ND96isr_MI300X_v5", {"amd_driver": AMD_DRIVER}),
        ("azure", "Standard_ND96isr_MI300X_v5", {"drivers": "host"}),
        ("azure", "Standard_NV6ads_A10_v5", {"drivers": "cloud"}),
        ("gcp", "ct6e-standard-4t", {}),
        ("gcp", "a3-megagpu-8g", {"drivers": "cloud"}),
        ("aws", "trn2.48xlarge", {}),
        ("aws", "m7i.2xlarge", {}),
    ],
)
def test_possible(provider: str, machine: str, declared: dict[str, Any]) -> None:
    it = context(provider, machine, **declared)
    assert [one.render() for rule in accelerator_preconditions.RULES for one in rule(it)] == []


def test_an_operator_of_somebody_else_is_not_told_how_to_share() -> None:
    """What is present on an existing cluster keeps its own configuration, so a node's labels would name nothing."""
    sharing = {"mode": "time-slicing", "replicas": 4}
    hardware = {"accelerator": "H100", "accelerators": 8, "vcpus": 96, "memory_gib": 1024, "usd_per_node_hour": 30}
    declared: dict[str, Any] = {
        "team": "vision",
        "environment": "dev",
        "clusters": {
            "hall": {"provider": "existing", "context": "hall", "kubernetes_version": "1.35", "drivers": "host"}
        },
        "node_pools": {
            "base": {
                "cluster": "hall",
                "role": "general",
                "hosts": ["cpu-1"],
                "hardware": {"vcpus": 32, "memory_gib": 128, "usd_per_node_hour": 1},
            },
            "it": {"cluster": "hall", "role": "inference", "hosts": ["a"], "hardware": hardware, "sharing": sharing},
        },
    }
    assert stack_problems(spec(declared)) == []
    declared["clusters"]["hall"]["present_device_plugins"] = ["nvidia"]
    (problem,) = stack_problems(spec(declared))
    assert dotted(problem.field) == "node_pools.it.sharing"
    assert "runs on the cluster already" in problem.message


@pytest.mark.parametrize(
    ("changes", "field", "message"),
    [
        (
            {"clusters.use1.device_plugins": ["nvidia", "rdma-sriov"]},
            "clusters.use1.device_plugins[1]",
            "rdma-sriov is for network cards that aws does not have",
        ),
        (
            {"clusters.use1.device_plugins": ["amd"]},
            "clusters.use1.device_plugins[0]",
            "no source says who brings the driver of AMD accelerators on aws",
        ),
        (
            {"clusters.use1.device_plugins": ["nvidia-dra"], "clusters.use1.drivers": "host"},
            "clusters.use1.device_plugins[0]",
            "drivers: host is not possible for NVIDIA accelerators on aws",
        ),
        ({"clusters.use1.amd_driver": AMD_DRIVER}, "clusters.use1.amd_driver", "nobody builds AMD's driver"),
    ],
)
def test_declarations_of_a_cluster_that_are_refused(changes: dict[str, Any], field: str, message: str) -> None:
    without_accelerators = {"node_pools.l4": REMOVED, "node_pools.h100": REMOVED}
    (problem,) = stack_problems(stack(changes | without_accelerators))
    assert dotted(problem.field) == field
    assert message in problem.message


def test_a_machine_that_no_image_of_eks_prepares(monkeypatch: pytest.MonkeyPatch) -> None:
    it = context("aws", "trn2.48xlarge")
    monkeypatch.setattr(accelerator_preconditions, "node_image", lambda provider, machine: None)
    problems = [one.message for rule in accelerator_preconditions.RULES for one in rule(it)]
    assert problems == ["no EKS node image brings what trn2.48xlarge needs (Trainium2, x86_64)"]
