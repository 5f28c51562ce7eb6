"""What may go wrong on a cluster that exists already: what its owner must have done, and nobody here can see."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bedplate.clusters.existing_spec import VIRTUAL_FUNCTIONS
from bedplate.risks import Risk

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bedplate.node_pools.plan import NodePoolPlan
    from bedplate.plan import StackPlan


def existing_risks(plan: StackPlan) -> Iterator[Risk]:
    """Yield the risks of a stack's existing clusters, then those of the pools on any such cluster."""
    for name, cluster in plan.clusters.items():
        if cluster.plan.judges_own_namespaces_only:
            yield Risk(
                f"clusters.{name}",
                "the rules of separation hold in Bedplate's own namespaces alone: a pod of another one that tolerates "
                "a pool's taints runs on its nodes",
                "list the namespaces of your own agents under system_namespaces, and the rules hold in all others",
            )
    for pool in plan.node_pools:
        if pool.provider == "existing":
            yield from _nodes_carry_labels(pool)
            yield from _taints_change_hands(pool)
            yield from _huge_pages_set_aside(pool)
            yield from _fabric_prepared(pool)
            yield from _nvlink_prepared(pool)


def _nodes_carry_labels(pool: NodePoolPlan) -> Iterator[Risk]:
    if pool.hosts:
        return
    (group,) = pool.groups
    labels = ", ".join(f"{key}={value}" for key, value in group.labels.items())
    taints = ", ".join(map(str, group.taints.declared)) or "none"
    yield Risk(
        f"node_pools.{pool.name}",
        f"{pool.min_nodes} to {pool.max_nodes} nodes are taken to be there, with the labels {labels} and the taints "
        f"{taints}: nobody checks them",
        "have whoever provisions the nodes set both before they join",
    )


def _taints_change_hands(pool: NodePoolPlan) -> Iterator[Risk]:
    (group,) = pool.groups
    if pool.hosts and group.taints.declared:
        yield Risk(
            f"node_pools.{pool.name}",
            "the taints of a node are one field: a taint of somebody else stops the first `up`, and a node that was "
            "cordoned or lost since keeps its taints after a `destroy`",
            "remove other taints of these hosts first, and look at `kubectl describe node` after a destroy",
        )


def _huge_pages_set_aside(pool: NodePoolPlan) -> Iterator[Risk]:
    pages = pool.groups[0].huge_pages_2mi
    if pages:
        yield Risk(
            f"node_pools.{pool.name}",
            f"its nodes are taken to set aside {pages} huge pages of 2 MiB at their start: Bedplate starts none here",
            f"set vm.nr_hugepages={pages} on the hosts, and restart the kubelet",
        )


def _fabric_prepared(pool: NodePoolPlan) -> Iterator[Risk]:
    if pool.fabric == "none":
        return
    also = ", SR-IOV and the IOMMU enabled in the firmware" if pool.fabric in VIRTUAL_FUNCTIONS else ""
    yield Risk(
        f"node_pools.{pool.name}",
        f"{pool.fabric} needs hosts that nobody here can see: network interfaces with the same lasting names, up, with "
        f"the packet size of the fabric's switches{also}",
        "go through the list in docs/guide/existing-clusters.md, and run the pool's acceptance test",
    )


def _nvlink_prepared(pool: NodePoolPlan) -> Iterator[Risk]:
    nvlink = pool.groups[0].fabric.nvlink
    if nvlink is None:
        return
    if pool.fabric == "none":
        yield Risk(
            f"node_pools.{pool.name}",
            f"its nodes share memory over NVLink, {nvlink.nodes} of them, and pods of a pool without a fabric do not "
            "join it",
            "declare the cluster's fabric, and let the pool ask for it",
        )
        return
    yield Risk(
        f"node_pools.{pool.name}",
        f"pods join NVLink over {nvlink.nodes} nodes through NVIDIA's driver for dynamic resource allocation, which "
        "fails beside an nvidia-imex.service of the host",
        "disable and mask nvidia-imex.service on these hosts; where they bring the driver themselves, have it from "
        "570.158.01 on and nvidia-imex beside it",
    )
