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

Account = Annotated[
    str,
    StringConstraints(pattern=r"^[\w.+-]+@[a-z0-9-]+(\.[a-z0-9-]+)+$", max_length=254),
    Wording("the address of a Google account or of a service account, such as runner@project.iam.gserviceaccount.com"),
]

ReleaseChannel = Literal["rapid", "regular", "stable", "extended"]


class GcpClusterSpec(CloudClusterSpec):
    """A GKE cluster."""

    provider: Literal["gcp"] = Field(description="Google Cloud: a GKE cluster.")
    project: ProjectId = Field(description="The Google Cloud project that holds the cluster and pays for it.")
    administrators: tuple[Account, ...] = Field(
        default=(),
        description="Google accounts and service accounts that administer the cluster, beside those whom IAM lets do "
        "so in the whole project.",
    )
    release_channel: ReleaseChannel = Field(
        default="regular",
        description="From which channel GKE takes patches. The minor version changes only with `kubernetes_version`, "
        "until its support ends.",
    )
