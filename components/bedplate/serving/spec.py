"""What a team may write about serving endpoints."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, StringConstraints, model_validator

from bedplate.stack_file.model import Name, StrictModel, Wording, wrong

Time = Annotated[
    str,
    StringConstraints(pattern=r"^([01]\d|2[0-3]):[0-5]\d$"),
    Wording('a time of day in quotes, such as "08:00"'),
]
Hostname = Annotated[
    str,
    StringConstraints(pattern=r"^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63}$", max_length=253),
    Wording("a host name such as chat.example.com, in lower case"),
]
HttpsUrl = Annotated[
    str,
    StringConstraints(pattern=r"^https://[a-z0-9.-]+(:\d+)?(/[\w./~-]*)?$", max_length=2048),
    Wording("an address that begins with https://"),
]
ConfigKey = Annotated[
    str,
    StringConstraints(pattern=r"^[a-z][a-z0-9_]*$", max_length=60),
    Wording("the name of a configuration key: lower-case letters, digits and underscores"),
]
Image = Annotated[
    str,
    StringConstraints(pattern=r"^[a-z0-9][a-z0-9./_-]*(:\d+/[a-z0-9./_-]+)?(:[\w][\w.-]*)?(@sha256:[0-9a-f]{64})?$"),
    Wording("a container image with a tag or digest, such as registry.example.com/engine:1.2"),
]
Days = Annotated[
    str,
    StringConstraints(pattern=r"^[a-z]{3,5}([-,][a-z]{3})*$"),
    Wording("`daily`, a day such as `mon`, a range such as `mon-fri`, or a list such as `sat,sun`"),
]
Workers = Annotated[int, Field(ge=1, le=1000)]


class SecretReference(StrictModel):
    """A secret, by the configuration key that holds it."""

    secret: ConfigKey = Field(
        description="Stored with `pulumi config set --secret bedplate:<key>`; never written into this part of the file."
    )


class WorkersSpec(StrictModel):
    """Between which bounds the queue decides the number of workers."""

    min: Workers = Field(description="Workers that always run; at least one.")
    max: Workers = Field(description="Workers that may run at once; the pool must have room for them.")

    @model_validator(mode="after")
    def _ordered(self) -> WorkersSpec:
        if self.min > self.max:
            raise wrong(f"min {self.min} is above max {self.max}", "min")
        return self


class ScheduleSpec(StrictModel):
    """A time of the week with more workers at least, whatever the queue says."""

    days: Days = Field(description="`daily`, a day such as `mon`, a range such as `mon-fri`, or a list: `sat,sun`.")
    from_: Time = Field(alias="from", description='When it begins, for example `"08:00"`.')
    to: Time = Field(description="When it ends, later on the same day.")
    timezone: str = Field(description="An IANA time zone, for example `Europe/Paris`; daylight saving follows it.")
    workers: Workers = Field(description="Workers that run at least.")

    @model_validator(mode="after")
    def _within_a_day(self) -> ScheduleSpec:
        if self.to <= self.from_:
            raise wrong(f"to {self.to} is not after from {self.from_}; write two windows to pass midnight", "to")
        return self


class ScalingSpec(StrictModel):
    """When there are more workers than the minimum."""

    queue_depth: Annotated[int, Field(ge=1, le=10_000)] = Field(
        default=4, description="Waiting requests per worker above which another worker starts."
    )
    schedule: tuple[ScheduleSpec, ...] = Field(default=(), description="Floors by the time of the week.")


class OidcSpec(StrictModel):
    """Callers show a token of an identity provider."""

    issuer: HttpsUrl = Field(description="Who issues the tokens, exactly as in their `iss`.")
    audience: str = Field(min_length=1, description="For whom they are issued, as in their `aud`.")
    keys_url: HttpsUrl = Field(
        description="Where its signing keys are: `jwks_uri` in its `.well-known/openid-configuration`."
    )


class AuthenticationSpec(StrictModel):
    """How callers prove who they are: exactly one way."""

    api_keys: SecretReference | None = Field(
        default=None,
        description="The secret that holds the keys, a line each: `caller=key`. A key has 16 characters or more.",
    )
    oidc: OidcSpec | None = Field(default=None, description="Tokens of an identity provider.")

    @model_validator(mode="after")
    def _one_way(self) -> AuthenticationSpec:
        if (self.api_keys is None) == (self.oidc is None):
            raise wrong("name either api_keys or oidc; no endpoint is open to everybody")
        return self


class TimingsSpec(StrictModel):
    """How long workers may take to start and to stop. What is left out follows from the rest."""

    pre_stop_seconds: Annotated[int, Field(ge=0, le=300)] = Field(
        default=15, description="How long a worker that is told to stop goes on serving, until nobody sends to it."
    )
    drain_seconds: Annotated[int, Field(ge=0, le=3600)] = Field(
        default=300,
        description="How long it may then take to finish the requests that it has begun, and so the longest request "
        "that the gateway carries: at most 600.",
    )
    termination_grace_seconds: Annotated[int, Field(ge=1, le=7200)] | None = Field(
        default=None, description="When it is killed. Default: 15 seconds after both of these are over."
    )
    startup_minutes: Annotated[int, Field(ge=1, le=240)] = Field(
        default=30, description="How long the engine may take to load the model before it is restarted."
    )
    progress_deadline_minutes: Annotated[int, Field(ge=1, le=600)] | None = Field(
        default=None,
        description="How long a rollout may stand still before it counts as failed. Default: 5 minutes more than a "
        "worker may take from no node at all.",
    )


class EndpointSpec(StrictModel):
    """A model behind an address."""

    model: str | None = Field(
        default=None, description="A model of the catalog, for example `qwen3-32b`; or `image` for an engine of yours."
    )
    image: Image | None = Field(
        default=None,
        description="An engine of your own that speaks vLLM's API and metrics on port 8000, with its `arguments`, and "
        "serves under the endpoint's name. Beside `model`, another build of vLLM.",
    )
    arguments: tuple[str, ...] = Field(
        default=(), description="Arguments of the engine, beside those that Bedplate sets for a model."
    )
    licence: Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9.-]*$", max_length=40)] | None = Field(
        default=None,
        description="What the weights in an image of your own may be used under, by the identifier of their model "
        "card, for example `apache-2.0`. The catalog knows those of its models.",
    )
    pools: Annotated[tuple[Name, ...], Field(min_length=1, max_length=1)] = Field(
        description="The inference pool whose nodes the workers run on: one."
    )
    accelerators_per_worker: Annotated[int, Field(ge=1, le=16)] = Field(
        description="Accelerators of one worker, on one node: the tensor parallel size."
    )
    workers: WorkersSpec
    scaling: ScalingSpec = Field(default=ScalingSpec(), description="When there are more workers than the minimum.")
    authentication: AuthenticationSpec
    hostname: Hostname = Field(description="The address at which the endpoint answers.")
    token: SecretReference | None = Field(
        default=None, description="The token for a gated model. Only the job that copies the weights gets it."
    )
    context_tokens: Annotated[int, Field(ge=256)] | None = Field(
        default=None, description="Longest prompt and answer together, in tokens. Default: what the model was made for."
    )
    shared_memory_gib: Annotated[int, Field(ge=1, le=1024)] | None = Field(
        default=None,
        description="Shared memory of a worker, through which its accelerators' processes talk. Default: 1 for one "
        "accelerator, else 2 for each and at least 8.",
    )
    timings: TimingsSpec = Field(default=TimingsSpec(), description="How long workers may take to start and to stop.")
    tokens_per_second: Annotated[int, Field(ge=1)] | None = Field(
        default=None,
        description="Output tokens a second of one worker under full load, as you measured it. Only the cost per "
        "million tokens depends on it.",
    )
    sidecar_image: Image | None = Field(
        default=None,
        description="The image built from sidecar/. Default: `bedplate-sidecar` in the account's own registry, in the "
        "cluster's region.",
    )

    @model_validator(mode="after")
    def _something_to_run(self) -> EndpointSpec:
        if self.model is None and self.image is None:
            raise wrong("name a model of the catalog, or an image with its arguments")
        if self.model is None and self.token is not None:
            raise wrong("a token is for a gated model of the catalog; an image brings its own weights", "token")
        if self.model is not None and self.licence is not None:
            raise wrong("the catalog knows the licence of its models; leave it out", "licence")
        if self.model is None and self.context_tokens is not None:
            raise wrong("with an image of your own, give the context length in its arguments", "context_tokens")
        return self
