"""What a team may write about a GKE cluster."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from bedplate.clusters.spec import CloudClusterSpec
from bedplate.stack_file.model import Wording

# Google Cloud, Resource Manager: projects.create, field projectId.
ProjectId = Annotated[
    str,
    StringConstraints(pattern=r"^[a-z][a-z0-9-]{4,28}[a-z0-9]$"),
    Wording("a project identifier: 6 to 30 lower-case letters, digits and dashes, beginning with a letter"),
]


class GcpClusterSpec(CloudClusterSpec):
    """A GKE cluster."""

    provider: Literal["gcp"] = Field(description="Google Cloud: a GKE cluster.")
    project: ProjectId = Field(description="The Google Cloud project that holds the cluster and pays for it.")
