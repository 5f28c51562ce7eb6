"""What follows from an endpoint's declaration: its workers, where they run, how they start, drain and scale."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from bedplate.serving.timings import Timings

if TYPE_CHECKING:
    from bedplate.node_pools.labels import Taint

PORT = 8000
"""vLLM's own default; engine, Service and probes share it."""

VERDICT_FILE = "/run/bedplate/wedged"
"""Written by the watcher when the engine hangs, read by the liveness probe. While it is missing, all is well."""


@dataclass(frozen=True, slots=True)
class ScheduleWindow:
    """A floor of `workers` on some days, between two times of a time zone. `days` are cron's: 0 is Sunday."""

    days: tuple[int, ...]
    start: str
    end: str
    timezone: str
    workers: int


@dataclass(frozen=True, slots=True)
class ApiKeys:
    """Callers show an API key. `secret_name` is the configuration key that holds them, one `caller: key` a line."""

    secret_name: str


@dataclass(frozen=True, slots=True)
class Oidc:
    """Callers show a token of an identity provider, made out to this audience.

    `keys_url` is where the provider publishes its signing keys (`jwks_uri` in `ISSUER/.well-known/openid-configuration`):
    the gateway does not look it up, and providers differ.
    """

    issuer: str
    audience: str
    keys_url: str


@dataclass(frozen=True, slots=True)
class WeightsPlan:
    """The weights of a model: where they come from and where each worker reads them.

    `revision` is a commit of the model's repository, so that its files never change. `prefix` is where the bucket
    keeps them. `size_gib` bounds what a worker may put on its node's NVMe drives. `token_secret` is the configuration
    key of the token for a gated model, or None; only the job that fills the bucket gets it.
    """

    repository: str
    revision: str
    bucket: str
    prefix: str
    size_gib: int
    cache_gib: int
    token_secret: str | None

    @property
    def path(self) -> str:
        """Where the engine finds them."""
        return f"/models/{self.prefix}"


@dataclass(frozen=True, slots=True)
class Rollout:
    """How workers are replaced: one more first where the pool has room for it, else one fewer first."""

    max_surge: int
    max_unavailable: int


@dataclass(frozen=True, slots=True)
class EndpointPlan:
    """An endpoint, decided.

    `name` is the one in the stack file, `full_name` the one in the cluster: of the Deployment, the Service, and the
    `app.kubernetes.io/instance` label of its pods. `cluster` is the name of the cluster in the stack file, `pool` the
    pool's full name, which its nodes carry as a label. `model` is the catalog's name, or None for an image of one's
    own; `served_name` is what callers put into `model`, and the metrics into `model_name`. `accelerators` is the
    number per worker of the resource `resource_name`.
    """

    name: str
    full_name: str
    cluster: str
    namespace: str
    team: str
    environment: str
    pool: str
    role: Literal["inference"]
    model: str | None
    served_name: str
    image: str
    arguments: tuple[str, ...]
    accelerators: int
    resource_name: str
    cpus: int
    memory_gib: int
    shared_memory_gib: int
    taints: tuple[Taint, ...]
    min_workers: int
    max_workers: int
    rollout: Rollout
    queue_depth: int
    schedule: tuple[ScheduleWindow, ...]
    hostname: str
    authentication: ApiKeys | Oidc
    weights: WeightsPlan | None
    sidecar_image: str | None
    timings: Timings = field(default_factory=Timings)
    port: int = PORT

    @property
    def pod_labels(self) -> dict[str, str]:
        """The labels by which Service, autoscaling, network policy and disruption budget find the workers."""
        return {"app.kubernetes.io/name": "endpoint", "app.kubernetes.io/instance": self.full_name}
