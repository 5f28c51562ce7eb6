"""Everything that must hold before a stack is planned, over all rooms."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bedplate.clusters.existing_preconditions import existing_cluster_problems, existing_usage_problems
from bedplate.clusters.gcp_preconditions import gcp_cluster_problems
from bedplate.clusters.preconditions import cluster_problems
from bedplate.clusters.spec import ClusterReference, ClusterSpec
from bedplate.errors import Problem, nearest
from bedplate.node_pools.preconditions import pool_problems
from bedplate.services.accelerator_preconditions import accelerator_problems
from bedplate.services.exposure import serving_problems
from bedplate.serving.preconditions import endpoint_problems

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from bedplate.stack import StackSpec


def stack_problems(stack: StackSpec, references: Mapping[str, StackSpec] | None = None) -> list[Problem]:
    """Return everything that is wrong with a stack, as problems that name the field but no file.

    `references` holds the platform stacks that the stack refers to, by stack name.
    """
    known = references or {}
    return [
        *cluster_problems(stack),
        *gcp_cluster_problems(stack),
        *existing_cluster_problems(stack),
        *_reference_problems(stack, known),
        *accelerator_problems(stack),
        *pool_problems(stack, known),
        *endpoint_problems(stack, known),
        *serving_problems(stack, known),
        *_usage_problems(stack),
        *existing_usage_problems(stack, known),
    ]


def _reference_problems(stack: StackSpec, references: Mapping[str, StackSpec]) -> Iterator[Problem]:
    for name, cluster in stack.clusters.items():
        if not isinstance(cluster, ClusterReference):
            continue
        owner = references.get(cluster.stack)
        if owner is None:
            yield Problem(
                f"the platform stack {cluster.stack!r} has no readable stack file beside this one",
                ("clusters", name, "stack"),
                allowed=tuple(references),
                nearest=nearest(cluster.stack, references),
                hint=f"Bedplate reads Pulumi.{cluster.stack}.yaml to know the cluster's region and zones.",
            )
            continue
        owned = tuple(key for key, value in owner.clusters.items() if isinstance(value, ClusterSpec))
        if cluster.name not in owned:
            yield Problem(
                f"{cluster.stack} creates no cluster {cluster.name!r}",
                ("clusters", name, "name"),
                allowed=owned,
                nearest=nearest(cluster.name, owned),
            )
        first = next(key for key, other in stack.clusters.items() if other == cluster)
        if first != name:
            yield Problem(
                f"{first!r} is the same cluster already",
                ("clusters", name),
                hint=f"Use {first!r} for the pools of both.",
            )


def _usage_problems(stack: StackSpec) -> Iterator[Problem]:
    for name in stack.usage:
        if name not in stack.clusters:
            yield Problem(
                f"the stack has no cluster {name!r}, so this use is nobody's",
                ("usage", name),
                allowed=tuple(stack.clusters),
                nearest=nearest(name, stack.clusters),
                about_key=True,
            )
