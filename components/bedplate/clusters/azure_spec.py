"""What a team may write about an AKS cluster."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from bedplate.clusters.spec import CloudClusterSpec
from bedplate.networking.azure_spec import AzureNetworkSpec
from bedplate.stack_file.model import Wording

Identifier = Annotated[
    str,
    StringConstraints(pattern=r"^[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}$"),
    Wording("an identifier in lower case, such as 11111111-2222-3333-4444-555555555555"),
]

LEAST_SYSTEM_NODES = 2
"""AKS, "Use system node pools": a system pool has two nodes or more."""


class AzureClusterSpec(CloudClusterSpec):
    """An AKS cluster."""

    provider: Literal["azure"] = Field(description="Microsoft Azure: an AKS cluster.")
    subscription: Identifier = Field(description="The subscription that holds the cluster and pays for it.")
    administrators: Annotated[tuple[Identifier, ...], Field(min_length=1)] = Field(
        description="Object identifiers of Entra groups that administer the cluster. The identity that runs this "
        "program must be in one of them: there are no local accounts, and whoever creates the cluster has no rights in "
        "it by that."
    )
    network: AzureNetworkSpec = Field(default=AzureNetworkSpec(), description="The cluster's own network.")
    system_machine: str = Field(
        default="Standard_D4ds_v5",
        description="Machine type of the nodes on which AKS runs its own parts (DNS, storage and network agents). "
        "Nothing else runs there. It cannot be changed later.",
    )
    system_nodes: Annotated[int, Field(ge=LEAST_SYSTEM_NODES, le=100)] = Field(
        default=LEAST_SYSTEM_NODES, description="How many of them run, always."
    )
    host_encryption: bool = Field(
        default=True,
        description="Encrypt temporary disks and caches on the host as well. Needs the feature "
        "`Microsoft.Compute/EncryptionAtHost` in the subscription, and machine types that have it.",
    )
    patches: Literal["weekend", "manual"] = Field(
        default="weekend",
        description="`weekend`: AKS takes patch versions and node images on Saturdays and Sundays from 02:00 UTC, and "
        "drains nodes for them. `manual`: it never does so by itself.",
    )
    audit_log_days: Annotated[int, Field(ge=30, le=730)] = Field(
        default=365, description="How long control-plane logs are kept, in days."
    )
