"""The rule about training on spot machines: what it has learnt must outlive its nodes.

A checkpoint is a file, and no field of Kubernetes says "checkpoint". What a workload declares is where it can write:
a volume that lives longer than the pod, or, for a program that writes to a bucket itself, the annotation
`bedplate.dev/checkpoints` with the address. A workload with neither loses everything with its node, whatever its
program does; whether a program uses what it was given, no rule can see.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from bedplate.node_pools.labels import DOMAIN, POOL_LABEL
from bedplate.node_pools.taints import capacity_taints
from bedplate.sdk_types.values import is_unknown
from rules.model import Finding, Resource, StackRule, Surroundings
from rules.namespaces import is_kubernetes_object, namespace_of
from rules.nodes import NODE_POOL
from rules.pods import containers, pods
from rules.reading import items, need, undecided, want

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from rules.pods import Pod

TRAINING = "training"
CHECKPOINTS_ANNOTATION = f"{DOMAIN}/checkpoints"
ADDRESS = re.compile(r"(s3|gs|az|abfss?|https)://[^/\s]+\S*")

FIX = (
    "mount a PersistentVolumeClaim or a bucket that may be written, or say in the annotation "
    f"{CHECKPOINTS_ANNOTATION} to which bucket the program writes (s3://..., gs://..., az://...)"
)

ENDLESS = tuple(f"kubernetes:apps/v1:{kind}" for kind in ("Deployment", "StatefulSet", "DaemonSet"))
"""Kinds that never end, such as the notebooks and dashboards of a training team: they have no progress to lose."""

KINDS = ("persistentVolumeClaim", "nfs", "azureFile")
"""Kinds of volumes that stay when their pod ends. The kind `cephfs` is none: Kubernetes no longer mounts it
(kubernetes/kubernetes#124544), and its driver goes by claims."""

INLINE_DRIVERS: Mapping[str, str] = {
    "gcsfuse.csi.storage.gke.io": "docs.cloud.google.com/kubernetes-engine: cloud-storage-fuse-csi-driver-ephemeral",
    "blob.csi.azure.com": "kubernetes-sigs/blob-csi-driver:deploy/example/nginx-blobfuse-inline-volume.yaml",
    "file.csi.azure.com": "kubernetes-sigs/azurefile-csi-driver:deploy/example/nginx-pod-azurefile-inline-volume.yaml",
    "nfs.csi.k8s.io": "kubernetes-csi/csi-driver-nfs:deploy/example/nginx-pod-inline-volume.yaml",
    "smb.csi.k8s.io": "kubernetes-csi/csi-driver-smb:deploy/csi-smb-driver.yaml",
}
"""Drivers that mount, for a volume written into the pod, a bucket or a share that was there before; each with where its
makers say so, as of 2026-11-21. Kubernetes calls such volumes ephemeral, and those of other drivers are."""


def training_on_spot_keeps_its_progress(surroundings: Surroundings) -> Iterator[Finding]:
    """Work that ends, in the namespace for training, can write to where a spot node's end does not reach."""
    resources = surroundings.resources.values()
    spot = [one for one in resources if one.type == NODE_POOL and _offers_spot_to_training(one)]
    if not spot:
        return
    for one in filter(_is_training, resources):
        running = [pod for pod in pods(one) if pod.runs]
        reached = sorted({pool.name for pool in spot for pod in running if _may_run_on(pod, pool)})
        if reached and not _keeps_progress(one, running):
            problem = (
                f"{one.name} may run on spot nodes of {' and '.join(reached)}, and nothing that it can write to "
                "outlives them"
            )
            yield Finding(problem, f"Fix: {FIX}", one.urn)


def _offers_spot_to_training(pool: Resource) -> bool:
    capacities = {need(group, "capacity") for group in need(pool.properties, "groups")}
    return need(pool.properties, "role") == TRAINING and "spot" in capacities


def _is_training(resource: Resource) -> bool:
    if not is_kubernetes_object(resource.type) or resource.type in ENDLESS:
        return False
    return namespace_of(resource) == f"{resource.stack}-{TRAINING}"


def _may_run_on(pod: Pod, pool: Resource) -> bool:
    """Whether neither a selector for another pool nor a taint of spot nodes keeps a pod off them."""
    selected = want(pod.spec, "nodeSelector", POOL_LABEL)
    if selected not in (None, need(pool.properties, "fullName")):
        return False
    tolerated = {toleration.get("key") for toleration in want(pod.spec, "tolerations") or ()}
    taints = capacity_taints(need(pool.properties, "provider"), "spot")
    return None in tolerated or tolerated >= {taint.key for taint in taints}


def _keeps_progress(resource: Resource, running: Iterable[Pod]) -> bool:
    stated = want(resource.properties, "metadata", "annotations", CHECKPOINTS_ANNOTATION)
    if stated is not None:
        return bool(ADDRESS.fullmatch(str(stated)))
    return any(_writes_to_lasting_volume(pod) for pod in running)


def _writes_to_lasting_volume(pod: Pod) -> bool:
    lasting = {want(volume, "name") for volume in items(pod.spec, "volumes") if _outlives_the_pod(volume)}
    return any(
        want(mount, "name") in lasting and not want(mount, "readOnly")
        for _, container in containers(pod)
        for mount in items(container, "volumeMounts")
    )


def _outlives_the_pod(volume: Mapping[str, Any]) -> bool:
    """Whether a volume stays when its pod ends, and may be written. A claim's name may be unknown yet."""
    for kind in (*KINDS, "csi"):
        if is_unknown(source := volume.get(kind)):
            raise undecided(("volumes", kind))
        if source is not None:
            lasting = kind != "csi" or want(source, "driver") in INLINE_DRIVERS
            return lasting and not want(source, "readOnly")
    return False


STACK_RULES = (
    StackRule(
        id="reliability-spot-checkpoints",
        family="reliability",
        demands="Training that may run on spot nodes has somewhere to write checkpoints that outlives them.",
        reason="Spot nodes end with minutes of notice at most; without a checkpoint, days of training end with them.",
        fix=FIX,
        passes=f"annotations: {{{CHECKPOINTS_ANNOTATION}: s3://vision-checkpoints/run-7}}",
        fails="a Job with an emptyDir alone, where a pool for training offers spot",
        check=training_on_spot_keeps_its_progress,
        reads=lambda token: token == NODE_POOL or is_kubernetes_object(token),
    ),
)
