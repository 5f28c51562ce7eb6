"""The stacks of accelerators on every cloud: what is installed, in which order, and never anything twice."""

from __future__ import annotations

import dataclasses
import json
import re
from pathlib import Path
from typing import Any

import pytest

from bedplate.clusters.existing_plan import plan_existing
from bedplate.clusters.existing_spec import ExistingClusterSpec, PresentService
from bedplate.clusters.plan import ClusterPlan
from bedplate.clusters.spec import AmdDriverSpec, DevicePluginName, DriverMode, Provider
from bedplate.node_pools.sharing import (
    MIG_CONFIG_LABEL,
    PARTITION_LABEL,
    PLUGIN_CONFIG_LABEL,
    SHARING_LABEL,
    operator_labels,
)
from bedplate.node_pools.sharing_spec import MigSharing, MpsSharing, PartitionSharing, Sharing, TimeSlicing
from bedplate.plan import OwnedCluster
from bedplate.sdk_types import check_inputs
from bedplate.services.component import release_inputs
from bedplate.services.helm import HelmRelease
from bedplate.services.manifests import manifest_token
from bedplate.services.namespaces import service_namespaces, service_quotas
from bedplate.services.plan import ServicesPlan, plan_services
from tests.support.crds import schema_problems
from tests.support.golden import check_golden
from tests.support.stacks import stack

GOLDEN = Path(__file__).with_name("golden") / "accelerators"
AMD_DRIVER = AmdDriverSpec(image="registry.example.com/drivers/amdgpu", version="30.20.1", pull_secret_name="drivers")
WAYS: tuple[Sharing, ...] = (
    MigSharing(mode="mig", profiles={"1g.10gb": 7}, strategy="single"),
    MigSharing(mode="mig", profiles={"1g.10gb": 2, "2g.20gb": 1, "3g.40gb": 1}),
    TimeSlicing(mode="time-slicing", replicas=4),
    MpsSharing(mode="mps", replicas=8),
)
PARTITIONS: tuple[Sharing, ...] = (
    PartitionSharing(mode="partition", compute="CPX", memory="NPS4"),
    PartitionSharing(mode="partition", compute="SPX", memory="NPS1"),
)


def owned(
    provider: Provider,
    *plugins: DevicePluginName,
    drivers: DriverMode | None = None,
    shared: tuple[Sharing, ...] = (),
    amd_driver: AmdDriverSpec | None = None,
    virtual_machines: bool = False,
) -> OwnedCluster:
    """Return a cluster of a cloud with device plugins, as a plan would have it."""
    plan = _existing(virtual_machines) if provider == "existing" else _in_a_cloud(provider)
    return OwnedCluster(
        plan, tuple(sorted(plugins)), drivers=drivers, amd_driver=amd_driver, shared_accelerators=shared
    )


def _existing(virtual_machines: bool) -> ClusterPlan:
    declared = {
        "provider": "existing",
        "context": "main",
        "kubernetes_version": "1.35",
        "virtual_machines": virtual_machines,
    }
    return plan_existing(stack(), "main", ExistingClusterSpec.model_validate(declared))


def _in_a_cloud(provider: Provider) -> ClusterPlan:
    return ClusterPlan(
        name="main",
        full_name="vision-dev-main",
        provider=provider,
        region="somewhere",
        zones=(),
        kubernetes_version="1.35",
        runner_networks=(),
        deletion_protection=False,
    )


CLUSTERS = {
    "aks-infiniband": owned("azure", "nvidia", "rdma-sriov"),
    "aks-infiniband-shared": owned("azure", "nvidia", "rdma-shared"),
    "aks-cloud-driver": owned("azure", "nvidia", drivers="cloud"),
    "aks-gb300": owned("azure", "nvidia", "rdma-sriov", "nvidia-dra"),
    "aks-amd": owned("azure", "amd", "rdma-sriov", amd_driver=AMD_DRIVER),
    "aks-amd-host": owned("azure", "amd", drivers="host"),
    "gke-operator": owned("gcp", "nvidia"),
    "gke-gb200": owned("gcp", "nvidia-dra"),
    "existing-host": owned("existing", "nvidia", drivers="host"),
    "existing-operator": owned("existing", "nvidia", drivers="operator", shared=WAYS),
    "existing-amd": owned("existing", "amd", drivers="operator", amd_driver=AMD_DRIVER, shared=PARTITIONS),
    "existing-amd-virtual": owned("existing", "amd", drivers="host", virtual_machines=True),
    "existing-both": owned("existing", "nvidia", "amd", "rdma-shared", drivers="host"),
}
TRAINIUM = owned("aws", "neuron", "efa")


