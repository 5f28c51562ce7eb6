"""The Job that runs a fabric's acceptance test: its condition is the verdict, and kube-state-metrics counts it.

It runs in a namespace of its own: mpirun starts the other nodes over SSH, whose server wants to be root, and neither is
let into a team's namespace. Nothing but the pods of the test reach each other there.
"""

from __future__ import annotations

from importlib.resources import files
from typing import TYPE_CHECKING, Any

from bedplate.fabrics.alert import JOB_PREFIX
from bedplate.fabrics.manifests import fabric_manifests
from bedplate.fabrics.pods import patch_template
from bedplate.node_pools.labels import DOMAIN, accelerator_resources
from bedplate.node_pools.taints import tolerations
from bedplate.separation.namespaces import TeamNamespace, namespace_manifests

if TYPE_CHECKING:
    from bedplate.fabrics.acceptance import AcceptancePlan
    from bedplate.node_pools.plan import NodePoolPlan
    from bedplate.plan import StackPlan

TEST_LABEL = f"{DOMAIN}/fabric-acceptance"
DEADLINE_SECONDS = 2 * 60 * 60
"""Long enough for a cloud to find the nodes; a test itself takes minutes."""


def acceptance_manifests(pool: NodePoolPlan, stack: StackPlan) -> list[dict[str, Any]]:
    """Return the test of a pool with all that it needs, or nothing for a pool without one."""
    if pool.acceptance is None:
        return []
    namespace = test_namespace(pool, stack)
    return [
        *namespace_manifests(namespace),
        _between_the_pods(namespace.name),
        *fabric_manifests(pool, namespace.name),
        _script(namespace.name),
        _service(namespace.name),
        _job(pool, pool.acceptance, namespace.name),
    ]


def test_namespace(pool: NodePoolPlan, stack: StackPlan) -> TeamNamespace:
    """Return the namespace of a pool's test."""
    return TeamNamespace(
        cluster=pool.cluster,
        team=stack.team,
        environment=stack.environment,
        role=pool.role,
        protected=False,
        purpose=f"{pool.name}-test",
        pod_security="baseline" if pool.pods.pod_security == "restricted" else "privileged",
    )


def _between_the_pods(namespace: str) -> dict[str, Any]:
    peers = [{"podSelector": {"matchLabels": {TEST_LABEL: "true"}}}]
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": {"name": "between-the-pods", "namespace": namespace},
        "spec": {
            "podSelector": {"matchLabels": {TEST_LABEL: "true"}},
            "policyTypes": ["Ingress", "Egress"],
            "ingress": [{"from": peers}],
            "egress": [{"to": peers}],
        },
    }


def _script(namespace: str) -> dict[str, Any]:
    script = files("bedplate.fabrics").joinpath("data/acceptance.sh").read_text(encoding="utf-8")
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": JOB_PREFIX, "namespace": namespace},
        "data": {"acceptance.sh": script},
    }


def _service(namespace: str) -> dict[str, Any]:
    return {
        "apiVersion": "v1",
        "kind": "Service",
        # No address and no endpoint of its own: it gives each pod a name, also before the pod is ready.
        "metadata": {"name": JOB_PREFIX, "namespace": namespace, "annotations": {"pulumi.com/skipAwait": "true"}},
        "spec": {
            "clusterIP": "None",
            "publishNotReadyAddresses": True,
            "selector": {TEST_LABEL: "true"},
            "ports": [{"name": "ssh", "port": 2222}],
        },
    }


def _job(pool: NodePoolPlan, test: AcceptancePlan, namespace: str) -> dict[str, Any]:
    name = f"{JOB_PREFIX}-{pool.name}"
    return {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {
            "name": name,
            "namespace": namespace,
            "labels": {TEST_LABEL: "true"},
            # Its nodes may have to be found first: `up` does not wait for the verdict.
            "annotations": {"pulumi.com/skipAwait": "true", f"{DOMAIN}/floor": test.floor.reason},
        },
        "spec": {
            "completionMode": "Indexed",
            "completions": test.nodes,
            "parallelism": test.nodes,
            # A second try would hide the first verdict.
            "backoffLimit": 0,
            "activeDeadlineSeconds": DEADLINE_SECONDS,
            "template": patch_template(_template(pool, test, name), pool.pods, "test"),
        },
    }


def _template(pool: NodePoolPlan, test: AcceptancePlan, name: str) -> dict[str, Any]:
    group = pool.groups[0]
    whole = {resource: str(count) for resource, count in accelerator_resources(group.machine).items()}
    return {
        "metadata": {
            "labels": {TEST_LABEL: "true"},
            "annotations": {"cluster-autoscaler.kubernetes.io/safe-to-evict": "false"},
        },
        "spec": {
            "restartPolicy": "Never",
            "subdomain": JOB_PREFIX,
            "automountServiceAccountToken": False,
            "enableServiceLinks": False,
            "nodeSelector": pool.node_selector,
            **tolerations(pool.taints),
            "affinity": {
                "podAntiAffinity": {
                    "requiredDuringSchedulingIgnoredDuringExecution": [
                        {
                            "labelSelector": {"matchLabels": {TEST_LABEL: "true"}},
                            "topologyKey": "kubernetes.io/hostname",
                        }
                    ]
                }
            },
            "securityContext": {"seccompProfile": {"type": "RuntimeDefault"}},
            "containers": [
                {
                    "name": "test",
                    "image": test.image,
                    "command": ["/bin/bash", "/acceptance/acceptance.sh"],
                    "env": _settings(pool, test, name),
                    "terminationMessagePolicy": "FallbackToLogsOnError",
                    "securityContext": {"allowPrivilegeEscalation": False},
                    "resources": {"requests": whole, "limits": whole},
                    "volumeMounts": [{"name": "script", "mountPath": "/acceptance", "readOnly": True}],
                }
            ],
            "volumes": [{"name": "script", "configMap": {"name": JOB_PREFIX}}],
        },
    }


def _settings(pool: NodePoolPlan, test: AcceptancePlan, name: str) -> list[dict[str, Any]]:
    passed = [variable.name for variable in pool.pods.environment]
    if test.program.library_path and "LD_LIBRARY_PATH" not in passed:
        passed.append("LD_LIBRARY_PATH")
    values = {
        "JOB_NAME": name,
        "SERVICE": JOB_PREFIX,
        "NODES": test.nodes,
        "ACCELERATORS": test.accelerators,
        "MPIRUN": test.program.mpirun,
        "PROGRAM": test.program.program,
        "FLOOR": test.floor.gb_per_s,
        "NETWORK": test.network,
        "PASSED": " ".join(passed),
        **({"LD_LIBRARY_PATH": test.program.library_path} if test.program.library_path else {}),
    }
    return [{"name": key, "value": str(value)} for key, value in values.items()]
