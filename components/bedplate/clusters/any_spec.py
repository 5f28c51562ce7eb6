"""Every kind of cluster that may stand under `clusters`, told apart by its keys."""

from __future__ import annotations

from typing import Annotated, Any, get_args

from pydantic import Discriminator, Tag

from bedplate.catalog.tables import OTHER_NAMES
from bedplate.clusters.aws_spec import AwsClusterSpec
from bedplate.clusters.azure_spec import AzureClusterSpec
from bedplate.clusters.existing_spec import ExistingClusterSpec
from bedplate.clusters.gcp_spec import GcpClusterSpec
from bedplate.clusters.spec import ClusterReference, Provider

PROVIDERS: tuple[str, ...] = get_args(Provider)


def _kind(value: Any) -> str | None:
    """Tell kinds of clusters apart by the key that only a reference has, then by provider, so that errors are of one.

    One without a provider is read as one of AWS, whose error says that it is missing.
    """
    if isinstance(value, ClusterReference) or (isinstance(value, dict) and "stack" in value):
        return "reference"
    if isinstance(value, dict):
        provider = value.get("provider", "aws")
        return provider if provider in PROVIDERS else None
    return getattr(value, "provider", "aws")


AnyCluster = Annotated[
    Annotated[AwsClusterSpec, Tag("aws")]
    | Annotated[GcpClusterSpec, Tag("gcp")]
    | Annotated[AzureClusterSpec, Tag("azure")]
    | Annotated[ExistingClusterSpec, Tag("existing")]
    | Annotated[ClusterReference, Tag("reference")],
    Discriminator(
        _kind,
        # Read by bedplate.stack_file.messages.
        custom_error_type="choice",
        custom_error_message="no such provider",
        custom_error_context={"field": "provider", "allowed": PROVIDERS, "other_names": OTHER_NAMES},
    ),
]
