"""The key of a GKE cluster: Kubernetes secrets and the boot disks of its nodes are encrypted with it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pulumi
import pulumi_gcp as gcp

from bedplate.clouds.gcp import project_number, service_agent

if TYPE_CHECKING:
    from bedplate.clusters.gcp_plan import GkePlan

ROTATION = f"{90 * 24 * 3600}s"
"""Cloud KMS documentation, "Key rotation": 90 days is what it recommends for automatic rotation."""

DESTROYED_AFTER = f"{30 * 24 * 3600}s"
"""How long a version that was deleted can be brought back: time to notice that a disk still needs it."""

USERS = {"container-engine-robot": "secrets", "compute-system": "disks"}
"""The service agents that use the key, and for what: GKE for Kubernetes secrets, Compute Engine for boot disks."""


def declare_key(plan: GkePlan, parent: pulumi.Resource) -> tuple[gcp.kms.CryptoKey, tuple[pulumi.Resource, ...]]:
    """Declare the key, turned over every 90 days; returns it, and what must exist before it is of use.

    A key ring can never be deleted, and neither it nor a key can be made twice. So the ring has no name of ours:
    Pulumi gives each a new one, and a cluster that was destroyed can be made again.
    """
    options = pulumi.ResourceOptions(parent=parent)
    kept = pulumi.ResourceOptions.merge(options, pulumi.ResourceOptions(protect=plan.deletion_protection))
    name = f"{plan.cloud_name}-key"
    ring = gcp.kms.KeyRing(name, location=plan.region, project=plan.project, opts=kept)
    key = gcp.kms.CryptoKey(
        name,
        name=name,
        key_ring=ring.id,
        purpose="ENCRYPT_DECRYPT",
        rotation_period=ROTATION,
        destroy_scheduled_duration=DESTROYED_AFTER,
        opts=kept,
    )
    number = project_number(plan.project, parent)
    grants = tuple(
        gcp.kms.CryptoKeyIAMMember(
            f"{name}-{use}",
            crypto_key_id=key.id,
            role="roles/cloudkms.cryptoKeyEncrypterDecrypter",
            member=service_agent(number, agent),
            opts=options,
        )
        for agent, use in USERS.items()
    )
    return key, (key, *grants)
