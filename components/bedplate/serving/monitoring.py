"""How the workers of an endpoint are read, and who is told when they no longer can be."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bedplate.serving.pods import WATCHER_PORT
from bedplate.serving.queue import (
    busy_query,
    queue_query,
    ready_series,
    up_series,
    watcher_job_label,
    watcher_series,
)

if TYPE_CHECKING:
    from bedplate.serving.plan import EndpointPlan

SCRAPE_SECONDS = 15

_API_VERSION = "monitoring.coreos.com/v1"


def monitoring_manifests(plan: EndpointPlan) -> list[dict[str, Any]]:
    """Return the PodMonitor of an endpoint's workers and the rules about what it finds."""
    return [pod_monitor(plan), alert_rules(plan)]


def pod_monitor(plan: EndpointPlan) -> dict[str, Any]:
    """Return what makes Prometheus read every worker and its watcher. Pods, not the Service: it leaves out those not
    yet ready."""
    job = {"action": "replace", "targetLabel": "job", "replacement": watcher_job_label(plan)}
    return {
        "apiVersion": _API_VERSION,
        "kind": "PodMonitor",
        "metadata": _metadata(plan),
        "spec": {
            "selector": {"matchLabels": plan.pod_labels},
            "podMetricsEndpoints": [_read(plan.port), {**_read(WATCHER_PORT), "relabelings": [job]}],
        },
    }


def _read(port: int) -> dict[str, Any]:
    return {"portNumber": port, "path": "/metrics", "interval": f"{SCRAPE_SECONDS}s", "scrapeTimeout": "10s"}


def alert_rules(plan: EndpointPlan) -> dict[str, Any]:
    """Return the alerts of an endpoint."""
    rules = [_queue_unknown(plan), _worker_unread(plan), _engine_hung(plan), _worker_unwatched(plan)]
    return {
        "apiVersion": _API_VERSION,
        "kind": "PrometheusRule",
        "metadata": _metadata(plan),
        "spec": {"groups": [{"name": plan.full_name, "rules": rules}]},
    }


def _queue_unknown(plan: EndpointPlan) -> dict[str, Any]:
    """Asks what KEDA asks, so that it fires exactly when KEDA is blind."""
    return _alert(
        plan,
        "EndpointQueueUnknown",
        f"absent({queue_query(plan)}) or absent({busy_query(plan)})",
        wait="5m",
        severity="critical",
        summary=f"Nobody knows how many requests wait for {plan.name}, or how busy its workers are: none is taken "
        "away, and without a queue none is added.",
        description=f"Workers of {plan.full_name} are ready and none reports a queue, or how full its cache of keys "
        f"and values is, for model_name {plan.served_name}, or kube-state-metrics is silent too. Look at the targets "
        "of Prometheus, at the network policy that lets it in, and at the served model name in the engine's metrics.",
    )


def _worker_unread(plan: EndpointPlan) -> dict[str, Any]:
    """Some scrapes are enough for an answer, but one that is too small."""
    return _alert(
        plan,
        "EndpointWorkerNotScraped",
        f"sum({ready_series(plan)}) > (sum({up_series(plan)}) or vector(0))",
        wait="10m",
        severity="warning",
        summary=f"{plan.name} has ready workers that Prometheus cannot read: its queue looks shorter than it is.",
        description=f"More workers of {plan.full_name} are ready than answer at /metrics on port {plan.port}.",
    )


def _engine_hung(plan: EndpointPlan) -> dict[str, Any]:
    """A restart by itself is no alarm; that an engine needed it is worth knowing, and which."""
    return _alert(
        plan,
        "EndpointEngineHung",
        f"sum by (pod) (increase({watcher_series(plan, 'bedplate_sidecar_verdicts_total')}[10m])) > 0",
        wait="0m",
        severity="warning",
        summary=f"An engine of {plan.name} hung, and is restarted: what was in it is lost.",
        description=f"The watcher of a worker of {plan.full_name} gave a verdict within the last ten minutes. Its log "
        "says how long the engine was silent; the engine's log before that says in what.",
    )


def _worker_unwatched(plan: EndpointPlan) -> dict[str, Any]:
    """A watcher that died leaves its engine alone, and so does one that cannot write its verdict.

    Each engine that answers is held against the watcher of its own pod: in a sum, the watcher of a worker that loads
    would stand in for one that is missing. The sums tell of those whose engine does not answer either.
    """
    watchers = watcher_series(plan, "up")
    fewer = f"sum({ready_series(plan)}) > (sum({watchers}) or vector(0))"
    alone = f"count(({up_series(plan)} == 1) unless on (pod) ({watchers} == 1)) > 0"
    unwritten = watcher_series(plan, "bedplate_sidecar_verdicts_unwritten_total")
    return _alert(
        plan,
        "EndpointWorkerUnwatched",
        f"{alone} or {fewer} or sum(increase({unwritten}[5m])) > 0",
        wait="10m",
        severity="warning",
        summary=f"{plan.name} has workers that nobody would restart if they hung.",
        description=f"An engine of {plan.full_name} answers and the watcher in its pod does not, at /metrics on port "
        f"{WATCHER_PORT}; or more workers are ready than watchers answer; or a watcher cannot write its verdict. Look "
        "at the container `watcher` of its pods.",
    )


def _alert(
    plan: EndpointPlan, name: str, expression: str, *, wait: str, severity: str, summary: str, description: str
) -> dict[str, Any]:
    return {
        "alert": name,
        "expr": expression,
        "for": wait,
        "labels": {
            "severity": severity,
            "team": plan.team,
            "environment": plan.environment,
            "namespace": plan.namespace,
            "endpoint": plan.name,
        },
        "annotations": {"summary": summary, "description": description},
    }


def _metadata(plan: EndpointPlan) -> dict[str, Any]:
    return {"name": plan.full_name, "namespace": plan.namespace}
