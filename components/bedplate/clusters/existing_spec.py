"""What a team may write about a Kubernetes cluster that exists already."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from bedplate.clusters.spec import ClusterSpec


class ExistingClusterSpec(ClusterSpec):
    """A cluster that somebody else runs: on own hardware, or in a cloud that Bedplate has no room for."""

    provider: Literal["existing"] = Field(description="A Kubernetes cluster that runs already.")
