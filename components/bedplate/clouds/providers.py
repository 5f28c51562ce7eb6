"""One provider per cloud and region, made when first asked for, so that a stack pays only for the clouds it uses."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pulumi

    from bedplate.clusters.plan import ClusterPlan


class CloudProviders:
    """The providers of a program. Each puts `tags` on everything that can carry tags."""

    def __init__(self, tags: Mapping[str, str]) -> None:
        """Start without providers."""
        self._tags = tags
        self._providers: dict[tuple[str, str, str], pulumi.ProviderResource] = {}

    def of(self, cluster: ClusterPlan) -> pulumi.ProviderResource | None:
        """Return the provider of the account and region in which a cluster stands; None outside the clouds."""
        if cluster.provider == "existing":
            return None
        key = (cluster.provider, cluster.account, cluster.region)
        if key not in self._providers:
            self._providers[key] = _declare_provider(cluster, self._tags)
        return self._providers[key]


def _declare_provider(cluster: ClusterPlan, tags: Mapping[str, str]) -> pulumi.ProviderResource:
    match cluster.provider:
        case "aws":
            from bedplate.clouds import aws

            return aws.declare_provider(cluster.region, tags)
        case "gcp":
            from bedplate.clouds import gcp

            return gcp.declare_provider(cluster.account, cluster.region, tags)
        case "azure":
            from bedplate.clouds import azure

            return azure.declare_provider(cluster.account, cluster.region, tags)
    raise ValueError(f"no provider for the cloud {cluster.provider!r}")