def of_accelerators(plan: ServicesPlan) -> tuple[HelmRelease, ...]:
    return tuple(one for one in plan.releases if one.name != "cluster-autoscaler")


def release(cluster: OwnedCluster, name: str) -> HelmRelease:
    return {one.name: one for one in plan_services(cluster).releases}[name]


def manifests(cluster: OwnedCluster, kind: str) -> list[Any]:
    return [one for one in plan_services(cluster).manifests if one["kind"] == kind]


@pytest.mark.parametrize("name", CLUSTERS)
def test_stack_as_rendered(name: str) -> None:
    plan = plan_services(CLUSTERS[name])
    check_golden(GOLDEN / f"{name}.yaml", [*map(release_inputs, of_accelerators(plan)), *plan.manifests])


def test_trainium_as_rendered() -> None:
    check_golden(GOLDEN / "eks-trainium.yaml", [*map(release_inputs, of_accelerators(plan_services(TRAINIUM)))])


@pytest.mark.parametrize("name", CLUSTERS)
def test_the_sdk_knows_every_input(name: str) -> None:
    plan = plan_services(CLUSTERS[name])
    for one in of_accelerators(plan):
        assert [
            problem.render() for problem in check_inputs("kubernetes:helm.sh/v3:Release", release_inputs(one))
        ] == []
    for manifest in (*service_namespaces(plan), *service_quotas(plan)):
        assert check_inputs(manifest_token(manifest), manifest) == []


@pytest.mark.parametrize("name", CLUSTERS)
@pytest.mark.parametrize("kind", ["NicClusterPolicy", "DeviceConfig"])
def test_the_definitions_know_every_field(name: str, kind: str) -> None:
    for manifest in manifests(CLUSTERS[name], kind):
        assert schema_problems(manifest) == []


def test_the_network_operator_stands_before_the_gpu_operator() -> None:
    """Its feature discovery serves both, and the GPU's driver waits for that of the cards."""
    plan = plan_services(CLUSTERS["aks-infiniband"])
    assert [one.name for one in plan.releases] == ["network-operator", "gpu-operator"]
    assert release(CLUSTERS["aks-infiniband"], "gpu-operator").after == ("network-operator",)
    assert release(CLUSTERS["aks-infiniband"], "gpu-operator").values["driver"] == {
        "enabled": True,
        "rdma": {"enabled": True},
    }


@pytest.mark.parametrize("name", CLUSTERS)
def test_features_are_discovered_once(name: str) -> None:
    """The part is off by `nfd.enabled` in NVIDIA's charts, and by its own `enabled` in AMD's."""
    brings = []
    for one in of_accelerators(plan_services(CLUSTERS[name])):
        if one.name in ("network-operator", "gpu-operator"):
            brings.append(one.values.get("nfd", {"enabled": True})["enabled"])
        elif one.name == "gpu-operator-charts":
            brings.append(one.values["node-feature-discovery"]["enabled"])
    assert brings.count(True) == min(1, len(brings))


def test_what_an_existing_cluster_has_is_not_installed_again() -> None:
    amd = CLUSTERS["existing-amd"]
    there = dataclasses.replace(amd, present_services=("cert-manager", "node-feature-discovery"))
    (operator,) = plan_services(there).releases
    assert operator.after == ()
    assert operator.values["node-feature-discovery"] == {"enabled": False}
    both = dataclasses.replace(CLUSTERS["existing-both"], present_services=("node-feature-discovery",))
    assert [one.values["nfd"]["enabled"] for one in plan_services(both).releases[:2]] == [False, False]


