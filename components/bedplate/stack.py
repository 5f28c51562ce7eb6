"""The whole file that a team writes."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from bedplate.clusters.any_spec import AnyCluster
from bedplate.cost.spec import UsageSpec
from bedplate.node_pools.spec import NodePoolSpec
from bedplate.serving.spec import EndpointSpec
from bedplate.stack_file.model import LabelValue, Name, StrictModel

Environment = Literal["dev", "staging", "prod"]


class StackSpec(StrictModel):
    """Everything under `bedplate:stack`."""

    team: Name = Field(description="The team that owns the stack and pays for it.")
    environment: Environment = Field(description="Decides the cap, and how much protection is on by default.")
    cost_center: LabelValue | None = Field(default=None, description="Put on every resource as a tag.")
    clusters: dict[Name, AnyCluster] = Field(
        min_length=1, description="Clusters by name: created here, or referred to."
    )
    node_pools: dict[Name, NodePoolSpec] = Field(default={}, description="Node pools by name.")
    endpoints: dict[Name, EndpointSpec] = Field(default={}, description="Serving endpoints by name.")
    usage: dict[Name, UsageSpec] = Field(
        default={},
        description="Expected traffic and logs, by the name of the cluster they concern. Only the cost depends on it.",
    )
