"""KEDA: workers follow an endpoint's queue, and a schedule's floors. Its HTTP add-on holds requests for no worker.

Names of values were read in kedacore/charts: keda 2.20.2, http-add-on 0.15.0.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bedplate.node_pools.labels import ROLE_LABEL
from bedplate.services.gateway import DRAIN_SECONDS
from bedplate.services.helm import HelmRelease, helm_release

if TYPE_CHECKING:
    from collections.abc import Mapping

_PARTS = ("operator", "metricsServer", "webhooks")
_ADD_ON = "keda-add-ons-http"
_BUDGETS = ("operator", "metricServer", "webhooks")  # the chart spells one of them differently here


def keda_release() -> HelmRelease:
    """Return KEDA's Helm release. It is the same on every cluster."""
    return helm_release(
        "keda",
        {
            "nodeSelector": {"kubernetes.io/os": "linux", ROLE_LABEL: "general"},
            # The second of each takes over when a node goes. Without the metrics server no autoscaler on the cluster
            # knows a queue.
            **{part: {"replicaCount": 2} for part in _PARTS},
            "podDisruptionBudget": {budget: {"maxUnavailable": 1} for budget in _BUDGETS},
            "topologySpreadConstraints": {
                "operator": _spread({"app": "keda-operator"}),
                "metricsServer": _spread({"app": "keda-operator-metrics-apiserver"}),
                "webhooks": _spread({"app": "keda-admission-webhooks"}),
            },
            # The default, Always, makes a restart depend on a registry.
            "image": {"pullPolicy": "IfNotPresent"},
            # Deployments and StatefulSets only: by default KEDA may change every kind of every group.
            "rbac": {"enabledCustomScaledRefKinds": False},
            # Our triggers ask Prometheus inside the cluster and a clock, so KEDA needs no team's secrets.
            "permissions": {"operator": {"restrict": {"secret": True}}},
        },
    )


def http_add_on_release() -> HelmRelease:
    """Return the Helm release of KEDA's HTTP add-on. It is the same on every cluster that scales to zero."""
    return helm_release(
        _ADD_ON,
        {
            "operator": {**_add_on_part("operator"), "replicas": 2},
            "scaler": {**_add_on_part("scaler"), "replicas": 2},
            "interceptor": {**_add_on_part("interceptor"), **_interceptor()},
            # The chart's own defaults lack the first two, and a namespace with restricted pods refuses them then.
            "podSecurityContext": {
                "runAsNonRoot": True,
                "seccompProfile": {"type": "RuntimeDefault"},
                "runAsUser": 1000,
                "runAsGroup": 1000,
            },
        },
        # The chart brings a ScaledObject for its own interceptors.
        after=("keda",),
    )


def _interceptor() -> dict[str, Any]:
    """Return how requests are held and carried: no earlier end than the gateway in front of it makes."""
    shutdown_seconds = 15  # for the gateway to notice, as its own proxies give a load balancer
    return {
        "replicas": {"min": 2, "max": 10},
        # Default five minutes: an answer that is not streamed has no header until it is complete.
        "responseHeaderTimeout": f"{DRAIN_SECONDS}s",
        # Default 30 s: what is still running then is lost in every rollout of the add-on.
        "shutdownDelay": f"{shutdown_seconds}s",
        "drainTimeout": f"{DRAIN_SECONDS}s",
        "terminationGracePeriodSeconds": DRAIN_SECONDS + shutdown_seconds,
        # Every request of every route is in its memory: the default of 64 MiB is for a few of them.
        "resources": {"requests": {"cpu": "250m", "memory": "128Mi"}, "limits": {"cpu": "2", "memory": "512Mi"}},
    }


def _add_on_part(component: str) -> dict[str, Any]:
    labels = {"app.kubernetes.io/component": component, "app.kubernetes.io/part-of": _ADD_ON}
    return {
        # The chart writes the operating system itself, and the same key twice would not be YAML.
        "nodeSelector": {ROLE_LABEL: "general"},
        "topologySpreadConstraints": _spread(labels),
        # The default, Always, makes a restart depend on a registry.
        "pullPolicy": "IfNotPresent",
    }


def _spread(labels: Mapping[str, str]) -> list[dict[str, Any]]:
    return [
        {
            "maxSkew": 1,
            "topologyKey": "kubernetes.io/hostname",
            # A rule that must hold would make the autoscaler buy a node for a second replica.
            "whenUnsatisfiable": "ScheduleAnyway",
            "labelSelector": {"matchLabels": dict(labels)},
        }
    ]
