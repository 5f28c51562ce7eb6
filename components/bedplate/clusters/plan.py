"""What follows from a cluster's declaration: its name, version, zones, and who reaches its API server."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from bedplate import catalog
from bedplate.networking.plan import NetworkPlan, plan_network

if TYPE_CHECKING:
    from bedplate.clusters.spec import ClusterSpec
    from bedplate.stack import StackSpec

DEFAULT_ZONES = 3


@dataclass(frozen=True, slots=True)
class ClusterPlan:
    """A cluster, decided. `name` is the name in the stack file, `full_name` the one in the cloud."""

    name: str
    full_name: str
    provider: str
    region: str
    kubernetes_version: str
    runner_networks: tuple[str, ...]
    network: NetworkPlan
    administrators: tuple[str, ...]
    audit_log_days: int
    deletion_protection: bool

    @property
    def public_endpoint(self) -> bool:
        """Whether the API server has a public endpoint (for `runner_networks` alone)."""
        return bool(self.runner_networks)

    @property
    def zones(self) -> tuple[str, ...]:
        """The zone identifiers, in the order in which zones are preferred."""
        return tuple(zone.zone for zone in self.network.zones)

    @property
    def control_plane_zones(self) -> tuple[str, ...]:
        """The zones in which the control plane has its interfaces: the first two, which EKS asks for at least.

        It takes no other zone later (EKS user guide, "View Amazon EKS networking requirements for VPC and subnets"),
        so a zone that is added for nodes must not be among them.
        """
        return self.zones[:2]


def plan_cluster(stack: StackSpec, name: str, spec: ClusterSpec) -> ClusterPlan:
    """Decide a cluster. The stack must have passed its preconditions."""
    return ClusterPlan(
        name=name,
        full_name=f"{stack.team}-{stack.environment}-{name}",
        provider=spec.provider,
        region=spec.region,
        kubernetes_version=spec.kubernetes_version or catalog.default_kubernetes_version(spec.provider).version,
        runner_networks=spec.runner_access,
        network=plan_network(spec.network, cluster_zones(spec)),
        administrators=spec.administrators,
        audit_log_days=spec.audit_log_days,
        deletion_protection=(
            stack.environment != "dev" if spec.deletion_protection is None else spec.deletion_protection
        ),
    )


def cluster_zones(spec: ClusterSpec) -> tuple[str, ...]:
    """Return the zones of a cluster: the declared ones, else the first three of the region that take a control plane.

    The pools have no say: a pool that is added must never move a live cluster. One whose machine is offered in none of
    these zones is refused, with the zones to add.
    """
    return spec.zones or catalog.control_plane_zones(spec.provider, spec.region)[:DEFAULT_ZONES]
