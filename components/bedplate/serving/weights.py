"""The weights of endpoints in the cluster: a job fills the bucket, a container of each worker fills its cache.

The cache is an `emptyDir`. On nodes with NVMe drives those carry the kubelet's own storage (node_pools.user_data), so
it is as fast as the node can be, bounded by its size limit, and kept while containers of the pod restart. A folder of
the node itself (`hostPath`) would also outlive the pod, but restricted pod security forbids it, and rightly so.
"""

from __future__ import annotations

import hashlib
import hmac
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bedplate.node_pools.labels import ROLE_LABEL
from bedplate.serving.memory import GIB
from bedplate.serving.pods import RESTRICTED_CONTAINER, restricted_pod, storage_egress, variables

if TYPE_CHECKING:
    from bedplate.serving.plan import EndpointPlan
    from bedplate.serving.weights_plan import WeightsPlan

PROGRAM = "weights_copy"
PROGRAM_FOLDER = "/program"
CACHE_FOLDER = "/models"
HUB = "https://huggingface.co"
SERVICE_ACCOUNT = "weights"
TOKEN_KEY = "token"  # noqa: S105  the key of a Secret
JOB_DEADLINE_SECONDS = 4 * 3600
"""Long enough for 1 TB at 100 MB/s. A job that has not ended by then has stopped."""
JOB_RETRIES = 16
"""Kubernetes waits 10 s before it tries again, each time twice as long and at most six minutes (Kubernetes
documentation, "Jobs", pod backoff failure policy): 16 times take 71 minutes, so that a repository or a bucket that
cannot be reached for an hour, or a licence that is accepted late, needs nobody."""
TOKEN_DIGEST = "bedplate.dev/token-digest"  # noqa: S105  the name of an annotation


def job_name(weights: WeightsPlan) -> str:
    """Return the name of the job that copies a revision: another revision or another program is another job.

    A job cannot be changed, only replaced.
    """
    content = f"{weights.prefix} {sorted(program_files().items())}"
    return f"weights-{hashlib.sha256(content.encode()).hexdigest()[:10]}"


@cache
def program_files() -> dict[str, str]:
    """Return the text of the program that copies weights, by file name."""
    folder = Path(__file__).with_name(PROGRAM)
    return {file.name: file.read_text(encoding="utf-8") for file in sorted(folder.glob("*.py"))}


def program_manifest(namespace: str) -> dict[str, Any]:
    """Return the ConfigMap that holds the program in a namespace."""
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": _program_name(), "namespace": namespace},
        "immutable": True,
        "data": program_files(),
    }


def service_account(namespace: str, name: str) -> dict[str, Any]:
    """Return a service account that has a role in the cloud and none in the cluster."""
    return {
        "apiVersion": "v1",
        "kind": "ServiceAccount",
        "metadata": {"name": name, "namespace": namespace},
        "automountServiceAccountToken": False,
    }


def job_network_policy(namespace: str) -> dict[str, Any]:
    """Return what lets the job reach the model's repository and the bucket."""
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": {"name": SERVICE_ACCOUNT, "namespace": namespace},
        "spec": {
            "podSelector": {"matchLabels": _job_labels()},
            "policyTypes": ["Egress"],
            "egress": storage_egress(),
        },
    }


def token_digest(weights: WeightsPlan, token: str) -> str:
    """Return by what the job of a gated model knows its token from another one.

    The token is the key and the job's name is what is digested, so that the same token leaves another trace in each
    job. 48 bits tell two tokens apart and give neither away: tokens are made by machines, and cannot be guessed.
    """
    return hmac.new(token.encode(), job_name(weights).encode(), hashlib.sha256).hexdigest()[:12]


