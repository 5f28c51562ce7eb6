"""What follows from an endpoint's declaration: its workers, where they run, how they start, drain and scale."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from bedplate import catalog
from bedplate.serving.engine_arguments import engine_arguments, running_limit
from bedplate.serving.memory import shared_memory_gib, weights_gib
from bedplate.serving.packing import nodes_in_any_order
from bedplate.serving.schedule import cron_days
from bedplate.serving.timings import Timings
from bedplate.serving.weights_plan import WeightsPlan, plan_weights

if TYPE_CHECKING:
    from bedplate.catalog import Model
    from bedplate.node_pools.plan import NodePoolPlan
    from bedplate.node_pools.taints import Taint
    from bedplate.serving.spec import AuthenticationSpec, EndpointSpec, TimingsSpec
    from bedplate.stack import StackSpec

PORT = 8000
"""vLLM's own default; engine, Service and probes share it."""

NODE_SHARE_PERCENT = 80
"""How much of its share of a node a worker asks for: the kubelet, the system and the agents of each node have the rest
(AL2023 keeps up to 15 % of the memory of small machines for itself)."""

MIN_BEFORE_START_SECONDS = 1800
GRACE_MARGIN_SECONDS = 15
DEADLINE_MARGIN_SECONDS = 300

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

    `keys_url` is where the provider publishes its signing keys (`jwks_uri` in its `.well-known/openid-configuration`):
    the gateway does not look it up, and providers differ.
    """

    issuer: str
    audience: str
    keys_url: str


@dataclass(frozen=True, slots=True)
class Rollout:
    """How workers are replaced: one more first where the pool has room for it, else one fewer first."""

    max_surge: int
    max_unavailable: int


@dataclass(frozen=True, slots=True)
class EndpointPlan:
    """An endpoint, decided.

    `name` is the one in the stack file, `full_name` the one in the cluster: of the Deployment, the Service, and the
    `app.kubernetes.io/instance` label of its pods. `cluster` is the name of the cluster in the stack file, `pool`
    the pool's full name, which its nodes carry as a label. `model` is the catalog's name, or None for an image of
    one's own; `licence` is what its weights may be used under, None where nobody says. `served_name` is what
    callers put into `model`, and the metrics into `model_name`. `accelerators` is the number per worker of the
    resource `resource_name`.
    `running_limit` is how many requests a worker takes on at once where the team's arguments say so, else None.
    `sidecar_image` is None for the one in the account's own registry.
    """

    name: str
    full_name: str
    cluster: str
    region: str
    namespace: str
    team: str
    environment: str
    pool: str
    role: Literal["inference"]
    model: str | None
    licence: str | None
    served_name: str
    image: str
    arguments: tuple[str, ...]
    accelerators: int
    resource_name: str
    cpus: int
    memory_gib: int
    shared_memory_gib: int
    accelerators_per_node: int
    taints: tuple[Taint, ...]
    min_workers: int
    max_workers: int
    rollout: Rollout
    queue_depth: int
    running_limit: int | None
    schedule: tuple[ScheduleWindow, ...]
    hostname: str
    authentication: ApiKeys | Oidc
    weights: WeightsPlan | None
    sidecar_image: str | None
    tokens_per_second: int | None
    timings: Timings = field(default_factory=Timings)
    port: int = PORT

    @property
    def pod_labels(self) -> dict[str, str]:
        """The labels by which Service, autoscaling, network policy and disruption budget find the workers."""
        return {"app.kubernetes.io/name": "endpoint", "app.kubernetes.io/instance": self.full_name}


def plan_endpoint(stack: StackSpec, name: str, spec: EndpointSpec, pool: NodePoolPlan) -> EndpointPlan:
    """Decide an endpoint. The stack must have passed its preconditions."""
    model = catalog.model(spec.model) if spec.model else None
    machines = [group.machine for group in pool.groups]
    share = spec.accelerators_per_worker / max(machine.accelerator_count for machine in machines)
    per_node = min(machine.accelerator_count for machine in machines)
    timings = plan_timings(spec.timings, before_start_seconds(model))
    prefix = f"{stack.team}-{stack.environment}"
    weights = plan_weights(spec, model, f"{prefix}-general") if model else None
    return EndpointPlan(
        name=name,
        full_name=f"{prefix}-{name}",
        cluster=pool.cluster,
        region=pool.region,
        namespace=f"{prefix}-{pool.role}",
        team=stack.team,
        environment=stack.environment,
        pool=pool.full_name,
        role="inference",
        model=spec.model,
        licence=model.licence if model else spec.licence,
        served_name=spec.model or name,
        image=spec.image or _catalog_image("vllm"),
        arguments=_arguments(spec, model, weights, timings) if model and weights else spec.arguments,
        accelerators=spec.accelerators_per_worker,
        resource_name=machines[0].resource_name,
        cpus=_part(min(machine.vcpus or 0 for machine in machines), share),
        memory_gib=_part(min(machine.memory_gib or 0 for machine in machines), share),
        shared_memory_gib=spec.shared_memory_gib or shared_memory_gib(spec.accelerators_per_worker),
        accelerators_per_node=per_node,
        taints=pool.taints,
        min_workers=spec.workers.min,
        max_workers=spec.workers.max,
        rollout=plan_rollout(stack, name, per_node, pool.reachable_nodes),
        queue_depth=spec.scaling.queue_depth,
        running_limit=running_limit(spec.arguments) if model else None,
        schedule=plan_schedule(spec),
        hostname=spec.hostname,
        authentication=_plan_authentication(spec.authentication),
        weights=weights,
        sidecar_image=spec.sidecar_image,
        tokens_per_second=spec.tokens_per_second,
        timings=timings,
    )


def plan_schedule(spec: EndpointSpec) -> tuple[ScheduleWindow, ...]:
    """Return an endpoint's floors in cron's words; raises ValueError for days that are none."""
    return tuple(
        ScheduleWindow(cron_days(window.days), window.from_, window.to, window.timezone, window.workers)
        for window in spec.scaling.schedule
    )


def plan_timings(spec: TimingsSpec, before_start: int) -> Timings:
    """Return the times of a worker: what is declared, and what follows from it where nothing is."""
    stopped = spec.pre_stop_seconds + spec.drain_seconds
    budget = spec.startup_minutes * 60
    deadline = before_start + budget + DEADLINE_MARGIN_SECONDS
    period = Timings().startup_period_seconds
    return Timings(
        pre_stop_seconds=spec.pre_stop_seconds,
        shutdown_seconds=spec.drain_seconds,
        termination_grace_seconds=spec.termination_grace_seconds or stopped + GRACE_MARGIN_SECONDS,
        startup_failures=budget // period,
        before_start_seconds=before_start,
        progress_deadline_seconds=(spec.progress_deadline_minutes or 0) * 60 or deadline,
    )


def before_start_seconds(model: Model | None) -> int:
    """Return how long it may take until the engine runs: node, image and weights at their slowest."""
    size = weights_gib(model) if model else 0
    phases = [phase for phase in catalog.cold_start_phases() if phase.phase != "engine"]
    slowest = sum(phase.high_seconds + phase.high_seconds_per_gib * size for phase in phases)
    return max(MIN_BEFORE_START_SECONDS, math.ceil(slowest / 60) * 60)


def load_seconds() -> int:
    """Return how long the engine may take to load a model, at its slowest."""
    return round(sum(phase.high_seconds for phase in catalog.cold_start_phases() if phase.phase == "engine"))


def plan_rollout(stack: StackSpec, name: str, accelerators_per_node: int, reachable_nodes: int) -> Rollout:
    """Start the new worker first when the pool has room for one more than all endpoints may have; else stop one first.

    A new worker without room would wait for a node that the pool may not have, and the rollout with it.
    """
    pool = stack.endpoints[name].pools
    here = {key: spec for key, spec in stack.endpoints.items() if spec.pools == pool}
    workers = [(spec.workers.max + (key == name), spec.accelerators_per_worker) for key, spec in here.items()]
    if nodes_in_any_order(workers, accelerators_per_node) <= reachable_nodes:
        return Rollout(max_surge=1, max_unavailable=0)
    return Rollout(max_surge=0, max_unavailable=1)


def _arguments(spec: EndpointSpec, model: Model, weights: WeightsPlan, timings: Timings) -> tuple[str, ...]:
    return engine_arguments(
        weights.path,
        served_name=model.name,
        port=PORT,
        accelerators=spec.accelerators_per_worker,
        context_tokens=spec.context_tokens or model.context_tokens,
        shutdown_seconds=timings.shutdown_seconds,
        more=spec.arguments,
    )


def _plan_authentication(spec: AuthenticationSpec) -> ApiKeys | Oidc:
    if spec.api_keys is not None:
        return ApiKeys(spec.api_keys.secret)
    if spec.oidc is None:  # refused by the model
        raise ValueError("an endpoint without authentication")
    return Oidc(spec.oidc.issuer, spec.oidc.audience, spec.oidc.keys_url)


def _catalog_image(name: str) -> str:
    image = catalog.image(name)
    return f"{image.repository}:{image.tag}"


def _part(whole: float, share: float) -> int:
    return max(1, int(whole * share * NODE_SHARE_PERCENT / 100))
