"""What a team may write about every cluster; what one cloud asks beside it is in that cloud's `*_spec` module."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, StringConstraints, model_validator

from bedplate.networking.spec import NetworkSpec
from bedplate.node_pools.sharing_spec import Sharing
from bedplate.stack_file.model import Cidr, Name, StrictModel, Wording, wrong

Provider = Literal["aws", "gcp", "azure", "existing"]

DevicePluginName = Literal["nvidia", "efa", "amd", "neuron", "rdma-sriov", "rdma-shared", "nvidia-dra"]
"""What makes devices of nodes known to the scheduler (docs/guide/accelerators.md).

`rdma-sriov` and `rdma-shared` are the two ways in which NVIDIA's network operator hands out InfiniBand cards;
`nvidia-dra` is NVIDIA's driver for dynamic resource allocation, for NVLink domains across nodes.
"""

# Kubernetes: names of namespaces are labels of DNS (RFC 1123).
NamespaceName = Annotated[
    str,
    StringConstraints(pattern=r"^[a-z0-9]([a-z0-9-]*[a-z0-9])?$", max_length=63),
    Wording("the name of a namespace"),
]

DriverMode = Literal["cloud", "operator", "host"]


class AmdDriverSpec(StrictModel):
    """Where AMD's driver is kept: the operator builds it for the nodes' kernels and loads it."""

    image: str = Field(
        min_length=1,
        description="Where the operator keeps the images that it builds: registry and repository without a tag. The "
        "nodes pull from it, and the operator pushes to it.",
    )
    version: str = Field(
        min_length=1, description="The version of amdgpu to build, as AMD's package repository names it: 30.20.1."
    )
    pull_secret_name: Name | None = Field(
        default=None, description="The Secret in the namespace `kube-amd-gpu` that it takes to pull and push."
    )


class ClusterSpec(StrictModel):
    """A cluster that this stack owns: one that it creates in a cloud, or an existing one that it furnishes."""

    provider: Provider = Field(description="The cloud that runs the cluster, or `existing` for one that runs already.")
    device_plugins: tuple[DevicePluginName, ...] = Field(
        default=(),
        description="Device plugins for pools that other stacks bring to this cluster. Those that this stack's own "
        "pools need are installed anyway.",
    )
    drivers: DriverMode | None = Field(
        default=None,
        description="Who installs the kernel drivers of accelerators: the `cloud` (or its node image), the vendor's "
        "`operator`, or somebody else on the `host`. What is possible and the default are in a table per cloud and "
        "vendor (docs/guide/accelerators.md). An existing cluster must say it; never are there two.",
    )
    amd_driver: AmdDriverSpec | None = Field(
        default=None, description="Needed where AMD's driver comes from the operator, which builds it on the cluster."
    )
    shared_accelerators: tuple[Sharing, ...] = Field(
        default=(),
        description="Ways of sharing accelerators for pools that other stacks bring to this cluster, as they stand "
        "under `sharing` there. Those of this stack's own pools are prepared anyway.",
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


class CloudClusterSpec(ClusterSpec):
    """A cluster that this stack creates in a cloud, with a network of its own."""

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
        description="Zones by identifier (AWS `use1-az1`, the same in every account; Google Cloud `us-central1-a`; "
        "Azure `1`), two to six. Default: the region's first three that take a control plane.",
    )
    network: NetworkSpec = Field(default=NetworkSpec(), description="The cluster's own network.")
    system_namespaces: tuple[NamespaceName, ...] = Field(
        default=(),
        description="Namespaces of your own agents (logs, security, monitoring) whose pods run on nodes of every role. "
        "The rules of separation exempt them, as they do the platform's own.",
    )
    deletion_protection: bool | None = Field(
        default=None,
        description="Refuse to delete the cluster and its network. Default: true, in `dev` false.",
    )

    @model_validator(mode="after")
    def _one_way_in(self) -> Self:
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
    def _two_to_six_zones(self) -> Self:
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