@pytest.mark.parametrize(
    ("name", "driver", "toolkit", "plugin"),
    [
        ("aks-infiniband", True, True, True),
        ("aks-cloud-driver", False, False, True),
        ("gke-operator", False, True, False),
        ("existing-host", False, False, True),
        ("existing-operator", True, True, True),
    ],
)
def test_the_operator_leaves_to_others_what_they_bring(name: str, driver: bool, toolkit: bool, plugin: bool) -> None:
    values = release(CLUSTERS[name], "gpu-operator").values
    assert [values[part]["enabled"] for part in ("driver", "toolkit", "devicePlugin")] == [driver, toolkit, plugin]


def test_the_runtime_of_aks_has_a_name_of_its_own() -> None:
    """Where AKS configured containerd: the operator's pods name a handler that containerd must know."""
    assert release(CLUSTERS["aks-cloud-driver"], "gpu-operator").values["operator"]["runtimeClass"] == (
        "nvidia-container-runtime"
    )
    assert "runtimeClass" not in release(CLUSTERS["aks-infiniband"], "gpu-operator").values["operator"]


def test_on_gke_files_go_where_nodes_may_be_written() -> None:
    values = release(CLUSTERS["gke-operator"], "gpu-operator").values
    assert values["hostPaths"]["driverInstallDir"] == values["toolkit"]["installDir"] == "/home/kubernetes/bin/nvidia"


def test_gke_admits_critical_pods_where_a_quota_says_so() -> None:
    plan = plan_services(CLUSTERS["gke-gb200"])
    assert [one["metadata"]["namespace"] for one in service_quotas(plan)] == ["nvidia-dra-driver-gpu"]
    assert service_quotas(plan_services(CLUSTERS["aks-gb300"])) == []


def test_gpus_are_handed_out_once() -> None:
    """By the device plugin; the driver for dynamic resource allocation has its own part for GPUs off."""
    values = release(CLUSTERS["aks-gb300"], "nvidia-dra-driver-gpu").values
    assert values["resources"] == {"gpus": {"enabled": False}, "computeDomains": {"enabled": True}}
    assert values["nvidiaDriverRoot"] == "/run/nvidia/driver"
    assert release(CLUSTERS["gke-gb200"], "nvidia-dra-driver-gpu").values["nvidiaDriverRoot"].startswith("/home/")


@pytest.mark.parametrize(
    ("name", "label", "installs"),
    [
        ("aks-amd", "amd-vgpu", True),
        ("aks-amd-host", "amd-vgpu", False),
        ("existing-amd", "amd-gpu", True),
        ("existing-amd-virtual", "amd-vgpu", False),
    ],
)
def test_amd_orders_match_the_nodes(name: str, label: str, installs: bool) -> None:
    (config,) = manifests(CLUSTERS[name], "DeviceConfig")
    assert config["spec"]["selector"] == {f"feature.node.kubernetes.io/{label}": "true"}
    driver = config["spec"]["driver"]
    assert (driver["enable"], driver["blacklist"]) == (installs, installs)


@pytest.mark.parametrize(
    ("plugins", "present", "first"),
    [
        (("amd",), (), ("cert-manager",)),
        (("amd", "rdma-sriov"), (), ("cert-manager", "network-operator")),
        (("amd", "nvidia", "rdma-shared"), (), ("cert-manager", "network-operator")),
        (("amd", "nvidia"), (), ("cert-manager", "gpu-operator")),
        (("amd", "nvidia"), ("cert-manager",), ("gpu-operator",)),
        (("amd", "rdma-sriov"), ("node-feature-discovery",), ("cert-manager",)),
        (("amd", "rdma-sriov"), ("cert-manager", "node-feature-discovery"), ()),
    ],
)
def test_amd_operator_waits_for_whatever_brings_the_kinds_that_its_chart_writes(
    plugins: tuple[DevicePluginName, ...], present: tuple[PresentService, ...], first: tuple[str, ...]
) -> None:
    cluster = dataclasses.replace(owned("existing", *plugins, drivers="host"), present_services=present)
    assert release(cluster, "gpu-operator-charts").after == first


