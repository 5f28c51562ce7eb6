"""What a team may write about an AKS cluster."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from bedplate.clusters.spec import CloudClusterSpec


class AzureClusterSpec(CloudClusterSpec):
    """An AKS cluster."""

    provider: Literal["azure"] = Field(description="Microsoft Azure: an AKS cluster.")
