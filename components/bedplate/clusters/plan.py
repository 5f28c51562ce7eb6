"""What follows from a cluster's declaration: its name, version, zones, and who reaches its API server."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from bedplate import catalog
from bedplate.clusters.aws_spec import AwsClusterSpec
from bedplate.clusters.azure_spec import AzureClusterSpec
from bedplate.clusters.existing_spec import ExistingClusterSpec
from bedplate.clusters.gcp_spec import GcpClusterSpec
from bedplate.clusters.spec import CloudClusterSpec
from bedplate.networking.plan import NetworkPlan, plan_network

if TYPE_CHECKING:
    from bedplate.clusters.aws_spec import Autoscaler
    from bedplate.clusters.spec import ClusterSpec, Provider
    from bedplate.fabrics.spec import OwnFabricSpec
    from bedplate.stack import StackSpec

DEFAULT_ZONES = 3

CONTROL_PLANE_ZONES = 2
"""In how many zones an EKS control plane has its interfaces: as many as EKS asks for at least."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClusterPlan:
    """A cluster, decided. `name` is the name in the stack file, `full_name` the one in the cloud.

    `zones` are in the order in which they are preferred. `region` is empty for a cluster outside the clouds.
    `owner_namespaces` are those of an owner's own agents that run on nodes of every role, None where nobody says.
    """

    name: str
    full_name: str
    provider: Provider
    region: str
    zones: tuple[str, ...]
    kubernetes_version: str
    runner_networks: tuple[str, ...]
    deletion_protection: bool
    owner_namespaces: tuple[str, ...] | None = ()

    @property
    def public_endpoint(self) -> bool:
        """Whether the API server has a public endpoint (for `runner_networks` alone)."""
        return bool(self.runner_networks)

    @property
    def own_fabric(self) -> OwnFabricSpec | None:
        """What the owner of an existing cluster says about its fabric; None in the clouds, where the catalog knows."""
        return None

    @property
    def account(self) -> str:
        """What pays for the cluster beside others in the same cloud, as far as the stack file says: a Google Cloud
        project. Empty where the credentials decide."""
        return ""

    @property
    def system_namespaces(self) -> tuple[str, ...]:
        """Namespaces of agents beside Bedplate's own that run on nodes of every role: those of an owner, by name."""
        return self.owner_namespaces or ()

    @property
    def judges_own_namespaces_only(self) -> bool:
        """Whether the rules of separation leave namespaces without a role alone: on a cluster of somebody else, until
        its owner names those whose agents run everywhere."""
        return self.owner_namespaces is None

    @property
    def own_nodes(self) -> tuple[str, int] | None:
        """The machine type and number of nodes that come with the cluster and belong to no pool; None without."""
        return None

    @property
    def nat_gateways(self) -> int:
        """How many NAT gateways stand in the cluster's network."""
        return 0

    @property
    def way_out(self) -> str:
        """By what nodes reach the internet, in words."""
        return f"{self.nat_gateways} NAT gateway{'s' * (self.nat_gateways > 1)}"


@dataclass(frozen=True, slots=True, kw_only=True)
class EksPlan(ClusterPlan):
    """An EKS cluster, decided."""

    network: NetworkPlan
    administrators: tuple[str, ...]
    audit_log_days: int
    autoscaler: Autoscaler = "cluster-autoscaler"

    @property
    def nat_gateways(self) -> int:
        """One per zone, or one for all."""
        return self.network.nat_gateways

    @property
    def control_plane_zones(self) -> tuple[str, ...]:
        """The zones in which the control plane has its interfaces: the first two, which EKS asks for at least.

        It takes no other zone later (EKS user guide, "View Amazon EKS networking requirements for VPC and subnets"),
        so a zone that is added for nodes must not be among them.
        """
        return self.zones[:CONTROL_PLANE_ZONES]


def plan_cluster(stack: StackSpec, name: str, spec: ClusterSpec) -> ClusterPlan:
    """Decide a cluster. The stack must have passed its preconditions."""
    match spec:
        case AwsClusterSpec():
            return _plan_eks(stack, name, spec)
        case GcpClusterSpec():
            from bedplate.clusters.gcp_plan import plan_gke

            return plan_gke(stack, name, spec)
        case AzureClusterSpec():
            from bedplate.clusters.azure_plan import plan_aks

            return plan_aks(stack, name, spec)
        case ExistingClusterSpec():
            from bedplate.clusters.existing_plan import plan_existing

            return plan_existing(stack, name, spec)
    raise ValueError(f"no cluster for the provider {spec.provider!r}")


def _plan_eks(stack: StackSpec, name: str, spec: AwsClusterSpec) -> EksPlan:
    zones = cluster_zones(spec)
    return EksPlan(
        name=name,
        full_name=full_name(stack, name),
        provider=spec.provider,
        region=spec.region,
        zones=zones,
        kubernetes_version=kubernetes_version(spec),
        runner_networks=spec.runner_access,
        deletion_protection=deletion_protection(stack, spec),
        network=plan_network(spec.network, zones),
        administrators=spec.administrators,
        audit_log_days=spec.audit_log_days,
        autoscaler=spec.autoscaler,
        owner_namespaces=spec.system_namespaces,
    )


def full_name(stack: StackSpec, name: str) -> str:
    """Return the name that a cluster or pool of a stack has in its cloud."""
    return f"{stack.team}-{stack.environment}-{name}"


def kubernetes_version(spec: CloudClusterSpec) -> str:
    """Return the minor version of a cluster: the declared one, else the catalog's choice for the provider."""
    return spec.kubernetes_version or catalog.default_kubernetes_version(spec.provider).version


def deletion_protection(stack: StackSpec, spec: CloudClusterSpec | ExistingClusterSpec) -> bool:
    """Tell whether a cluster is kept from being deleted: as declared, else everywhere but in `dev`."""
    return stack.environment != "dev" if spec.deletion_protection is None else spec.deletion_protection


def cluster_zones(spec: ClusterSpec) -> tuple[str, ...]:
    """Return the zones of a cluster: the declared ones, else the first three of the region that take a control plane.

    The pools have no say: a pool that is added must never move a live cluster. One whose machine is offered in none of
    these zones is refused, with the zones to add. A cluster outside the clouds has no zones.
    """
    if not isinstance(spec, CloudClusterSpec):
        return ()
    return spec.zones or catalog.control_plane_zones(spec.provider, spec.region)[:DEFAULT_ZONES]


def cluster_region(spec: ClusterSpec) -> str:
    """Return the region of a cluster, empty outside the clouds."""
    return spec.region if isinstance(spec, CloudClusterSpec) else ""
