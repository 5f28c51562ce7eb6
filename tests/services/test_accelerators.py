"""The stacks of accelerators on every cloud: what is installed, in which order, and never anything twice."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from bedplate.clusters.existing_plan import plan_existing
from bedplate.clusters.existing_spec import ExistingClusterSpec
from bedplate.clusters.plan import ClusterPlan
from bedplate.clusters.spec import AmdDriverSpec, DevicePluginName, DriverMode, Provider
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
AMD_DRIVER = AmdDriverSpec(image="registry.example.com/drivers/amdgpu", version="30.20.1", pull_secret="drivers")
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
