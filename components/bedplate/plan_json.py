"""A plan for `--json`: stable names, amounts as strings, nothing that depends on how it is shown."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from bedplate.cost.summary import cost_json
from bedplate.risks import risks
from bedplate.serving.answers import answers_json, endpoint_answers

if TYPE_CHECKING:
    from bedplate.clusters.plan import ClusterPlan
    from bedplate.cost.caps import Cap
    from bedplate.fabrics.acceptance import AcceptancePlan
    from bedplate.node_pools.plan import NodeGroupPlan, NodePoolPlan
    from bedplate.plan import StackPlan


def plan_json(plan: StackPlan, cap: Cap | None) -> dict[str, Any]:
    """Return a plan as plain values."""
    return {
        "team": plan.team,
        "environment": plan.environment,
        "clusters": {
            name: _cluster(cluster.plan) | {"device_plugins": list(cluster.device_plugins)}
            for name, cluster in plan.clusters.items()
        },
        "referenced_clusters": {
            name: _cluster(cluster.plan) | {"stack": cluster.stack} for name, cluster in plan.references.items()
        },
        "node_pools": {pool.name: _pool(pool) for pool in plan.node_pools},
        "endpoints": {
            endpoint.name: answers_json(endpoint_answers(endpoint, plan.pool_of(endpoint)))
            for endpoint in plan.endpoints
        },
        "cost": cost_json(plan.cost, cap),
        "risks": [asdict(risk) for risk in risks(plan)],
    }


def _cluster(cluster: ClusterPlan) -> dict[str, Any]:
    return {
        "name": cluster.full_name,
        "provider": cluster.provider,
        "region": cluster.region,
        "zones": list(cluster.zones),
        "kubernetes_version": cluster.kubernetes_version,
        "public_endpoint": cluster.public_endpoint,
        "runner_networks": list(cluster.runner_networks),
        "nat_gateways": cluster.nat_gateways,
        "deletion_protection": cluster.deletion_protection,
    }


def _pool(pool: NodePoolPlan) -> dict[str, Any]:
    return {
        "cluster": pool.cluster,
        "role": pool.role,
        "fabric": pool.fabric,
        "fails_closed_by": pool.pods.closed_by,
        "acceptance_test": _acceptance(pool.acceptance) if pool.acceptance else None,
        "min_nodes": pool.min_nodes,
        "max_nodes": pool.max_nodes,
        "reachable_nodes": pool.reachable_nodes,
        "provisioner": pool.provisioner,
        "offers": [_group(group) for group in pool.groups],
    }


def _acceptance(test: AcceptancePlan) -> dict[str, Any]:
    return {
        "nodes": test.nodes,
        "floor_gb_per_s": test.floor.gb_per_s,
        "floor_reason": test.floor.reason,
        "network": test.network,
        "image": test.image,
    }


def _group(group: NodeGroupPlan) -> dict[str, Any]:
    return {
        "node_group": group.name,
        "machine": group.machine.name,
        "accelerator": group.machine.accelerator or None,
        "accelerators_per_node": group.machine.accelerator_count,
        "capacity": group.capacity,
        "usd_per_hour": None if group.price is None else str(group.price.usd_per_hour),
        "max_nodes": group.max_nodes,
        "reservation": _reservation(group),
        "zones": list(group.zones),
        "fabric": {"kind": group.fabric.kind, "reason": group.fabric.reason, "resources": dict(group.fabric.resources)},
        "efa_interfaces": sum(card.kind == "efa-only" for card in group.fabric.interfaces),
        "placement": {"kind": group.placement.kind, "reason": group.placement.reason},
        "sharing": _sharing(group),
        "labels": dict(group.labels),
        "taints": [str(taint) for taint in group.taints.carried],
    }


def _reservation(group: NodeGroupPlan) -> dict[str, Any] | None:
    bought = group.reservation
    if bought is None:
        return None
    return {
        "name": bought.name,
        "nodes": bought.nodes,
        "starts": bought.starts.isoformat() if bought.starts else None,
        "ends": bought.ends.isoformat() if bought.ends else None,
        "hours_per_month": str(bought.hours_per_month),
    }


def _sharing(group: NodeGroupPlan) -> dict[str, Any] | None:
    sharing = group.sharing
    if sharing is None:
        return None
    isolation = sharing.isolation
    return {
        "mode": sharing.mode,
        "resources": dict(sharing.resources),
        "isolates": {"memory": isolation.memory, "faults": isolation.faults, "performance": isolation.performance},
    }
