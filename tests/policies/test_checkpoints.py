"""The rule that training on spot nodes has somewhere to write what outlives them."""

from __future__ import annotations

from typing import Any

import pytest

from bedplate.node_pools.labels import POOL_LABEL
from rules.checkpoints import CHECKPOINTS_ANNOTATION
from tests.policies.stack import (
    CONTAINER,
    UNKNOWN,
    Declared,
    advice,
    check_stack,
    deployment,
    kubernetes,
    of_rule,
    pool,
)

NAMESPACE = "vision-dev-training"
SPOT_ON_AKS = "kubernetes.azure.com/scalesetpriority"
RULE = "reliability-spot-checkpoints"
MOUNTS = [{"name": "runs", "mountPath": "/runs"}]


def training_pool(capacity: str = "spot", **changes: Any) -> Declared:
    """Return the component of the training pool `it` of p5.48xlarge."""
    return pool("p5.48xlarge", 2, capacity, role="training", **changes)


def job(annotation: Any = None, mounts: Any = MOUNTS, namespace: Any = NAMESPACE, **pod: Any) -> Declared:
    """Return a training Job."""
    metadata = {"name": "run", "namespace": namespace, "annotations": {CHECKPOINTS_ANNOTATION: annotation}}
    spec = {"containers": [CONTAINER | {"volumeMounts": mounts}]} | pod
    return kubernetes("batch/v1:Job", "run", {"metadata": metadata, "spec": {"template": {"spec": spec}}})


def job_set() -> Declared:
    """Return the same work as a custom resource, with the pod where JobSet has it."""
    template = {"spec": {"template": {"spec": {"containers": [CONTAINER]}}}}
    properties = {
        "metadata": {"name": "run", "namespace": NAMESPACE},
        "spec": {"replicatedJobs": [{"name": "workers", "template": template}]},
    }
    return kubernetes("jobset.x-k8s.io/v1alpha2:JobSet", "run", properties)


def volume(**source: Any) -> list[dict[str, Any]]:
    """Return the volumes of a pod: one, called `runs`."""
    return [{"name": "runs", **source}]


CLAIM = {"claimName": UNKNOWN}
GCS_FUSE = {"driver": "gcsfuse.csi.storage.gke.io", "volumeAttributes": {"bucketName": UNKNOWN}}
AZURE_FILE = {"secretName": "share", "shareName": "runs"}
INLINE = (
    "gcsfuse.csi.storage.gke.io",
    "blob.csi.azure.com",
    "file.csi.azure.com",
    "nfs.csi.k8s.io",
    "smb.csi.k8s.io",
)
SPOT = training_pool()
AZURE = training_pool(provider="azure")
NOWHERE = "run may run on spot nodes of it, and nothing that it can write to outlives them"

