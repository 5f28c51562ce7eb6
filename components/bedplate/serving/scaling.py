"""How many workers an endpoint has: its queue and its busy workers decide between the bounds, and a schedule raises the
lower one. Each trigger is a wish for a number of workers, and the largest wish wins.

Fields and their meaning were read in kedacore/keda at tag v2.20.2 (prometheus and cron scalers, fallback).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bedplate.services.prometheus import prometheus_address
from bedplate.serving.queue import busy_query, queue_query, running_query

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bedplate.serving.plan import EndpointPlan, ScheduleWindow

POLL_SECONDS = 15
"""How often KEDA looks. As often as the engines are read: more would see the same numbers again."""

FULL_PERCENT = 80
"""How full a worker should be. The rest is for requests that grow longer and for those that are not spread evenly; from
here on the Gateway API inference extension holds a server to be saturated (kubernetes-sigs/
gateway-api-inference-extension, pkg/epp/saturationdetector: DefaultKVCacheUtilThreshold 0.8)."""

_FAILED_POLLS = 3
_BURST_SECONDS = 30
_KEEP_SECONDS = 600


def scaled_object(plan: EndpointPlan) -> dict[str, Any]:
    """Return the ScaledObject of an endpoint. The Deployment must not set `replicas`: KEDA alone writes them.

    There is no cooldownPeriod and no idleReplicaCount: both are about the step to zero workers, which is never taken.
    """
    return {
        "apiVersion": "keda.sh/v1alpha1",
        "kind": "ScaledObject",
        "metadata": {"name": plan.full_name, "namespace": plan.namespace},
        "spec": {
            "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": plan.full_name},
            "minReplicaCount": plan.min_workers,
            "maxReplicaCount": plan.max_workers,
            "pollingInterval": POLL_SECONDS,
            # While the load cannot be read, nobody is taken away.
            "fallback": {
                "failureThreshold": _FAILED_POLLS,
                "replicas": plan.min_workers,
                "behavior": "currentReplicasIfHigher",
            },
            "advanced": {"horizontalPodAutoscalerConfig": {"behavior": _behavior()}},
            "triggers": [
                *_load_triggers(plan),
                *(_floor_trigger(number, window) for number, window in enumerate(plan.schedule, start=1)),
            ],
        },
    }


def _behavior() -> dict[str, Any]:
    return {
        # A worker takes minutes to start: half of one is well spent on not starting it for a burst that is over.
        "scaleUp": {
            "stabilizationWindowSeconds": _BURST_SECONDS,
            "selectPolicy": "Max",
            "policies": [
                {"type": "Percent", "value": 100, "periodSeconds": 60},
                {"type": "Pods", "value": 2, "periodSeconds": 60},
            ],
        },
        # A worker that is given back costs a cold start to have again: so one at a time, and only when for ten minutes
        # neither the queue nor the busy workers needed it.
        "scaleDown": {
            "stabilizationWindowSeconds": _KEEP_SECONDS,
            "policies": [{"type": "Pods", "value": 1, "periodSeconds": 300}],
        },
    }


def _load_triggers(plan: EndpointPlan) -> Iterator[dict[str, Any]]:
    yield _prometheus_trigger("queue", queue_query(plan), f"{plan.queue_depth}")
    # Nothing waits where there are just enough workers. The queue alone would take busy ones away until something does,
    # start them again, and so on under a load that never changes. What is full is the cache of keys and values: that
    # holds for every model and machine, and nobody has to measure how many requests a worker can take.
    yield _prometheus_trigger("busy", busy_query(plan), f"{FULL_PERCENT}")
    if plan.running_limit is not None:  # then requests wait although there is room in the cache
        yield _prometheus_trigger("running", running_query(plan), f"{plan.running_limit * FULL_PERCENT / 100:g}")


def _prometheus_trigger(name: str, query: str, threshold: str) -> dict[str, Any]:
    return {
        "type": "prometheus",
        "name": name,
        # The number of workers is the answer divided by the threshold. The other type, Value, would compare the whole
        # answer with it, and has no meaning for the fallback while no worker is ready.
        "metricType": "AverageValue",
        "metadata": {
            "serverAddress": prometheus_address(),
            "query": query,
            "threshold": threshold,
            # The default reads an empty answer as 0: then a query that fits nothing looks like an idle endpoint.
            "ignoreNullValues": "false",
        },
    }


def _floor_trigger(number: int, window: ScheduleWindow) -> dict[str, Any]:
    """A cron trigger is one more wish for a number of workers, and the largest wish wins: so it is a floor."""
    return {
        "type": "cron",
        "name": f"floor-{number}",
        "metricType": "AverageValue",
        "metadata": {
            "timezone": window.timezone,
            "start": _cron(window.start, window.days),
            "end": _cron(window.end, window.days),
            "desiredReplicas": str(window.workers),
        },
    }


def _cron(time: str, days: tuple[int, ...]) -> str:
    """Return the moments when the clock shows a time on some days, in cron's words.

    >>> _cron("08:05", (1, 2, 3, 4, 5))
    '5 8 * * 1,2,3,4,5'
    """
    hour, _, minute = time.partition(":")
    return f"{int(minute)} {int(hour)} * * {','.join(map(str, days))}"
