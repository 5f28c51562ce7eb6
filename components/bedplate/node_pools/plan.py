"""What follows from a node pool's declaration: one node group per offer, with everything that its nodes need."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

from bedplate import catalog
from bedplate.clusters.plan import EksPlan
from bedplate.fabrics.acceptance import plan_acceptance
from bedplate.fabrics.choice import fabric_questions
from bedplate.fabrics.plan import plan_fabric
from bedplate.fabrics.pods import PodFabric, pod_fabric
from bedplate.node_pools.compute_class import COMPUTE_CLASS, class_name
from bedplate.node_pools.connection_tracking import idle_connection_seconds
from bedplate.node_pools.existing import hardware_price
from bedplate.node_pools.labels import POOL_LABEL, ROLE_LABEL, pool_labels, unseen_resources
from bedplate.node_pools.machines import known_machine
from bedplate.node_pools.placement import decide_placement
from bedplate.node_pools.prices import offer_price
from bedplate.node_pools.reservations import may_not_have_begun, plan_reservation
from bedplate.node_pools.sharing import plan_sharing
from bedplate.node_pools.taints import capacity_labels, node_taints
from bedplate.node_pools.zones import offer_zones, shared_zones

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bedplate.catalog import MachineType, Price
    from bedplate.clusters.plan import ClusterPlan
    from bedplate.fabrics.acceptance import AcceptancePlan
    from bedplate.fabrics.choice import FabricQuestion
    from bedplate.fabrics.kinds import FabricKind
    from bedplate.fabrics.model import FabricPlan
    from bedplate.node_pools.placement import PlacementPlan
    from bedplate.node_pools.reservations import ReservationPlan
    from bedplate.node_pools.sharing import SharingPlan
    from bedplate.node_pools.spec import Capacity, NodePoolSpec, OfferSpec, Role
    from bedplate.node_pools.taints import NodeTaints, Taint
    from bedplate.stack import StackSpec

Provisioner = Literal["node-groups", "karpenter"]
"""What starts nodes: groups of the cloud, whose size an autoscaler changes, or Karpenter by itself."""


@dataclass(frozen=True, slots=True)
class NodeGroupPlan:
    """The nodes of one offer: same machine type, bought the same way.

    `initial_nodes` is only the size at creation: from then on the autoscaler owns the number of nodes.
    `price` is None when the catalog has none, which is never the same as zero. `sharing` is None where accelerators
    are handed out whole. `huge_pages_2mi` are the huge pages of 2 MiB that a node sets aside. After `max_run_hours` a
    node goes, where its capacity is limited in time. `karpenter_image` is the release of images that Karpenter starts
    it with, empty for nodes that it does not start. `tcp_idle_seconds` is how long its security groups are told to
    remember an idle connection, None where their default is long.
    """

    name: str
    preference: int
    machine: MachineType
    capacity: Capacity
    price: Price | None
    initial_nodes: int
    max_nodes: int
    zones: tuple[str, ...]
    fabric: FabricPlan
    placement: PlacementPlan
    root_disk_gib: int
    labels: Mapping[str, str]
    taints: NodeTaints
    unseen_resources: Mapping[str, str]
    sharing: SharingPlan | None = None
    reservation: ReservationPlan | None = None
    huge_pages_2mi: int = 0
    max_run_hours: int | None = None
    karpenter_image: str = ""
    tcp_idle_seconds: int | None = None

    @property
    def instance_store_raid(self) -> bool:
        """Whether the node's NVMe drives are joined into one file system for containers."""
        return bool(self.machine.nvme_count)


@dataclass(frozen=True, slots=True)
class NodePoolPlan:
    """A pool, decided. `min_nodes` is a floor that the autoscaler keeps; bounds per offer are on the groups.

    `fabric` is that of all its groups, since a pod of the pool may land on any of them, and `pods` is what such a pod
    carries to use it.
    `hosts` names the nodes of a pool on an existing cluster, as far as Bedplate labels them. `prepull_images` are
    loaded by every node as soon as it joins. `zone_without_reservations` is where the offers of a fabric would stand
    but for what was bought ahead in a zone; empty without a fabric, and where nothing else is offered.
    """

    name: str
    full_name: str
    cluster: str
    provider: str
    region: str
    role: Role
    fabric: FabricKind
    min_nodes: int
    max_nodes: int
    expected_nodes: int | None
    expected_hours: int | None
    groups: tuple[NodeGroupPlan, ...]
    pods: PodFabric
    acceptance: AcceptancePlan | None = None
    hosts: tuple[str, ...] = ()
    prepull_images: tuple[str, ...] = ()
    provisioner: Provisioner = "node-groups"
    zone_without_reservations: str = ""

    @property
    def node_selector(self) -> dict[str, str]:
        """By which labels pods choose the pool; they tolerate its taints beside."""
        chosen = {POOL_LABEL: self.full_name, ROLE_LABEL: self.role}
        compute_class = self.groups[0].labels.get(COMPUTE_CLASS)
        return chosen | ({COMPUTE_CLASS: compute_class} if compute_class else {})

    @property
    def taints(self) -> tuple[Taint, ...]:
        """The taints of its nodes, whoever sets them, each once: a pod may land on a node of any offer."""
        return tuple(dict.fromkeys(taint for group in self.groups for taint in group.taints.carried))

    @property
    def reachable_nodes(self) -> int:
        """The most nodes that can run at once: offers scale separately, so their maxima add up."""
        return sum(group.max_nodes for group in self.groups)