def fill_job(weights: WeightsPlan, image: Any, address: Any, region: str, digest: Any = None) -> dict[str, Any]:
    """Return the job that fills the bucket at `address` with `weights`: the only place where a token is.

    `digest` is the token's. A job that has failed stays failed until it is replaced, and a changed pod replaces it.
    """
    environment = variables(
        {
            **_where(weights, address, region),
            "BEDPLATE_HUB": HUB,
            "BEDPLATE_REPOSITORY": weights.repository,
            "BEDPLATE_REVISION": weights.revision,
        }
    )
    if weights.token_secret:
        reference = {"name": token_secret_name(weights), "key": TOKEN_KEY}
        environment.append({"name": "HF_TOKEN", "valueFrom": {"secretKeyRef": reference}})
    return {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {
            "name": job_name(weights),
            "namespace": weights.namespace,
            "annotations": {
                # Workers wait for the mark themselves; `up` does not wait for hundreds of gigabytes.
                "pulumi.com/skipAwait": "true",
                # Which also means that it does not wait for the job to be gone before it declares the next one of this
                # name: this way the job goes at once, and its pods after it.
                "pulumi.com/deletionPropagationPolicy": "background",
            },
        },
        "spec": {
            "backoffLimit": JOB_RETRIES,
            "activeDeadlineSeconds": JOB_DEADLINE_SECONDS,
            "template": {
                "metadata": {"labels": _job_labels(), **({"annotations": {TOKEN_DIGEST: digest}} if digest else {})},
                "spec": {
                    # A pod that starts again is deleted when the job gives up, and what it said with it.
                    "restartPolicy": "Never",
                    "serviceAccountName": SERVICE_ACCOUNT,
                    "automountServiceAccountToken": False,
                    "enableServiceLinks": False,
                    "priorityClassName": "bedplate-general",
                    "nodeSelector": {ROLE_LABEL: "general"},
                    "securityContext": restricted_pod(),
                    "containers": [
                        {
                            "name": "fill",
                            "image": image,
                            "command": ["python3", "-m", PROGRAM, "fill"],
                            "env": environment,
                            "resources": _resources(memory="1Gi"),
                            "securityContext": {**RESTRICTED_CONTAINER, "readOnlyRootFilesystem": True},
                            "terminationMessagePolicy": "FallbackToLogsOnError",
                            "volumeMounts": [_program_mount()],
                        }
                    ],
                    "volumes": [program_volume()],
                },
            },
        },
    }


def fetch_container(plan: EndpointPlan, weights: WeightsPlan, image: Any, address: Any) -> dict[str, Any]:
    """Return the init container that fills a worker's cache before the engine starts."""
    return {
        "name": "weights",
        "image": image,
        "command": ["python3", "-m", PROGRAM, "fetch"],
        "env": variables(
            {
                **_where(weights, address, plan.region),
                "BEDPLATE_FOLDER": weights.path,
                "BEDPLATE_MOST_BYTES": str(weights.cache_gib * GIB),
                "BEDPLATE_WAIT_SECONDS": str(plan.timings.before_start_seconds),
            }
        ),
        "resources": _resources(memory="2Gi"),
        "securityContext": {**RESTRICTED_CONTAINER, "readOnlyRootFilesystem": True},
        "terminationMessagePolicy": "FallbackToLogsOnError",
        "volumeMounts": [_program_mount(), {"name": "models", "mountPath": CACHE_FOLDER}],
    }


def token_secret_name(weights: WeightsPlan) -> str:
    """Return the name of the Secret with the token of a gated model."""
    return f"{job_name(weights)}-token"


def program_volume() -> dict[str, Any]:
    """Return the volume with the program, as a Python package."""
    return {"name": "program", "configMap": {"name": _program_name()}}


def _program_name() -> str:
    digest = hashlib.sha256(str(sorted(program_files().items())).encode()).hexdigest()
    return f"weights-copy-{digest[:10]}"


def _program_mount() -> dict[str, Any]:
    return {"name": "program", "mountPath": f"{PROGRAM_FOLDER}/{PROGRAM}", "readOnly": True}


def _where(weights: WeightsPlan, address: Any, region: str) -> dict[str, Any]:
    return {
        "PYTHONPATH": PROGRAM_FOLDER,
        "AWS_REGION": region,
        "BEDPLATE_S3": address,
        "BEDPLATE_PREFIX": weights.prefix,
    }


def _resources(memory: str) -> dict[str, Any]:
    return {"requests": {"cpu": "1", "memory": memory}, "limits": {"memory": memory}}


def _job_labels() -> dict[str, str]:
    return {"app.kubernetes.io/name": "weights"}
