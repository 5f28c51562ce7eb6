"""Separation of roles as Pulumi components: a cluster's rules, and the namespaces of a team."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pulumi

from bedplate.separation.namespaces import namespace_manifests, team_namespaces
from bedplate.separation.policies import separation_manifests
from bedplate.separation.priorities import priority_classes
from bedplate.services.manifests import apply_manifests
from bedplate.services.plan import plan_services

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bedplate.clusters.handles import ClusterHandles
    from bedplate.plan import OwnedCluster, StackPlan
    from bedplate.separation.namespaces import TeamNamespace


class ClusterSeparation(pulumi.ComponentResource):
    """The priority classes and admission policies of one cluster. They need no node: they come before any pool."""

    def __init__(self, plan: OwnedCluster, cluster: ClusterHandles) -> None:
        """Declare what separates the roles on a planned cluster."""
        exempt = exempt_namespaces(plan)
        own = plan.plan.judges_own_namespaces_only
        inputs = {"exemptNamespaces": list(exempt), **({"onlyNamespacesWithARole": True} if own else {})}
        options = pulumi.ResourceOptions(providers=[cluster.kubernetes])
        super().__init__("bedplate:index:ClusterSeparation", plan.plan.name, inputs, options)
        rules = separation_manifests(exempt, only_with_a_role=own)
        apply_manifests([*priority_classes(), *rules], cluster.kubernetes, self)
        self.register_outputs(inputs)


def exempt_namespaces(plan: OwnedCluster) -> tuple[str, ...]:
    """Return the namespaces whose pods may run on nodes of every role: those of the platform's agents on nodes, and
    of the owner's own."""
    return tuple(sorted({*plan_services(plan).agent_namespaces, *plan.plan.system_namespaces}))


class TeamNamespaces(pulumi.ComponentResource):
    """The namespaces of a stack on one cluster, one per role of its pools there."""

    def __init__(
        self, stack: StackPlan, cluster_name: str, cluster: ClusterHandles, after: Sequence[pulumi.Resource] = ()
    ) -> None:
        """Declare the namespaces of `stack` on the cluster that its file calls `cluster_name`."""
        namespaces = [namespace for namespace in team_namespaces(stack) if namespace.cluster == cluster_name]
        inputs = {"namespaces": [namespace.name for namespace in namespaces]}
        options = pulumi.ResourceOptions(providers=[cluster.kubernetes])
        super().__init__("bedplate:index:TeamNamespaces", cluster_name, inputs, options)
        for namespace in namespaces:
            self._declare(namespace, cluster, after)
        self.register_outputs(inputs)

    def _declare(self, namespace: TeamNamespace, cluster: ClusterHandles, after: Sequence[pulumi.Resource]) -> None:
        own, *inside = namespace_manifests(namespace)
        created = apply_manifests([own], cluster.kubernetes, self, depends_on=after, protect=namespace.protected)
        apply_manifests(inside, cluster.kubernetes, self, depends_on=created)
