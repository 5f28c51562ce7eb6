"""What is installed on every cluster that a stack owns, as a pure function of its plan."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from bedplate.clusters.existing_network import network_manifests
from bedplate.clusters.existing_plan import ExistingPlan
from bedplate.clusters.plan import EksPlan
from bedplate.services.aks_autoscaler import priorities_manifest
from bedplate.services.amd import amd_manifests, amd_operator_release, cert_manager_release, installs_certificates
from bedplate.services.autoscaler import autoscaler_release
from bedplate.services.dra import dra_driver_release
from bedplate.services.efa import efa_release
from bedplate.services.gateway import gateway_release, shared_gateway
from bedplate.services.karpenter import karpenter_releases
from bedplate.services.keda import http_add_on_release, keda_release
from bedplate.services.network_operator import network_operator_manifests, network_operator_release
from bedplate.services.neuron import neuron_release
from bedplate.services.nvidia import RDMA_PLUGINS, gpu_operator_release
from bedplate.services.prometheus import prometheus_release

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bedplate.plan import OwnedCluster
    from bedplate.services.helm import HelmRelease

SYSTEM_NAMESPACE = "kube-system"


@dataclass(frozen=True, slots=True)
class ServicesPlan:
    """The Helm releases of a cluster, in the order in which they are worth installing.

    `manifests` are of kinds that the releases bring: they are declared after all of them. `quotas` tells whether the
    cluster admits pods of the highest priorities only where a quota allows them: GKE does.
    """

    releases: tuple[HelmRelease, ...]
    manifests: tuple[Mapping[str, Any], ...] = ()
    quotas: bool = False

    @property
    def namespaces(self) -> tuple[str, ...]:
        """The namespaces that belong to the platform."""
        return tuple(sorted({SYSTEM_NAMESPACE, *(release.namespace for release in self.releases)}))

    @property
    def agent_namespaces(self) -> tuple[str, ...]:
        """Those of them whose pods run on nodes of every role: the rules of separation exempt them."""
        agents = (release.namespace for release in self.releases if release.runs_node_agents)
        return tuple(sorted({SYSTEM_NAMESPACE, *agents}))


def plan_services(cluster: OwnedCluster) -> ServicesPlan:
    """Decide what is installed on a cluster."""
    releases = [*_autoscaler(cluster), *_accelerator_releases(cluster)]
    manifests = _accelerator_manifests(cluster)
    if cluster.serving is not None:
        releases += [prometheus_release(), keda_release(), gateway_release()]
        if cluster.scale_to_zero:
            releases.append(http_add_on_release())
        manifests += shared_gateway(cluster.plan.provider, cluster.serving)
    if cluster.plan.provider == "azure":
        manifests.append(priorities_manifest())
    if isinstance(cluster.plan, ExistingPlan):
        manifests += network_manifests(cluster.plan)
    return ServicesPlan(tuple(releases), tuple(manifests), quotas=cluster.plan.provider == "gcp")


def _autoscaler(cluster: OwnedCluster) -> list[HelmRelease]:
    """Elsewhere the cloud runs an autoscaler itself, or the nodes are as many as they are.

    Karpenter stands beside the Cluster Autoscaler, which keeps to the node groups of general pools.
    """
    if not isinstance(cluster.plan, EksPlan):
        return []
    releases = [autoscaler_release(cluster.plan)]
    return releases + (karpenter_releases(cluster.plan) if cluster.plan.autoscaler == "karpenter" else [])


def _accelerator_releases(cluster: OwnedCluster) -> list[HelmRelease]:
    """The network operator stands before the GPU operator, whose driver waits for that of the cards."""
    plugins = set(cluster.device_plugins)
    releases = []
    if RDMA_PLUGINS & plugins:
        releases.append(network_operator_release(cluster))
    if "nvidia" in plugins:
        releases.append(gpu_operator_release(cluster))
    if "nvidia-dra" in plugins:
        releases.append(dra_driver_release(cluster))
    if "amd" in plugins:
        releases += [cert_manager_release()] if installs_certificates(cluster) else []
        releases.append(amd_operator_release(cluster))
    if "neuron" in plugins:
        releases.append(neuron_release(cluster))
    if "efa" in plugins:
        releases.append(efa_release(cluster))
    return releases


def _accelerator_manifests(cluster: OwnedCluster) -> list[Mapping[str, Any]]:
    plugins = set(cluster.device_plugins)
    manifests: list[Mapping[str, Any]] = []
    if RDMA_PLUGINS & plugins:
        manifests += network_operator_manifests(cluster)
    if "amd" in plugins:
        manifests += amd_manifests(cluster)
    return manifests
