"""A cluster that a platform stack owns, seen through that stack's outputs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pulumi

from bedplate.clusters.azure_plan import AksPlan
from bedplate.clusters.existing_plan import ExistingPlan
from bedplate.clusters.gcp_plan import GkePlan
from bedplate.clusters.plan import EksPlan

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bedplate.clusters.handles import ClusterHandles
    from bedplate.plan import ReferencedCluster


class PlatformStacks:
    """The platform stacks that this stack refers to, each read once."""

    def __init__(self) -> None:
        """Start without any."""
        self._stacks: dict[str, pulumi.StackReference] = {}

    def cluster(self, reference: ReferencedCluster, cloud: pulumi.ProviderResource | None) -> ClusterHandles:
        """Return the handles of a referenced cluster; what was planned from the platform stack's file is known."""
        plan = reference.plan
        match plan:
            case EksPlan():
                from bedplate.clusters import aws

                return aws.refer_to_cluster(plan, self._outputs(reference), cloud)
            case GkePlan():
                from bedplate.clusters import gcp

                return gcp.refer_to_cluster(plan, self._outputs(reference), cloud)
            case AksPlan():
                from bedplate.clusters import azure

                return azure.refer_to_cluster(plan, self._outputs(reference), cloud)
            case ExistingPlan():
                from bedplate.clusters import existing

                return existing.refer_to_cluster(plan)
        raise ValueError(f"no cluster for the provider {plan.provider!r}")

    def _outputs(self, reference: ReferencedCluster) -> pulumi.Output[Any]:
        if reference.stack not in self._stacks:
            name = qualified_stack_name(pulumi.get_organization(), pulumi.get_project(), reference.stack)
            self._stacks[reference.stack] = pulumi.StackReference(reference.stack, stack_name=name)
        clusters = self._stacks[reference.stack].get_output("clusters")
        return clusters.apply(lambda known: cluster_outputs(known, reference.plan.name, reference.stack))


def qualified_stack_name(organization: str, project: str, stack: str) -> str:
    """Return a stack's full name, which every backend takes.

    Backends without organizations (a folder, S3, ...) report one called `organization`, and expect it.
    """
    return f"{organization}/{project}/{stack}"


def cluster_outputs(clusters: Mapping[str, Any] | None, name: str, stack: str) -> Mapping[str, Any]:
    """Return what a platform stack says about one of its clusters; raises RunError when it says nothing."""
    if not clusters or name not in clusters:
        raise pulumi.RunError(
            f"the stack {stack} has not created the cluster {name!r} yet: run `pulumi up --stack {stack}` first"
        )
    outputs: Mapping[str, Any] = clusters[name]
    return outputs
