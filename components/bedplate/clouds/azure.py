"""What is the same all over an Azure subscription: its provider with the tags of a stack, and rights of identities."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pulumi
import pulumi_azure_native as azure

from bedplate.clouds.azure_names import role_definition

if TYPE_CHECKING:
    from collections.abc import Mapping


class TaggingProvider(azure.Provider):  # type: ignore[misc]
    """A provider that remembers the tags of its stack.

    pulumi-azure-native puts no tags on resources by itself, so everything that is declared here asks for `tags`.
    """

    def __init__(self, name: str, subscription: str, region: str, tags: Mapping[str, str]) -> None:
        """Declare the provider of a region of a subscription."""
        super().__init__(name, subscription_id=subscription, location=region)
        self.stack_tags = dict(tags)


def declare_provider(subscription: str, region: str, tags: Mapping[str, str]) -> pulumi.ProviderResource:
    """Declare the provider of a region; `tags` reach what asks for them with `tags_of`."""
    provider: pulumi.ProviderResource = TaggingProvider(
        f"azure-{region}-{subscription[:8]}", subscription, region, tags
    )
    return provider


def tags_of(provider: pulumi.ProviderResource | None) -> dict[str, str]:
    """Return the tags that every resource of a stack carries."""
    if not isinstance(provider, TaggingProvider):
        raise TypeError("what stands on Azure is declared with the provider of bedplate.clouds.azure")
    return provider.stack_tags


def grant(
    name: str,
    subscription: str,
    role: str,
    scope: pulumi.Input[str],
    principal: pulumi.Input[str],
    parent: pulumi.Resource,
) -> pulumi.Resource:
    """Give an identity one of Azure's own roles on a scope, and return what must exist before it may use that.

    The kind of principal is named, because Azure otherwise looks a new identity up before it is known everywhere.
    """
    assignment: pulumi.Resource = azure.authorization.RoleAssignment(
        name,
        scope=scope,
        role_definition_id=role_definition(subscription, role),
        principal_id=principal,
        principal_type="ServicePrincipal",
        opts=pulumi.ResourceOptions(parent=parent),
    )
    return assignment
