"""What must hold for endpoints before anything is planned; the rules stand in the two modules beside this one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bedplate import catalog
from bedplate.clusters.ownership import cluster_owner
from bedplate.errors import Problem, nearest
from bedplate.serving.rules_anywhere import problems_anywhere
from bedplate.serving.rules_on_pool import EndpointInContext, problems_on_pool

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from bedplate.catalog import MachineType
    from bedplate.node_pools.spec import NodePoolSpec
    from bedplate.stack import StackSpec

_CLOUDS = {"gcp": "Google Cloud", "azure": "Azure", "existing": "somebody else's"}


def endpoint_problems(stack: StackSpec, references: Mapping[str, StackSpec]) -> Iterator[Problem]:
    """Yield everything that is wrong with the stack's endpoints. `references` holds the platform stacks by name."""
    yield from _one_endpoint_per_hostname(stack)
    yield from _one_job_per_revision(stack)
    for name, endpoint in stack.endpoints.items():
        yield from problems_anywhere(name, endpoint, stack)
        pool = stack.node_pools.get(endpoint.pools[0])
        if pool is None:
            yield Problem(
                f"{endpoint.pools[0]!r} is not under node_pools",
                ("endpoints", name, "pools", 0),
                allowed=tuple(stack.node_pools),
                nearest=nearest(endpoint.pools[0], stack.node_pools),
            )
            continue
        elsewhere = list(_cluster_can_serve(stack, name, pool, references))
        yield from elsewhere
        if elsewhere:  # the other rules are about machines that serve
            continue
        machines = _machines(stack, pool, references)
        if machines:  # else the pool's own rules say what is wrong
            yield from problems_on_pool(EndpointInContext(name, endpoint, stack, pool, machines))


def _cluster_can_serve(
    stack: StackSpec, name: str, pool: NodePoolSpec, references: Mapping[str, StackSpec]
) -> Iterator[Problem]:
    """Weights are kept in a bucket of the cluster's region, and callers arrive over the cloud's load balancer: both are
    built for AWS."""
    owner = cluster_owner(stack, pool.cluster, references)
    if owner is not None and owner[2].provider != "aws":
        yield Problem(
            f"endpoints run on clusters of AWS, and {pool.cluster!r} is one of {_CLOUDS[owner[2].provider]}: there is "
            "no bucket for their weights and no load balancer for their callers",
            ("endpoints", name, "pools", 0),
            hint="Use a pool on a cluster of AWS.",
        )


def _machines(stack: StackSpec, pool: NodePoolSpec, references: Mapping[str, StackSpec]) -> tuple[MachineType, ...]:
    """Return the machine types of a pool's offers, or nothing when one of them or the cluster is not known."""
    owner = cluster_owner(stack, pool.cluster, references)
    if owner is None:
        return ()
    _, _, cluster = owner
    found = [catalog.machine(cluster.provider, offer.machine) for offer in pool.all_offers()]
    return tuple(machine for machine in found if machine) if all(found) else ()


def _one_endpoint_per_hostname(stack: StackSpec) -> Iterator[Problem]:
    seen: dict[str, str] = {}
    for name, endpoint in stack.endpoints.items():
        first = seen.setdefault(endpoint.hostname, name)
        if first != name:
            yield Problem(f"{first!r} answers at {endpoint.hostname} already", ("endpoints", name, "hostname"))


def _one_job_per_revision(stack: StackSpec) -> Iterator[Problem]:
    """One job fills the bucket of a cluster with a model, whoever serves it: its image and its token are one, too."""
    first: dict[tuple[str, str], str] = {}
    for name, endpoint in stack.endpoints.items():
        pool = stack.node_pools.get(endpoint.pools[0])
        if endpoint.model is None or pool is None:
            continue
        other = first.setdefault((pool.cluster, endpoint.model), name)
        for key in ("sidecar_image", "token"):
            if getattr(endpoint, key) != getattr(stack.endpoints[other], key):
                yield Problem(
                    f"{other!r} serves {endpoint.model} on {pool.cluster!r} too and has another {key}, and one job "
                    "copies its weights for both",
                    ("endpoints", name, key),
                    hint=f"Give both the same {key}.",
                )
