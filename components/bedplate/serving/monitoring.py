"""How the workers of an endpoint are read, and who is told when they no longer can be."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bedplate.serving.queue import busy_query, queue_query, ready_series, up_series

if TYPE_CHECKING:
    from bedplate.serving.plan import EndpointPlan

SCRAPE_SECONDS = 15

_API_VERSION = "monitoring.coreos.com/v1"


def monitoring_manifests(plan: EndpointPlan) -> list[dict[str, Any]]:
    """Return the PodMonitor of an endpoint's workers and the rules about what it finds."""
    return [pod_monitor(plan), alert_rules(plan)]


def pod_monitor(plan: EndpointPlan) -> dict[str, Any]:
    """Return what makes Prometheus read every worker. Pods, not the Service: it leaves out those not yet ready."""
    return {
        "apiVersion": _API_VERSION,
        "kind": "PodMonitor",
        "metadata": _metadata(plan),
        "spec": {
            "selector": {"matchLabels": plan.pod_labels},
            "podMetricsEndpoints": [
                {"portNumber": plan.port, "path": "/metrics", "interval": f"{SCRAPE_SECONDS}s", "scrapeTimeout": "10s"}
            ],
        },
    }


def alert_rules(plan: EndpointPlan) -> dict[str, Any]:
    """Return the alerts of an endpoint."""
    return {
        "apiVersion": _API_VERSION,
        "kind": "PrometheusRule",
        "metadata": _metadata(plan),
        "spec": {"groups": [{"name": plan.full_name, "rules": [_queue_unknown(plan), _worker_unread(plan)]}]},
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
