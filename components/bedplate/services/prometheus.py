"""Prometheus: reads the engines' queues for KEDA, and notices when it no longer can.

The chart is kube-prometheus-stack, most of it switched off. The smaller `prometheus` chart would do for a query, but
it brings no PodMonitor and no PrometheusRule: then every endpoint of every team would have to be written into the
values of one release that the platform stack owns. Names of values were read in prometheus-community/helm-charts,
kube-prometheus-stack 88.5.3.
"""

from __future__ import annotations

from typing import Any

from bedplate import catalog
from bedplate.fabrics.alert import JOB_PREFIX, acceptance_alert
from bedplate.node_pools.labels import ROLE_LABEL
from bedplate.services.helm import HelmRelease, helm_release

_CHART = "kube-prometheus-stack"
_PORT = 9090
_FULL_NAME = "monitoring"

# What the chart would install beside the operator, Prometheus and kube-state-metrics.
_LEFT_OUT = (
    # A managed control plane shows none of these, and each would be an alert that never ends.
    "kubeControllerManager",
    "kubeEtcd",
    "kubeScheduler",
    "kubeProxy",
    # Dashboards, alerts to people, and what nodes and the API server tell: no endpoint is scaled by them.
    "alertmanager",
    "coreDns",
    "grafana",
    "kubeApiServer",
    "kubelet",
    "nodeExporter",
)


def prometheus_namespace() -> str:
    """Return the namespace from which engines are read: their network policy must let it in."""
    return catalog.chart(_CHART).namespace


def prometheus_address() -> str:
    """Return the address of Prometheus inside the cluster."""
    return f"http://{_FULL_NAME}-prometheus.{prometheus_namespace()}.svc:{_PORT}"


def prometheus_release() -> HelmRelease:
    """Return the Helm release of Prometheus. It is the same on every cluster."""
    return helm_release(
        _CHART,
        {
            "fullnameOverride": _FULL_NAME,
            **{part: {"enabled": False} for part in _LEFT_OUT},
            # They are rules for what is left out.
            "defaultRules": {"create": False},
            "prometheusOperator": _operator(),
            "prometheus": _prometheus(),
            "kube-state-metrics": _kube_state_metrics(),
            "additionalPrometheusRulesMap": {JOB_PREFIX: acceptance_alert()},
        },
    )


def _operator() -> dict[str, Any]:
    return {
        "nodeSelector": _on_general(),
        "resources": {"requests": {"cpu": "100m", "memory": "128Mi"}, "limits": {"memory": "512Mi"}},
        # They would need two jobs, a certificate and a way from the API server to a pod, to refuse early what the
        # operator refuses anyway. The certificate is also what its own TLS uses.
        "admissionWebhooks": {"enabled": False},
        "tls": {"enabled": False},
        # Belongs to the kubelet's metrics: left behind, the operator would keep writing endpoints for nobody.
        "kubeletService": {"enabled": False},
        "kubeletEndpointsEnabled": False,
    }


def _prometheus() -> dict[str, Any]:
    return {
        "podDisruptionBudget": {"enabled": True, "minAvailable": 1},
        "prometheusSpec": {
            # Each reads all endpoints; KEDA asks whichever answers.
            "replicas": 2,
            "nodeSelector": _on_general(),
            "podAntiAffinity": "soft",
            "resources": {"requests": {"cpu": "250m", "memory": "1Gi"}, "limits": {"memory": "2Gi"}},
            # A queue matters for minutes, its history for a look back at a bad night. No volume: it would tie a
            # replica to one zone, and a fresh one knows every queue again after one scrape.
            "retention": "24h",
            "retentionSize": "4GiB",
            "storageSpec": {"emptyDir": {"sizeLimit": "6Gi"}},
            # By default only monitors and rules with a label of this very release are read: those of teams would be
            # ignored without a word.
            "podMonitorSelectorNilUsesHelmValues": False,
            "serviceMonitorSelectorNilUsesHelmValues": False,
            "ruleSelectorNilUsesHelmValues": False,
            "probeSelectorNilUsesHelmValues": False,
            "scrapeConfigSelectorNilUsesHelmValues": False,
        },
    }


def _kube_state_metrics() -> dict[str, Any]:
    return {
        "nodeSelector": _on_general(),
        # It tells an endpoint without workers from one whose workers cannot be read, and how tests of fabrics ended.
        # Nothing else is asked of it.
        "collectors": ["deployments", "horizontalpodautoscalers", "jobs"],
        "resources": {"requests": {"cpu": "10m", "memory": "64Mi"}, "limits": {"memory": "256Mi"}},
    }


def _on_general() -> dict[str, str]:
    return {"kubernetes.io/os": "linux", ROLE_LABEL: "general"}
