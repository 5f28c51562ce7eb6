"""KEDA: workers follow an endpoint's queue, and a schedule's floors.

Names of values were read in kedacore/charts, keda 2.20.2. Its HTTP add-on is left out: what it adds is holding
requests while an endpoint has no worker at all, and every endpoint here keeps at least one.
"""

from __future__ import annotations

from typing import Any

from bedplate.node_pools.labels import ROLE_LABEL
from bedplate.services.helm import HelmRelease, helm_release

_PARTS = ("operator", "metricsServer", "webhooks")
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
                "operator": _spread("keda-operator"),
                "metricsServer": _spread("keda-operator-metrics-apiserver"),
                "webhooks": _spread("keda-admission-webhooks"),
            },
            # The default, Always, makes a restart depend on a registry.
            "image": {"pullPolicy": "IfNotPresent"},
            # Deployments and StatefulSets only: by default KEDA may change every kind of every group.
            "rbac": {"enabledCustomScaledRefKinds": False},
            # Our triggers ask Prometheus inside the cluster and a clock, so KEDA needs no team's secrets.
            "permissions": {"operator": {"restrict": {"secret": True}}},
        },
    )


def _spread(name: str) -> list[dict[str, Any]]:
    return [
        {
            "maxSkew": 1,
            "topologyKey": "kubernetes.io/hostname",
            # A rule that must hold would make the autoscaler buy a node for a second replica.
            "whenUnsatisfiable": "ScheduleAnyway",
            "labelSelector": {"matchLabels": {"app": name}},
        }
    ]
