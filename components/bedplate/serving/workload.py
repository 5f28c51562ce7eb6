"""The workers of an endpoint as Kubernetes manifests."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bedplate.node_pools.labels import POOL_LABEL, ROLE_LABEL
from bedplate.node_pools.taints import tolerations
from bedplate.services.gateway import gateway_namespace
from bedplate.services.prometheus import prometheus_namespace
from bedplate.serving.connections import Connections
from bedplate.serving.plan import VERDICT_FILE
from bedplate.serving.pods import (
    RESTRICTED_CONTAINER,
    USER_NAME,
    WATCHER_PORT,
    restricted_pod,
    storage_egress,
    variables,
)
from bedplate.serving.weights import CACHE_FOLDER, fetch_container, program_volume, service_account

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bedplate.serving.plan import EndpointPlan

VERDICT_FOLDER = VERDICT_FILE.rpartition("/")[0]
ENGINE_CACHE = "/cache"
ENGINE_CACHE_GIB = 20
"""Compiled kernels and graphs, and whatever else the engine writes: it is bounded, not measured."""

# Only a verdict of the last minute counts: one whose author has died ends with it (sidecar/README.md).
LIVENESS_COMMAND = ["/bin/sh", "-c", f"! find {VERDICT_FILE} -mmin -1 2>/dev/null | grep -q ."]


def workload_manifests(plan: EndpointPlan, sidecar_image: Any, bucket_address: Any) -> list[dict[str, Any]]:
    """Return everything that an endpoint's workers need, the Deployment last.

    `bucket_address` is where the weights are; it is not looked at for an image that brings its own.
    """
    return [
        service_account(plan.namespace, plan.full_name),
        _service(plan),
        _disruption_budget(plan),
        _network_policy(plan),
        deployment(plan, sidecar_image, bucket_address),
    ]


def deployment(plan: EndpointPlan, sidecar_image: Any, bucket_address: Any) -> dict[str, Any]:
    """Return the Deployment. It has no `replicas`: the queue decides, and two writers would fight."""
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {
            **_metadata(plan),
            # A worker may wait for a machine for longer than anybody watches `up`: its progress deadline tells.
            "annotations": {"pulumi.com/skipAwait": "true"},
        },
        "spec": {
            "selector": {"matchLabels": plan.pod_labels},
            "progressDeadlineSeconds": plan.timings.progress_deadline_seconds,
            "revisionHistoryLimit": 5,
            "strategy": {
                "type": "RollingUpdate",
                "rollingUpdate": {
                    "maxSurge": plan.rollout.max_surge,
                    "maxUnavailable": plan.rollout.max_unavailable,
                },
            },
            "template": {
                "metadata": {
                    "labels": plan.pod_labels,
                    # Loading a model again costs more than a node that could be saved for a while.
                    "annotations": {"cluster-autoscaler.kubernetes.io/safe-to-evict": "false"},
                },
                "spec": _pod(plan, sidecar_image, bucket_address),
            },
        },
    }


def _pod(plan: EndpointPlan, sidecar_image: Any, bucket_address: Any) -> dict[str, Any]:
    fetch = [fetch_container(plan, plan.weights, sidecar_image, bucket_address)] if plan.weights else []
    return {
        "serviceAccountName": plan.full_name,
        "automountServiceAccountToken": False,
        "enableServiceLinks": False,
        "priorityClassName": "bedplate-inference",
        "terminationGracePeriodSeconds": plan.timings.termination_grace_seconds,
        "nodeSelector": {POOL_LABEL: plan.pool, ROLE_LABEL: plan.role},
        **tolerations(plan.taints),
        "topologySpreadConstraints": [
            {
                "maxSkew": 1,
                "topologyKey": "kubernetes.io/hostname",
                "whenUnsatisfiable": "ScheduleAnyway",
                "labelSelector": {"matchLabels": plan.pod_labels},
            }
        ],
        "securityContext": restricted_pod(),
        # The watcher comes after the weights: it has nothing to watch while they arrive.
        "initContainers": [*fetch, _watcher(plan, sidecar_image)],
        "containers": [_engine(plan)],
        "volumes": _volumes(plan),
    }


def _engine(plan: EndpointPlan) -> dict[str, Any]:
    resources = {plan.resource_name: str(plan.accelerators), "memory": f"{plan.memory_gib}Gi"}
    room = {"ephemeral-storage": f"{_drive_gib(plan)}Gi"}
    return {
        "name": "engine",
        "image": plan.image,
        **({"command": ["vllm", "serve"]} if plan.model else {}),
        "args": list(plan.arguments),
        "env": variables(_engine_environment()),
        "ports": [{"name": "http", "containerPort": plan.port}],
        # No limit on processor time: a start is bound by it (arXiv 2606.07362), and the node is the workers' alone.
        "resources": {"requests": {"cpu": str(plan.cpus), **resources, **room}, "limits": {**resources, **room}},
        # The root file system stays writable: NVIDIA's hook writes into it (facts of the container toolkit's CDI).
        "securityContext": RESTRICTED_CONTAINER,
        "lifecycle": {"preStop": {"sleep": {"seconds": plan.timings.pre_stop_seconds}}},
        **_probes(plan),
        "terminationMessagePolicy": "FallbackToLogsOnError",
        "volumeMounts": [
            {"name": "shared-memory", "mountPath": "/dev/shm"},  # noqa: S108  the container's own
            {"name": "cache", "mountPath": ENGINE_CACHE},
            {"name": "verdict", "mountPath": VERDICT_FOLDER, "readOnly": True},
            *([{"name": "models", "mountPath": CACHE_FOLDER, "readOnly": True}] if plan.weights else []),
        ],
    }


def _engine_environment() -> dict[str, str]:
    return {
        # Whatever is not on the node already is not asked for: a start does not depend on the internet.
        "HF_HUB_OFFLINE": "1",
        "TRANSFORMERS_OFFLINE": "1",
        "VLLM_NO_USAGE_STATS": "1",
        "HOME": ENGINE_CACHE,
        "USER": USER_NAME,
        "LOGNAME": USER_NAME,
        "HF_HOME": f"{ENGINE_CACHE}/huggingface",
        "VLLM_CACHE_ROOT": f"{ENGINE_CACHE}/vllm",
        # The gateway has to be the first to close what nobody uses.
        "VLLM_HTTP_TIMEOUT_KEEP_ALIVE": str(Connections().engine_idle_seconds),
    }


def _probes(plan: EndpointPlan) -> dict[str, Any]:
    """/v1/models answers when the model is loaded, which /health does not wait for; only the watcher knows of hangs."""
    timings = plan.timings
    loaded = {"httpGet": {"path": "/v1/models", "port": "http"}}
    return {
        "startupProbe": {
            **loaded,
            "periodSeconds": timings.startup_period_seconds,
            "timeoutSeconds": timings.startup_timeout_seconds,
            "failureThreshold": timings.startup_failures,
        },
        "readinessProbe": {
            **loaded,
            "periodSeconds": timings.readiness_period_seconds,
            "timeoutSeconds": timings.readiness_timeout_seconds,
            "failureThreshold": timings.readiness_failures,
        },
        "livenessProbe": {
            "exec": {"command": LIVENESS_COMMAND},
            "periodSeconds": timings.liveness_period_seconds,
            "timeoutSeconds": timings.liveness_timeout_seconds,
            "failureThreshold": timings.liveness_failures,
            # The pod's own grace period is for requests that will be finished; a hung engine finishes none.
            "terminationGracePeriodSeconds": timings.liveness_grace_seconds,
        },
    }


def _watcher(plan: EndpointPlan, image: Any) -> dict[str, Any]:
    """Return the watcher as a native sidecar: there before the engine, and until after it."""
    size = {"cpu": "50m", "memory": "64Mi"}
    return {
        "name": "watcher",
        "image": image,
        "restartPolicy": "Always",
        "command": ["python3", "-m", "bedplate_sidecar"],
        "args": [
            *("--engine", f"http://127.0.0.1:{plan.port}"),
            *("--model", plan.served_name),
            *(f"--{name}={limit}" for name, limit in plan.timings.watch_limits.items()),
            *("--verdict-file", VERDICT_FILE),
            # The address of a pod is not known before it runs; the network policy says who reaches it.
            *("--listen", f"0.0.0.0:{WATCHER_PORT}"),
        ],
        "ports": [{"name": "watcher", "containerPort": WATCHER_PORT}],
        "resources": {"requests": size, "limits": size},
        "securityContext": {**RESTRICTED_CONTAINER, "readOnlyRootFilesystem": True},
        "volumeMounts": [{"name": "verdict", "mountPath": VERDICT_FOLDER}],
    }


def _volumes(plan: EndpointPlan) -> list[dict[str, Any]]:
    shared = {"medium": "Memory", "sizeLimit": f"{plan.shared_memory_gib}Gi"}
    volumes: list[dict[str, Any]] = [
        {"name": "shared-memory", "emptyDir": shared},
        {"name": "cache", "emptyDir": {"sizeLimit": f"{ENGINE_CACHE_GIB}Gi"}},
        {"name": "verdict", "emptyDir": {"medium": "Memory", "sizeLimit": "1Mi"}},
    ]
    if plan.weights:
        volumes += [
            {"name": "models", "emptyDir": {"sizeLimit": f"{plan.weights.cache_gib}Gi"}},
            program_volume(),
        ]
    return volumes


def _drive_gib(plan: EndpointPlan) -> int:
    """Return what a worker may put on its node's drives: asked for, so that the scheduler keeps it free."""
    return ENGINE_CACHE_GIB + (plan.weights.cache_gib if plan.weights else 0)


