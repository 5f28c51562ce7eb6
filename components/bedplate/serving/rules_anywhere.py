"""What must hold for an endpoint wherever it runs: one function per rule, each with a message for people."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bedplate import catalog
from bedplate.errors import Problem, nearest
from bedplate.services.gateway import DRAIN_SECONDS
from bedplate.serving.engine_arguments import (
    RUNNING,
    flag_name,
    flag_value,
    limits_running,
    positive_number,
    refused_flag,
)
from bedplate.serving.gateway import outlasts_gateway
from bedplate.serving.plan import (
    before_start_seconds,
    load_seconds,
    plan_schedule,
    plan_timings,
)
from bedplate.serving.schedule import DAYS, cron_days, known_timezone
from bedplate.serving.timings import timing_problems
from bedplate.serving.windows import window_problems

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bedplate.serving.spec import EndpointSpec
    from bedplate.stack import StackSpec


def problems_anywhere(name: str, endpoint: EndpointSpec, stack: StackSpec) -> Iterator[Problem]:
    """Yield what is wrong with an endpoint wherever it runs."""
    at = ("endpoints", name)
    if endpoint.model is not None and catalog.model(endpoint.model) is None:
        yield Problem(
            f"{endpoint.model!r} is no model that the catalog knows",
            (*at, "model"),
            allowed=tuple(catalog.models()),
            nearest=nearest(endpoint.model, catalog.models()),
            hint="For another one, give image and arguments.",
        )
    yield from _token(name, endpoint)
    yield from _image(name, endpoint)
    yield from _arguments(name, endpoint)
    yield from _schedule(name, endpoint)
    yield from _timings(name, endpoint)
    if stack.environment == "prod" and endpoint.workers.min < 2:
        yield Problem(
            f"{endpoint.workers.min} worker in prod: whenever it is moved or restarted, nobody answers until another "
            "one has loaded the model",
            (*at, "workers", "min"),
            hint="Set workers.min to 2 or more.",
        )


def _token(name: str, endpoint: EndpointSpec) -> Iterator[Problem]:
    model = catalog.model(endpoint.model) if endpoint.model else None
    if model is None:
        return
    if model.gated and endpoint.token is None:
        yield Problem(
            f"{model.name} is gated: its files are only given to accounts that accepted its licence",
            ("endpoints", name, "model"),
            hint="Store a token with `pulumi config set --secret bedplate:hf_token` and name it: token: "
            "{secret: hf_token}.",
        )
    if not model.gated and endpoint.token is not None:
        yield Problem(
            f"{model.name} is open to everybody, so no token is needed, and one that is not there cannot leak",
            ("endpoints", name, "token"),
            hint="Leave token out.",
        )


def _image(name: str, endpoint: EndpointSpec) -> Iterator[Problem]:
    for key, image in (("image", endpoint.image), ("sidecar_image", endpoint.sidecar_image)):
        if image is None or "@sha256:" in image:
            continue
        tag = image.rpartition("/")[2].partition(":")[2]
        if tag in ("", "latest"):
            yield Problem(
                f"{image!r} may be another image tomorrow, and two workers may run two different ones",
                ("endpoints", name, key),
                hint="Give a tag that does not move, or a digest.",
            )


def _arguments(name: str, endpoint: EndpointSpec) -> Iterator[Problem]:
    if endpoint.model is None:
        return
    for index, argument in enumerate(endpoint.arguments):
        value = flag_value(endpoint.arguments, index)
        refused = refused_flag(argument, value)
        if refused is None:
            if limits_running(argument) and positive_number(value) is None:
                yield Problem(
                    f"{flag_name(argument)} takes a positive number of requests, and {value!r} is none",
                    ("endpoints", name, "arguments", index),
                    hint=f"Write it as {RUNNING}=64, or leave it out.",
                )
            continue
        (flag, instead), given = refused, flag_name(argument)
        meant = "" if flag == given else f" ({flag})"
        yield Problem(
            f"{given}{meant} contradicts what the plan sets or counts with",
            ("endpoints", name, "arguments", index),
            hint=f"Use {instead}.",
        )


def _schedule(name: str, endpoint: EndpointSpec) -> Iterator[Problem]:
    unknown = list(_unknown_words(name, endpoint))
    yield from unknown
    if unknown:  # the other rules are about days and zones that exist
        return
    for found in window_problems(plan_schedule(endpoint)):
        below = [found.field] if found.field else []
        yield Problem(found.message, ("endpoints", name, "scaling", "schedule", found.index, *below), hint=found.hint)
    yield from _floors_between_bounds(name, endpoint)


def _unknown_words(name: str, endpoint: EndpointSpec) -> Iterator[Problem]:
    for index, window in enumerate(endpoint.scaling.schedule):
        at = ("endpoints", name, "scaling", "schedule", index)
        try:
            cron_days(window.days)
        except ValueError:
            yield Problem(f"{window.days!r} names no days", (*at, "days"), allowed=("daily", *DAYS))
        if not known_timezone(window.timezone):
            yield Problem(
                f"{window.timezone!r} is no time zone",
                (*at, "timezone"),
                hint="Name one of the IANA database, such as Europe/Paris; abbreviations such as CEST do not follow "
                "daylight saving.",
            )


def _floors_between_bounds(name: str, endpoint: EndpointSpec) -> Iterator[Problem]:
    workers = endpoint.workers
    for index, window in enumerate(endpoint.scaling.schedule):
        at = ("endpoints", name, "scaling", "schedule", index)
        if window.workers > workers.max:
            yield Problem(f"{window.workers} workers are above workers.max {workers.max}", (*at, "workers"))
        elif window.workers <= workers.min:
            yield Problem(
                f"{window.workers} workers run anyway: workers.min is {workers.min}, and a schedule only raises it",
                (*at, "workers"),
            )


def _timings(name: str, endpoint: EndpointSpec) -> Iterator[Problem]:
    model = catalog.model(endpoint.model) if endpoint.model else None
    timings = plan_timings(endpoint.timings, before_start_seconds(model))
    for problem in timing_problems(timings, load_seconds=load_seconds()):
        yield Problem(f"{problem.message}; this loses {problem.loses}", ("endpoints", name, "timings"))
    if outlasts_gateway(timings):
        yield Problem(
            f"requests may take {timings.shutdown_seconds} s, and the gateway's own proxies wait {DRAIN_SECONDS} s "
            "for them when they are replaced",
            ("endpoints", name, "timings", "drain_seconds"),
            hint=f"Set drain_seconds to at most {DRAIN_SECONDS}.",
        )
