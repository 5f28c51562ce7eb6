"""What is installed on every cluster that a stack owns, as a pure function of its plan."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from bedplate.services.autoscaler import autoscaler_release
from bedplate.services.efa import efa_release
from bedplate.services.gateway import gateway_release, shared_gateway
from bedplate.services.keda import http_add_on_release, keda_release
from bedplate.services.nvidia import gpu_operator_release
from bedplate.services.prometheus import prometheus_release

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bedplate.plan import OwnedCluster
    from bedplate.services.helm import HelmRelease

SYSTEM_NAMESPACE = "kube-system"


@dataclass(frozen=True, slots=True)
class ServicesPlan:
    """The Helm releases of a cluster, in the order in which they are worth installing.

    `manifests` are of kinds that the releases bring: they are declared after all of them.
    """

    releases: tuple[HelmRelease, ...]
    manifests: tuple[Mapping[str, Any], ...] = ()

    @property
    def namespaces(self) -> tuple[str, ...]:
        """The namespaces that belong to the platform: where its own agents run on nodes of every role."""
        return tuple(sorted({SYSTEM_NAMESPACE, *(release.namespace for release in self.releases)}))


def plan_services(cluster: OwnedCluster) -> ServicesPlan:
    """Decide what is installed on a cluster."""
    releases = [autoscaler_release(cluster.plan)]
    if "nvidia" in cluster.device_plugins:
        releases.append(gpu_operator_release(cluster.plan))
    if "efa" in cluster.device_plugins:
        releases.append(efa_release(cluster.plan))
    if cluster.serving is None:
        return ServicesPlan(tuple(releases))
    releases += [prometheus_release(), keda_release(), gateway_release()]
    if cluster.scale_to_zero:
        releases.append(http_add_on_release())
    return ServicesPlan(tuple(releases), tuple(shared_gateway(cluster.plan.provider, cluster.serving)))
