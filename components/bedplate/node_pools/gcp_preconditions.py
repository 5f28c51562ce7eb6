"""What must hold for node pools on GKE: one function per rule, each with a message for people.

Several follow the preconditions of cluster-toolkit's gke-node-pool (v1.95.0); each rule of ours has a case that it
refuses, because one of theirs never fires (gpu_direct.tf looks a minimum version up in the wrong place, inside `try`).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from bedplate.clusters.gcp_spec import GcpClusterSpec
from bedplate.errors import Problem
from bedplate.fabrics.preconditions import fabric_version, pool_fabrics, pool_questions
from bedplate.fabrics.tpu import slice_shapes
from bedplate.networking.gcp_plan import plan_gcp_network
from bedplate.node_pools.gcp_versions import first_gpudirect_version, may_be_older
from bedplate.node_pools.reservation_preconditions import reserved_offers

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from bedplate.node_pools.preconditions import PoolInContext

NAME = r"[a-z]([a-z0-9-]{0,61}[a-z0-9])?"
RESERVATION = re.compile(
    rf"(projects/[a-z][a-z0-9-]{{4,28}}[a-z0-9]/reservations/)?{NAME}"
    rf"(/reservationBlocks/{NAME}(/reservationSubBlocks/{NAME})?)?"
)
"""Compute Engine: names of reservations, blocks and sub-blocks; GKE: how a node pool names them ("Consuming reserved
zonal resources"; "GKE A4X Max (GB300) Networking Prerequisites" of NVIDIA's AI Cluster Runtime 1.1.2)."""

NOT_SHIELDED = ("a4x-maxgpu-",)
"""Bare metal machines, on which GKE has no Shielded nodes (cluster-toolkit, examples/gke-a4x-max-bm)."""


def _reservation_name(context: PoolInContext) -> Iterator[Problem]:
    for _, reservation, _, field in reserved_offers(context):
        if not RESERVATION.fullmatch(reservation.name):
            yield Problem(
                f"{reservation.name!r} is no name of a reservation",
                (*field, "name"),
                hint="Write h100, or projects/other/reservations/h100 for one of another project, with "
                "/reservationBlocks/NAME behind it for one block, /reservationSubBlocks/NAME behind that for a part.",
            )


def _reservation_has_a_zone(context: PoolInContext) -> Iterator[Problem]:
    for _, reservation, _, field in reserved_offers(context):
        if not reservation.zone:
            yield Problem(
                f"{reservation.name} stands in one zone, and nodes in any other would wait for it forever",
                field,
                hint="Add `zone`, as the reservation's page in the console has it.",
            )


def _reservation_without_a_policy(context: PoolInContext) -> Iterator[Problem]:
    """Which policy it was made with is the reservation's secret: a node pool would have to name the very same one."""
    for _, reservation, _, field in reserved_offers(context):
        if reservation.compact:
            yield Problem(
                f"{reservation.name} was made with a compact placement policy, and takes only nodes of the very same "
                "policy, which Bedplate has no way to name",
                (*field, "compact"),
                hint="Make the reservation without one: machines of a block stand close together anyway.",
            )


def _reservation_interval(context: PoolInContext) -> Iterator[Problem]:
    for _, reservation, _, field in reserved_offers(context):
        if reservation.maintenance_interval == "recurrent":
            yield Problem(
                f"{reservation.name} has recurrent maintenance, and nodes of GKE are maintained either periodically or "
                "as needed: GKE refuses them as 'Invalid value for reservationAffinity' (xpk #476)",
                (*field, "maintenance_interval"),
                allowed=("periodic",),
            )


def _queued_rests_at_zero(context: PoolInContext) -> Iterator[Problem]:
    for offer in context.pool.all_offers():
        if offer.capacity == "queued" and context.pool.nodes.min:
            yield Problem(
                f"queued machines come when a job asks for all of them at once, so {context.pool.nodes.min} of them "
                "cannot always run",
                ("node_pools", context.name, "nodes", "min"),
                allowed=("0",),
            )
            return


def _queued_is_the_only_offer(context: PoolInContext) -> Iterator[Problem]:
    for index, offer in enumerate(context.pool.all_offers()):
        if offer.capacity == "queued" and len(context.pool.all_offers()) > 1:
            yield Problem(
                "queued machines are asked for by a ProvisioningRequest, which knows one node pool and no order",
                context.at_offer(index, "capacity"),
                hint="Give queued capacity a pool of its own.",
            )


def _queued_is_not_tested(context: PoolInContext) -> Iterator[Problem]:
    if context.pool.acceptance_test is None:
        return
    if any(offer.capacity == "queued" for offer in context.pool.all_offers()):
        yield Problem(
            "queued machines start for a ProvisioningRequest, which the acceptance test does not make: it would wait "
            "until its time is up, and call the fabric bad",
            ("node_pools", context.name, "acceptance_test"),
            hint="Leave it out, and test the same machine in a pool that is bought another way.",
        )


def _slice_is_the_only_offer(context: PoolInContext) -> Iterator[Problem]:
    topology = context.pool.tpu_topology
    if topology is None or len(context.pool.all_offers()) == 1:
        return
    if any(slice_shapes(machine.name).get(topology, 1) > 1 for machine in context.machines()):
        yield Problem(
            f"a slice of shape {topology} is one piece, and GKE cannot begin it on one offer and finish it on another",
            ("node_pools", context.name, "offers"),
            hint="Give each offer a pool of its own.",
        )


def _nodes_are_shielded(context: PoolInContext) -> Iterator[Problem]:
    for index, machine in enumerate(context.machines()):
        if machine.name.startswith(NOT_SHIELDED):
            yield Problem(
                f"{machine.name} is bare metal without Shielded nodes, and Bedplate starts no others",
                context.offer_field(index),
            )


def _accelerator_has_a_name(context: PoolInContext) -> Iterator[Problem]:
    for index, machine in enumerate(context.machines()):
        if machine.accelerator and not machine.accelerator_label:
            yield Problem(
                f"no source says by which name GKE knows the {machine.accelerator} of {machine.name}",
                context.offer_field(index),
            )


def _fabric_has_addresses(context: PoolInContext) -> Iterator[Problem]:
    assert isinstance(context.cluster, GcpClusterSpec)  # noqa: S101 - these rules are for pools on GKE
    network = plan_gcp_network(context.cluster.network)
    fabrics = pool_fabrics(context)
    if not any(fabric.gcp and fabric.gcp.networks for fabric in fabrics):
        return
    for index, offer in enumerate(context.pool.all_offers()):
        most = offer.max or context.pool.nodes.max
        if most > network.most_fabric_nodes:
            yield Problem(
                f"each network of the fabric has addresses for {network.most_fabric_nodes} nodes, and {most} may run",
                context.at_maximum(index),
                hint=f"Give clusters.{context.pool.cluster}.network.cidr a larger range, which makes the network anew.",
            )


def _nodes_fit_one_nvlink_domain(context: PoolInContext) -> Iterator[Problem]:
    """Each offer has one placement policy, whose topology is one rack: 18 nodes or less with 1x72 (cluster-toolkit,
    examples/gke-a4x-max-bm)."""
    for index, (offer, question) in enumerate(zip(context.pool.all_offers(), pool_questions(context), strict=True)):
        fact, most = question.nvlink, offer.max or context.pool.nodes.max
        if fact is not None and question.declared != "none" and most > fact.nodes:
            yield Problem(
                f"NVLink joins {fact.nodes} nodes of {question.machine.name}, one placement policy ({fact.topology}) "
                f"holds no more, and {most} may run",
                context.at_maximum(index),
                hint=f"Set max to {fact.nodes}; a further rack is a pool of its own.",
            )


def _version_has_gpudirect(context: PoolInContext) -> Iterator[Problem]:
    version = fabric_version(context.cluster)
    for fabric in pool_fabrics(context):
        first = first_gpudirect_version(fabric.kind, version)
        if first and may_be_older(version, first):
            yield Problem(
                f"{fabric.kind} needs GKE {first}, and the cluster's {version} may be older",
                ("node_pools", context.name, "fabric"),
                hint=f"Set kubernetes_version of clusters.{context.pool.cluster} to a later minor version.",
            )
            return


RULES: tuple[Callable[[PoolInContext], Iterator[Problem]], ...] = (
    _reservation_name,
    _reservation_has_a_zone,
    _reservation_without_a_policy,
    _reservation_interval,
    _queued_rests_at_zero,
    _queued_is_the_only_offer,
    _queued_is_not_tested,
    _slice_is_the_only_offer,
    _nodes_are_shielded,
    _accelerator_has_a_name,
    _fabric_has_addresses,
    _nodes_fit_one_nvlink_domain,
    _version_has_gpudirect,
)


def one_pool_with_networks(pools: Iterator[PoolInContext]) -> Iterator[Problem]:
    """Yield pools whose fabric needs networks of the nodes, beside another such pool on the same cluster.

    Pods name networks by objects of the cluster (`vpc1`), and each object stands for one network: those of a second
    pool would be another's.
    """
    first: dict[str, str] = {}
    for context in pools:
        if not any(fabric.gcp and fabric.gcp.networks for fabric in pool_fabrics(context)):
            continue
        taken = first.setdefault(context.pool.cluster, context.name)
        if taken != context.name:
            yield Problem(
                f"pods of {taken!r} name the networks of their fabric already, and a cluster has one set of such names",
                ("node_pools", context.name, "fabric"),
                hint="Make one pool of both, or use machines whose networks GKE makes by itself (roce-dranet).",
            )
