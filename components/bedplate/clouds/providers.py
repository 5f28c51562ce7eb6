"""One provider per cloud and region, made when first asked for, so that a stack pays only for the clouds it uses."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bedplate.errors import BedplateError

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
            try:
                self._providers[key] = _declare_provider(cluster, self._tags)
            except ModuleNotFoundError as missing:
                raise _not_installed(cluster.provider, missing) from None
        return self._providers[key]


def _not_installed(cloud: str, missing: ModuleNotFoundError) -> Exception:
    """Return the error for a cloud's SDK that is not installed: the SDKs are extras of this package, one per cloud."""
    if not (missing.name or "").startswith("pulumi_"):
        return missing
    hint = f"`make install` installs every cloud's; elsewhere: pip install 'bedplate[{cloud}]'"
    return BedplateError(f"the stack has a cluster on {cloud}, whose SDK {missing.name} is not installed", hint=hint)


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