FAILS: dict[str, tuple[Declared, Declared, str]] = {
    "nothing": (SPOT, job(), NOWHERE),
    "a custom resource": (SPOT, job_set(), NOWHERE),
    "a folder of the node": (SPOT, job(volumes=volume(emptyDir={})), NOWHERE),
    "a volume that dies with the pod": (SPOT, job(volumes=volume(ephemeral={"volumeClaimTemplate": {}})), NOWHERE),
    "a claim that nothing mounts": (SPOT, job(mounts=[], volumes=volume(persistentVolumeClaim=CLAIM)), NOWHERE),
    "a data set": (SPOT, job(volumes=volume(persistentVolumeClaim=CLAIM | {"readOnly": True})), NOWHERE),
    "a mount to read": (
        SPOT,
        job(mounts=[MOUNTS[0] | {"readOnly": True}], volumes=volume(persistentVolumeClaim=CLAIM)),
        NOWHERE,
    ),
    "a bucket to read": (SPOT, job(volumes=volume(csi=GCS_FUSE | {"readOnly": True})), NOWHERE),
    "a bucket that is mounted to read": (
        SPOT,
        job(mounts=[MOUNTS[0] | {"readOnly": True}], volumes=volume(csi=GCS_FUSE)),
        NOWHERE,
    ),
    "a share of Azure to read": (SPOT, job(volumes=volume(azureFile=AZURE_FILE | {"readOnly": True})), NOWHERE),
    "a kind that Kubernetes no longer has": (
        SPOT,
        job(volumes=volume(cephfs={"monitors": ["10.0.0.3:6789"]})),
        NOWHERE,
    ),
    "secrets of a vault": (SPOT, job(volumes=volume(csi={"driver": "secrets-store.csi.k8s.io"})), NOWHERE),
    "an unknown driver": (SPOT, job(volumes=volume(csi={"driver": UNKNOWN})), "driver is not known before the update"),
    "an unknown volume of a driver": (SPOT, job(volumes=volume(csi=UNKNOWN)), "volumes.csi is not known"),
    "an annotation without an address": (SPOT, job("yes"), NOWHERE),
    "an annotation with a folder": (SPOT, job("/runs"), NOWHERE),
    "the pool selected": (SPOT, job(nodeSelector={POOL_LABEL: SPOT.properties["fullName"]}), NOWHERE),
    "spot nodes of AKS tolerated": (AZURE, job(tolerations=[{"key": SPOT_ON_AKS, "operator": "Exists"}]), NOWHERE),
    "everything tolerated": (AZURE, job(tolerations=[{"operator": "Exists"}]), NOWHERE),
    "an unknown annotation": (SPOT, job(UNKNOWN), f"metadata.annotations.{CHECKPOINTS_ANNOTATION} is not known"),
    "an unknown volume": (SPOT, job(volumes=volume(persistentVolumeClaim=UNKNOWN)), "persistentVolumeClaim is not"),
    "an unknown selector": (SPOT, job(nodeSelector={POOL_LABEL: UNKNOWN}), "is not known before the update"),
}

PASSES: dict[str, tuple[Declared, Declared]] = {
    "a claim": (SPOT, job(volumes=volume(persistentVolumeClaim=CLAIM))),
    "a share": (SPOT, job(volumes=volume(nfs={"server": "10.0.0.2", "path": "/runs"}))),
    "a share of Azure": (SPOT, job(volumes=volume(azureFile=AZURE_FILE))),
    **{f"inline, {driver}": (SPOT, job(volumes=volume(csi={"driver": driver}))) for driver in INLINE},
    "a bucket whose name is unknown": (SPOT, job(volumes=volume(csi=GCS_FUSE))),
    "a bucket": (SPOT, job("s3://vision-checkpoints/run-7")),
    "a container of Azure": (SPOT, job("abfss://runs@visioncheckpoints.dfs.core.windows.net/7")),
    "another pool": (SPOT, job(nodeSelector={POOL_LABEL: "vision-dev-other"})),
    "bought on demand": (training_pool("on-demand"), job()),
    "a pool for inference": (pool("p5.48xlarge", 2, "spot"), job()),
    "spot nodes of AKS not tolerated": (AZURE, job()),
    "work that never ends": (SPOT, deployment(NAMESPACE)),
    "another namespace": (SPOT, job(namespace="vision-dev-inference")),
}


@pytest.mark.parametrize(("declared", "work", "expected"), FAILS.values(), ids=FAILS)
def test_training_without_a_lasting_place_is_refused(declared: Declared, work: Declared, expected: str) -> None:
    messages = of_rule(RULE, [*check_stack(declared, work), *advice(declared, work)])
    assert len(messages) == 1, messages
    assert expected in messages[0]


@pytest.mark.parametrize(("declared", "work"), PASSES.values(), ids=PASSES)
def test_passes(declared: Declared, work: Declared) -> None:
    assert of_rule(RULE, [*check_stack(declared, work), *advice(declared, work)]) == []


def test_the_message_says_what_to_do() -> None:
    [message] = of_rule(RULE, [*check_stack(SPOT, job()), *advice(SPOT, job())])
    assert f"say in the annotation {CHECKPOINTS_ANNOTATION} to which bucket the program writes" in message
