"""What may go wrong on Azure although nothing about a plan is wrong: what only the subscription knows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bedplate.clusters.azure_plan import AksPlan
from bedplate.node_pools.labels import AUTOSCALER_RESOURCE
from bedplate.risks import Risk

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bedplate.clusters.plan import ClusterPlan
    from bedplate.node_pools.plan import NodePoolPlan
    from bedplate.plan import StackPlan

HOST_ENCRYPTION_FEATURE = "Microsoft.Compute/EncryptionAtHost"
INFINIBAND_FEATURE = "Microsoft.ContainerService/AKSInfinibandSupport"


def azure_risks(plan: StackPlan) -> Iterator[Risk]:
    """Yield the risks of a stack's AKS clusters, then those of the pools on any such cluster."""
    for name, cluster in plan.clusters.items():
        if isinstance(cluster.plan, AksPlan):
            yield from _one_nat_gateway(name, cluster.plan, plan.environment)
            yield from _host_encryption(name, cluster.plan)
    for pool in plan.node_pools:
        if pool.provider == "azure":
            yield from _no_zone_named(pool, _cluster_of(plan, pool))
            yield from _infiniband_feature(pool)
            yield from _grows_from_nothing(pool)
            yield from _drained_on_weekends(pool, _cluster_of(plan, pool))


def _cluster_of(plan: StackPlan, pool: NodePoolPlan) -> ClusterPlan:
    owned = plan.clusters.get(pool.cluster)
    return (owned or plan.references[pool.cluster]).plan


def _one_nat_gateway(name: str, cluster: AksPlan, environment: str) -> Iterator[Risk]:
    if environment == "prod" and cluster.zones:
        yield Risk(
            f"clusters.{name}",
            "one NAT gateway serves all zones: when its zone fails, no node reaches the internet, and none the API "
            "server if that is public",
            "choose runner_inside for a private API server, and a second cluster where that is not enough",
        )


def _host_encryption(name: str, cluster: AksPlan) -> Iterator[Risk]:
    if cluster.host_encryption:
        yield Risk(
            f"clusters.{name}",
            f"its nodes encrypt disks on the host: AKS refuses them while the subscription lacks the feature "
            f"{HOST_ENCRYPTION_FEATURE}, and machine types that cannot do it",
            "register the feature first, or set host_encryption: false",
        )


def _no_zone_named(pool: NodePoolPlan, cluster: ClusterPlan) -> Iterator[Risk]:
    named = any(group.zones for group in pool.groups)
    if cluster.zones and not named and pool.max_nodes > 1:
        yield Risk(
            f"node_pools.{pool.name}",
            "no source says which zones have its machines, so none is named: all its nodes may stand in one, and fail "
            "with it",
            "count on it where a zone's loss must not take the pool, and keep a second pool in another region",
        )


def _infiniband_feature(pool: NodePoolPlan) -> Iterator[Risk]:
    states = {group.fabric.azure.infiniband_feature for group in pool.groups if group.fabric.azure}
    for state in states:
        yield Risk(
            f"node_pools.{pool.name}",
            f"the subscription's feature {INFINIBAND_FEATURE} must be {state} when the pool is made, which no plan "
            "sees; otherwise its machines stand on different fabrics",
            "look with `az feature show --namespace Microsoft.ContainerService --name AKSInfinibandSupport`",
        )


def _grows_from_nothing(pool: NodePoolPlan) -> Iterator[Risk]:
    """The autoscaler of AKS knows processors, memory and NVIDIA GPUs of a size; the rest stands in tags."""
    told = {name for group in pool.groups for name in group.unseen_resources} - {AUTOSCALER_RESOURCE}
    if pool.min_nodes == 0 and told:
        yield Risk(
            f"node_pools.{pool.name}",
            f"an empty pool offers {', '.join(sorted(told))} by tags alone, and Microsoft does not say that the "
            "autoscaler of AKS reads them: a pod that asks may wait for ever",
            "keep nodes.min at 1 or more, or try it before you count on it",
        )


def _drained_on_weekends(pool: NodePoolPlan, cluster: ClusterPlan) -> Iterator[Risk]:
    if pool.role == "training" and isinstance(cluster, AksPlan) and cluster.patches == "weekend":
        yield Risk(
            f"node_pools.{pool.name}",
            "AKS drains its nodes on weekends for patches, one after the other, also from under training",
            "write checkpoints, or set patches: manual for the cluster and take patches when it suits",
        )
