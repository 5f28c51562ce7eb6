"""What a team may write about a Kubernetes cluster that exists already."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from bedplate.clusters.spec import ClusterSpec
from bedplate.fabrics.spec import OwnFabricSpec


class ExistingClusterSpec(ClusterSpec):
    """A cluster that somebody else runs: on own hardware, or in a cloud that Bedplate has no room for."""

    provider: Literal["existing"] = Field(description="A Kubernetes cluster that runs already.")
    fabric: OwnFabricSpec | None = Field(
        default=None,
        description="The network between accelerators of different nodes, as you set it up. Default: none is used.",
    )
