"""What must hold for a cluster that exists already: one function per rule, each with a message for people."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bedplate.clusters.existing_spec import ExistingClusterSpec
from bedplate.clusters.ownership import cluster_owner
from bedplate.errors import Problem

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from bedplate.stack import StackSpec

FIRST_MINOR = 30
"""Admission policies, by which teams are kept apart, are part of Kubernetes from 1.30 on (Kubernetes 1.30 release
notes: ValidatingAdmissionPolicy is generally available)."""


def existing_cluster_problems(stack: StackSpec) -> Iterator[Problem]:
    """Yield everything that is wrong with the existing clusters of this stack."""
    for name, cluster in stack.clusters.items():
        if isinstance(cluster, ExistingClusterSpec):
            yield from _version_has_admission_policies(name, cluster)
            yield from _services_have_nodes(stack, name)
            yield from _hosts_in_one_pool(stack, name)
            yield from _no_serving(name, cluster)


def existing_usage_problems(stack: StackSpec, references: Mapping[str, StackSpec]) -> Iterator[Problem]:
    """Yield declared use of existing clusters: what they carry is in nobody's price list here."""
    for name in stack.usage:
        owner = cluster_owner(stack, name, references)
        if owner is not None and isinstance(owner[2], ExistingClusterSpec):
            yield Problem(
                "traffic and logs of an existing cluster are paid by whoever runs it, and have no price here",
                ("usage", name),
                hint="Leave it out.",
                about_key=True,
            )


def _version_has_admission_policies(name: str, cluster: ExistingClusterSpec) -> Iterator[Problem]:
    major, minor = (int(part) for part in cluster.kubernetes_version.split("."))
    if (major, minor) < (1, FIRST_MINOR):
        yield Problem(
            f"Kubernetes {cluster.kubernetes_version} has no admission policies, which keep teams apart; "
            f"1.{FIRST_MINOR} is the first version that has",
            ("clusters", name, "kubernetes_version"),
        )


def _services_have_nodes(stack: StackSpec, name: str) -> Iterator[Problem]:
    """Operators and gateways run on general nodes, so that accelerators are left to those who pay for them."""
    pools = [pool for pool in stack.node_pools.values() if pool.cluster == name]
    if not any(pool.role == "general" and pool.nodes.min >= 1 for pool in pools):
        yield Problem(
            "the cluster has no general pool with a node; what Bedplate installs would have nowhere to run",
            ("clusters", name),
            hint="Add one, for example: {cluster: " + name + ", role: general, hosts: [cpu-01, cpu-02], "
            "hardware: {vcpus: 64, memory_gib: 256, usd_per_node_hour: 2.5}}",
        )


def _hosts_in_one_pool(stack: StackSpec, name: str) -> Iterator[Problem]:
    first: dict[str, str] = {}
    for pool_name, pool in stack.node_pools.items():
        if pool.cluster != name:
            continue
        for index, host in enumerate(pool.hosts):
            other = first.setdefault(host, pool_name)
            if other != pool_name:
                yield Problem(
                    f"{host} is a host of the pool {other!r} already, and a node has one role",
                    ("node_pools", pool_name, "hosts", index),
                )


def _no_serving(name: str, cluster: ExistingClusterSpec) -> Iterator[Problem]:
    if cluster.serving is not None:
        yield Problem(
            "endpoints keep their weights in a bucket beside the cluster and are reached by a load balancer of its "
            "cloud; an existing cluster has neither that Bedplate knows",
            ("clusters", name, "serving"),
            hint="Leave it out. Endpoints run on clusters of AWS.",
        )
