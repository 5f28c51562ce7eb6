"""What follows from a GKE cluster's declaration."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from bedplate.clouds.gcp_names import CLUSTER_LENGTH, fitting_name
from bedplate.clusters.plan import ClusterPlan, cluster_zones, deletion_protection, full_name, kubernetes_version
from bedplate.networking.gcp_plan import GcpNetworkPlan, plan_gcp_network

if TYPE_CHECKING:
    from bedplate.clusters.gcp_spec import GcpClusterSpec, ReleaseChannel
    from bedplate.stack import StackSpec


DRANET_NAMESPACE = "gke-managed-networking-dra-driver"
"""Where GKE runs its driver of network cards, on the nodes of `roce-dranet` (a guide to aligning cards with GKE's
managed DRANET, and namespaces of GKE clusters listed in public repositories, all read on 2026-11-21)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GkePlan(ClusterPlan):
    """A GKE cluster, decided: a regional one, with its control plane in several zones and its nodes in `zones`."""

    project: str
    network: GcpNetworkPlan
    administrators: tuple[str, ...]
    release_channel: ReleaseChannel

    @property
    def system_namespaces(self) -> tuple[str, ...]:
        """GKE's own agent on nodes that is not in kube-system, and the owner's."""
        return (DRANET_NAMESPACE, *(self.owner_namespaces or ()))

    @property
    def account(self) -> str:
        """The project."""
        return self.project

    @property
    def way_out(self) -> str:
        """Cloud NAT is one for the whole region, and does not fall with a zone."""
        return "Cloud NAT"

    @property
    def cloud_name(self) -> str:
        """The name as GKE takes it, which is shorter than ours may be."""
        return fitting_name(self.full_name, CLUSTER_LENGTH)

    @property
    def workload_pool(self) -> str:
        """The pool of identities in which IAM knows the cluster's service accounts."""
        return f"{self.project}.svc.id.goog"


def plan_gke(stack: StackSpec, name: str, spec: GcpClusterSpec) -> GkePlan:
    """Decide a GKE cluster."""
    return GkePlan(
        name=name,
        full_name=full_name(stack, name),
        provider=spec.provider,
        region=spec.region,
        zones=cluster_zones(spec),
        kubernetes_version=kubernetes_version(spec),
        runner_networks=spec.runner_access,
        deletion_protection=deletion_protection(stack, spec),
        project=spec.project,
        network=plan_gcp_network(spec.network),
        administrators=spec.administrators,
        release_channel=spec.release_channel,
        owner_namespaces=spec.system_namespaces,
    )
