"""A cluster that exists already: nothing of it is declared, and everything else goes by its kubeconfig."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pulumi

from bedplate.clusters.handles import ExistingHandles
from bedplate.clusters.live import LiveCluster

if TYPE_CHECKING:
    from bedplate.clusters.existing_plan import ExistingPlan


def declare_cluster(plan: ExistingPlan, parent: pulumi.Resource) -> LiveCluster:
    """Return an existing cluster of this stack. Stacks that refer to it have a way in of their own: it exports none."""
    return LiveCluster(_handles(plan, parent), export={})


def refer_to_cluster(plan: ExistingPlan) -> ExistingHandles:
    """Return the handles of an existing cluster of a platform stack, reached by this stack's own secret or context."""
    return _handles(plan, None)


def _handles(plan: ExistingPlan, parent: pulumi.Resource | None) -> ExistingHandles:
    import pulumi_kubernetes

    by_secret = plan.kubeconfig_secret
    kubernetes = pulumi_kubernetes.Provider(
        plan.full_name,
        kubeconfig=pulumi.Config("bedplate").require_secret(by_secret) if by_secret else None,
        context=plan.context or None,
        # What is inside the cluster is replaced when the cluster is another one, not when its kubeconfig is renewed.
        cluster_identifier=f"{plan.provider}/{plan.full_name}",
        opts=pulumi.ResourceOptions(parent=parent),
    )
    return ExistingHandles(
        name=plan.full_name,
        region="",
        kubernetes_version=plan.kubernetes_version,
        cloud=None,
        kubernetes=kubernetes,
        plan=plan,
    )
