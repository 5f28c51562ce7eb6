"""One provider per cloud and region, made when first asked for, so that a stack pays only for the clouds it uses."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pulumi


class CloudProviders:
    """The providers of a program. Each puts `tags` on everything that can carry tags."""

    def __init__(self, tags: Mapping[str, str]) -> None:
        """Start without providers."""
        self._tags = tags
        self._providers: dict[tuple[str, str], pulumi.ProviderResource] = {}

    def of(self, cloud: str, region: str) -> pulumi.ProviderResource:
        """Return the provider of a cloud's region."""
        key = (cloud, region)
        if key not in self._providers:
            self._providers[key] = _declare_provider(cloud, region, self._tags)
        return self._providers[key]


def _declare_provider(cloud: str, region: str, tags: Mapping[str, str]) -> pulumi.ProviderResource:
    match cloud:
        case "aws":
            from bedplate.clouds import aws

            return aws.declare_provider(region, tags)
    raise ValueError(f"no provider for the cloud {cloud!r}")