def decide_provisioner(role: Role, cluster: ClusterPlan) -> Provisioner:
    """Return what starts a pool's nodes. Karpenter itself runs on general nodes, so it cannot be what starts those."""
    if isinstance(cluster, EksPlan) and cluster.autoscaler == "karpenter" and role != "general":
        return "karpenter"
    return "node-groups"


def plan_node_pool(stack: StackSpec, name: str, spec: NodePoolSpec, cluster: ClusterPlan) -> NodePoolPlan:
    """Decide a pool. The stack must have passed its preconditions, so every machine is in the catalog."""
    offers = spec.all_offers()
    machines = [known_machine(cluster.provider, spec, offer) for offer in offers]
    questions = fabric_questions(spec, machines, cluster.provider, cluster.kubernetes_version, cluster.own_fabric)
    full_name = f"{stack.team}-{stack.environment}-{name}"
    groups = tuple(
        _plan_group(full_name, spec, cluster, preference, offer, question)
        for preference, (offer, question) in enumerate(zip(offers, questions, strict=True), start=1)
    )
    zone_without_reservations = ""
    if groups[0].fabric.single_zone:
        zone_without_reservations = _zone_without_reservations(groups)
        groups = _in_one_zone(groups)
    return NodePoolPlan(
        name=name,
        full_name=full_name,
        cluster=spec.cluster,
        provider=cluster.provider,
        region=cluster.region,
        role=spec.role,
        fabric=groups[0].fabric.kind,
        min_nodes=spec.nodes.min,
        max_nodes=spec.nodes.max,
        expected_nodes=spec.nodes.expected,
        expected_hours=spec.nodes.expected_hours_per_month,
        groups=groups,
        pods=pod_fabric(groups[0].fabric, groups[0].machine, name, cluster.own_fabric),
        acceptance=(
            plan_acceptance(spec.acceptance_test, groups[0].fabric.kind, groups[0].machine, cluster.own_fabric)
            if spec.acceptance_test
            else None
        ),
        hosts=spec.hosts,
        prepull_images=spec.prepull_images,
        provisioner=decide_provisioner(spec.role, cluster),
        zone_without_reservations=zone_without_reservations,
    )


def _plan_group(
    pool_name: str,
    spec: NodePoolSpec,
    cluster: ClusterPlan,
    preference: int,
    offer: OfferSpec,
    question: FabricQuestion,
) -> NodeGroupPlan:
    machine, fabric = question.machine, plan_fabric(question)
    max_nodes = offer.max or spec.nodes.max
    sharing = plan_sharing(cluster.provider, machine, spec.sharing) if spec.sharing else None
    reservation = plan_reservation(offer)
    compute_class = class_name(cluster.provider, pool_name, len(spec.all_offers()))
    return NodeGroupPlan(
        # The suffix is what the autoscaler's priorities match: services.plan.expander_priorities.
        name=f"{pool_name}-offer{preference}",
        preference=preference,
        machine=machine,
        capacity=offer.capacity,
        price=hardware_price(spec.hardware) if spec.hardware else offer_price(cluster.provider, cluster.region, offer),
        initial_nodes=min(spec.nodes.min, max_nodes) if preference == _floor_preference(spec) else 0,
        max_nodes=max_nodes,
        zones=offer_zones(spec, offer, machine, cluster.region, cluster.zones),
        fabric=fabric,
        placement=decide_placement(cluster.provider, machine, offer.capacity, fabric, spec.tpu_topology or ""),
        root_disk_gib=spec.root_disk_gib,
        labels={
            **pool_labels(spec.role, pool_name, machine, sharing),
            **fabric.node_labels,
            **capacity_labels(cluster.provider, offer.capacity),
            **({COMPUTE_CLASS: compute_class} if compute_class else {}),
        },
        taints=node_taints(
            cluster.provider,
            offer.capacity,
            spec.role,
            resource_name=machine.resource_name,
            sharing=sharing.mode if sharing else None,
            compute_class=compute_class,
        ),
        unseen_resources=unseen_resources(
            machine, sharing, fabric, huge_pages_2mi=spec.huge_pages_2mi, root_disk_gib=spec.root_disk_gib
        ),
        sharing=sharing,
        reservation=reservation,
        huge_pages_2mi=spec.huge_pages_2mi,
        max_run_hours=offer.max_run_hours,
        tcp_idle_seconds=idle_connection_seconds(machine),
        karpenter_image=(
            catalog.node_image_alias(cluster.kubernetes_version)
            if decide_provisioner(spec.role, cluster) == "karpenter"
            else ""
        ),
    )


def _floor_preference(spec: NodePoolSpec) -> int | None:
    """Return the preference of the offer on which the floor starts, so that a first `up` needs no autoscaler for it.

    It is the preferred one, unless that may not have begun: EKS fails to make its group with nodes (EKS user guide,
    capacity blocks). Then the autoscaler finds the nodes of the floor; itself it runs on a general pool, which begins
    with an offer that is there.
    """
    begun = [number for number, offer in enumerate(spec.all_offers(), start=1) if not may_not_have_begun(offer)]
    return next((number for number in begun if number == 1 or spec.role == "general"), None)


def _zone_without_reservations(groups: tuple[NodeGroupPlan, ...]) -> str:
    bought_at_start = [group.zones for group in groups if not (group.reservation and group.reservation.zone)]
    return next(iter(shared_zones(bought_at_start)), "")


def _in_one_zone(groups: tuple[NodeGroupPlan, ...]) -> tuple[NodeGroupPlan, ...]:
    """Return groups that a fabric joins, in the first zone that they share: their nodes could not meet across zones."""
    shared = shared_zones(group.zones for group in groups)[:1]
    return tuple(replace(group, zones=shared if group.zones else ()) for group in groups)
