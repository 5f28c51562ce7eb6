"""What a team may write about clusters."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Discriminator, Field, StringConstraints, Tag, model_validator

from bedplate.networking.spec import NetworkSpec
from bedplate.stack_file.model import Cidr, Name, StrictModel, Wording, wrong

RoleArn = Annotated[
    str,
    StringConstraints(pattern=r"^arn:aws[a-z-]*:iam::\d{12}:role/[\w+=,.@/-]+$", max_length=2048),
    Wording("the ARN of an IAM role, such as arn:aws:iam::111122223333:role/admin"),
]

# CloudWatch accepts only these retention periods (PutRetentionPolicy, retentionInDays).
AuditLogDays = Literal[30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653]


class ClusterSpec(StrictModel):
    """A cluster that this stack creates and owns."""

    provider: Literal["aws"] = Field(description="The cloud that runs the cluster.")
    region: str = Field(description="The cloud's own name of the region, for example `us-east-1`.")
    runner_access: tuple[Cidr, ...] = Field(
        default=(),
        description="Networks from which `pulumi` and `kubectl` reach the API server. Named networks make its "
        "endpoint public for them alone; 0.0.0.0/0 is refused.",
    )
    runner_inside: bool = Field(
        default=False,
        description="The API server has no public endpoint; `pulumi` runs on a machine inside the cluster's network.",
    )
    kubernetes_version: (
        Annotated[str, StringConstraints(pattern=r"^\d+\.\d+$"), Wording('a minor version such as "1.34"')] | None
    ) = Field(
        default=None,
        description='Minor version in quotes, for example `"1.34"`. Default: the catalog\'s choice for the provider.',
    )
    zones: tuple[str, ...] = Field(
        default=(),
        description="Zone identifiers (`use1-az1`, the same in every account), two to six. Default: the region's first "
        "three that take a control plane.",
    )
    network: NetworkSpec = Field(default=NetworkSpec(), description="The cluster's own network.")
    administrators: tuple[RoleArn, ...] = Field(
        default=(),
        description="IAM roles that administer the cluster, beside the role that creates it.",
    )
    audit_log_days: AuditLogDays = Field(default=365, description="How long control-plane logs are kept, in days.")
    device_plugins: tuple[Literal["nvidia", "efa"], ...] = Field(
        default=(),
        description="Device plugins for pools that other stacks bring to this cluster. Those that this stack's own "
        "pools need are installed anyway.",
    )
    serving: Literal["internal", "public"] | None = Field(
        default=None,
        description="Install what endpoints need: their autoscaler, its metrics, and a gateway whose load balancer is "
        "reached from the cluster's network and what is connected to it (`internal`) or from the internet (`public`). "
        "Default: `internal` when this stack itself has endpoints on the cluster, else nothing.",
    )
    scale_to_zero: bool = Field(
        default=False,
        description="Install KEDA's HTTP add-on beside it, which holds requests while what they are for has no worker. "
        "For ScaledObjects and InterceptorRoutes of your own: an endpoint here keeps at least one worker.",
    )
    deletion_protection: bool | None = Field(
        default=None,
        description="Refuse to delete the cluster and its network. Default: true, in `dev` false.",
    )

    @model_validator(mode="after")
    def _one_way_in(self) -> ClusterSpec:
        if "0.0.0.0/0" in self.runner_access:
            raise wrong(
                "0.0.0.0/0 opens the API server to everybody; name the runners' networks",
                "runner_access",
                self.runner_access.index("0.0.0.0/0"),
            )
        if bool(self.runner_access) == self.runner_inside:
            raise wrong(
                "say how this program reaches the API server: either runner_access with the runners' networks, "
                "or runner_inside: true when it runs inside the cluster's network"
            )
        return self

    @model_validator(mode="after")
    def _two_to_six_zones(self) -> ClusterSpec:
        if self.zones and not 2 <= len(self.zones) <= 6:
            raise ValueError(
                f"zones holds {len(self.zones)}; a control plane needs two, a network here has room for six"
            )
        if len(set(self.zones)) != len(self.zones):
            raise wrong("a zone is named twice", "zones")
        return self


class ClusterReference(StrictModel):
    """A cluster that a platform stack of the same project owns."""

    stack: Annotated[
        str,
        StringConstraints(pattern=r"^[a-z][a-z0-9-]*$", max_length=100),
        Wording("the name of a stack, such as platform-prod"),
    ] = Field(
        description="The platform stack, for example `platform-prod`; Bedplate adds the organization and the project."
    )
    name: Name = Field(description="The cluster's name in that stack's file.")


def _kind(value: Any) -> str:
    """Tell a reference from a cluster by the key that only a reference has, so that errors speak of one of them."""
    if isinstance(value, ClusterReference) or (isinstance(value, dict) and "stack" in value):
        return "reference"
    return "cluster"


AnyCluster = Annotated[
    Annotated[ClusterSpec, Tag("cluster")] | Annotated[ClusterReference, Tag("reference")],
    Discriminator(_kind),
]
