"""All rules of the pack, and which of them look at a type."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from rules import (
    aks_clusters,
    aks_nodes,
    billed,
    checkpoints,
    cost,
    cost_limits,
    gke_nodes,
    governance,
    karpenter,
    karpenter_disks,
    kubernetes_inputs,
    nodes,
    own_admission,
    owned,
    priorities,
    reliability,
    security_clusters,
    security_data,
    security_exposure,
    security_machines,
    security_pods,
    separation,
)

if TYPE_CHECKING:
    from rules.model import Rule, StackRule, Words

FAMILIES = {
    "cost": "Cost",
    "nodes": "Nodes",
    "separation": "Separation of pools",
    "security": "Security",
    "reliability": "Reliability",
    "governance": "Governance",
    "kubernetes-inputs": "Kubernetes inputs",
}

RULES: tuple[Rule, ...] = (
    *cost.RULES,
    *cost_limits.RULES,
    *billed.RULES,
    *nodes.RULES,
    *karpenter.RULES,
    *karpenter_disks.RULES,
    *gke_nodes.RULES,
    *aks_nodes.RULES,
    *owned.RULES,
    *separation.RULES,
    *priorities.RULES,
    *own_admission.RULES,
    *security_clusters.RULES,
    *security_machines.RULES,
    *security_data.RULES,
    *security_pods.RULES,
    *security_exposure.RULES,
    *reliability.RULES,
    *governance.RULES,
    *kubernetes_inputs.RULES,
)
STACK_RULES: tuple[StackRule, ...] = (
    *cost.STACK_RULES,
    *cost_limits.STACK_RULES,
    *nodes.STACK_RULES,
    *gke_nodes.STACK_RULES,
    *aks_nodes.STACK_RULES,
    *aks_clusters.STACK_RULES,
    *security_exposure.STACK_RULES,
    *security_data.STACK_RULES,
    *reliability.STACK_RULES,
    *checkpoints.STACK_RULES,
    *governance.STACK_RULES,
)
ALL: tuple[Words, ...] = (*RULES, *STACK_RULES, governance.UNUSED)


@cache
def rules_for(type_token: str) -> tuple[Rule, ...]:
    """Return the rules that look at resources of a type."""
    return tuple(rule for rule in RULES if rule.applies(type_token))


@cache
def is_read_on_stack(type_token: str) -> bool:
    """Return whether a rule needs the properties of a type once the whole stack is known."""
    return (
        type_token in nodes.LOOKED_AT
        or any(rule.on_stack for rule in rules_for(type_token))
        or any(rule.reads(type_token) for rule in STACK_RULES)
    )