@pytest.mark.parametrize("name", CLUSTERS)
def test_whatever_a_release_waits_for_is_installed_before_it(name: str) -> None:
    installed = [one.name for one in plan_services(CLUSTERS[name]).releases]
    for place, one in enumerate(plan_services(CLUSTERS[name]).releases):
        assert set(one.after) <= set(installed[:place])


def test_the_namespaces_of_amd_s_stack_let_in_what_it_needs() -> None:
    namespaces = {one["metadata"]["name"]: one for one in service_namespaces(plan_services(CLUSTERS["aks-amd"]))}
    levels = {name: one["metadata"]["labels"]["pod-security.kubernetes.io/enforce"] for name, one in namespaces.items()}
    assert levels["cert-manager"] == "restricted"
    assert levels["kube-amd-gpu"] == levels["nvidia-network-operator"] == "privileged"


def test_drivers_that_nobody_decided_are_not_guessed() -> None:
    with pytest.raises(LookupError, match="nobody brings NVIDIA's driver"):
        plan_services(owned("existing", "nvidia"))
    with pytest.raises(LookupError, match="nobody brings AMD's driver"):
        plan_services(owned("aws", "amd"))
    with pytest.raises(LookupError, match="no place for the driver images"):
        plan_services(owned("azure", "amd"))


@pytest.mark.parametrize("name", CLUSTERS)
def test_no_image_moves_under_its_tag(name: str) -> None:
    for config in manifests(CLUSTERS[name], "DeviceConfig"):
        spec = config["spec"]
        images = [
            spec["metricsExporter"]["image"],
            *(v for k, v in spec["devicePlugin"].items() if k.endswith("Image")),
        ]
        assert [image for image in images if image.rpartition(":")[2] in ("", "latest", "labeller-latest")] == []


def test_nodes_choose_among_prepared_configurations() -> None:
    """A node names its configuration by labels: those of every way of sharing must be there, and the default."""
    values = release(CLUSTERS["existing-operator"], "gpu-operator").values
    plugin, mig = values["devicePlugin"]["config"], values["migManager"]["config"]
    cut = json.loads(mig["data"]["config.yaml"])["mig-configs"]
    for way in WAYS:
        labels = operator_labels(way)
        assert labels[PLUGIN_CONFIG_LABEL] in plugin["data"]
        assert labels.get(MIG_CONFIG_LABEL, mig["default"]) in cut
    assert plugin["default"] in plugin["data"]
    assert mig["default"] in cut
    # An environment variable would outrank every node's own configuration.
    assert values["mig"] == {"strategy": ""}
    for text in plugin["data"].values():
        assert len(json.loads(text).get("sharing", {})) <= 1


def test_own_nodes_are_not_restarted_to_cut_their_gpus() -> None:
    assert "env" not in release(CLUSTERS["existing-operator"], "gpu-operator").values["migManager"]
    in_a_cloud = release(owned("azure", "nvidia", shared=WAYS), "gpu-operator").values["migManager"]
    assert in_a_cloud["env"] == [{"name": "WITH_REBOOT", "value": "true"}]


def test_partitions_are_those_that_the_labels_name() -> None:
    (profiles,) = manifests(CLUSTERS["existing-amd"], "ConfigMap")
    known = json.loads(profiles["data"]["config.json"])["gpu-config-profiles"]
    assert {operator_labels(way)[PARTITION_LABEL] for way in PARTITIONS} == set(known)
    assert known["cpx-nps4"] == {"profiles": [{"computePartition": "CPX", "memoryPartition": "NPS4"}]}


@pytest.mark.parametrize("name", ["existing-operator", "existing-amd"])
def test_agents_reach_nodes_that_share(name: str) -> None:
    """Feature discovery and every agent that an operator starts tolerate the taint of nodes whose accelerators are
    shared."""
    plan = plan_services(CLUSTERS[name])
    text = json.dumps([*map(release_inputs, of_accelerators(plan)), *plan.manifests])
    found = re.findall(r"[tT]olerations\": (\[.*?\])", text)
    assert found
    assert [one for one in found if SHARING_LABEL not in one] == []