def _service(plan: EndpointPlan) -> dict[str, Any]:
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": _metadata(plan),
        "spec": {
            "selector": plan.pod_labels,
            "ports": [{"name": "http", "port": plan.port, "targetPort": "http", "protocol": "TCP"}],
        },
    }


def _disruption_budget(plan: EndpointPlan) -> dict[str, Any]:
    """A drain takes one worker at a time. `minAvailable` would block every drain of an endpoint with that many."""
    return {
        "apiVersion": "policy/v1",
        "kind": "PodDisruptionBudget",
        "metadata": _metadata(plan),
        "spec": {
            "maxUnavailable": 1,
            "selector": {"matchLabels": plan.pod_labels},
            # A worker that is not healthy serves nobody, and must not keep a node from being drained.
            "unhealthyPodEvictionPolicy": "AlwaysAllow",
        },
    }


def _network_policy(plan: EndpointPlan) -> dict[str, Any]:
    """Gateway and Prometheus come in, to the watcher Prometheus alone; a worker goes out for its weights alone. Names
    are the namespace's own policy."""
    prometheus = prometheus_namespace()
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": _metadata(plan),
        "spec": {
            "podSelector": {"matchLabels": plan.pod_labels},
            "policyTypes": ["Ingress", "Egress"],
            "ingress": [_way_in(plan.port, gateway_namespace(), prometheus), _way_in(WATCHER_PORT, prometheus)],
            "egress": storage_egress() if plan.weights else [],
        },
    }


def _way_in(port: int, *namespaces: str) -> dict[str, Any]:
    name = {"key": "kubernetes.io/metadata.name", "operator": "In", "values": sorted(namespaces)}
    selector = {"namespaceSelector": {"matchExpressions": [name]}}
    return {"from": [selector], "ports": [{"protocol": "TCP", "port": port}]}


def _metadata(plan: EndpointPlan) -> dict[str, Mapping[str, str] | str]:
    return {"name": plan.full_name, "namespace": plan.namespace, "labels": plan.pod_labels}
