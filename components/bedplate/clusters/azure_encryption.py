"""The key of an AKS cluster: Kubernetes secrets and the disks of its nodes and volumes are encrypted with it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pulumi
import pulumi_azure_native as azure

from bedplate.clouds.azure import grant
from bedplate.clouds.azure_names import vault_name

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bedplate.clusters.azure_plan import AksPlan

KEY_BITS = 3072
RECOVERY_DAYS = 90
"""The longest that Key Vault offers: time to notice that backups still need the key."""


@dataclass(frozen=True, slots=True)
class ClusterKey:
    """A live key. `ready` must exist before the cluster: what uses the key may use it then."""

    version: pulumi.Output[str]
    disk_encryption_set: pulumi.Output[str]
    ready: tuple[pulumi.Resource, ...]


def declare_key(
    plan: AksPlan,
    group: pulumi.Input[str],
    identity: azure.managedidentity.UserAssignedIdentity,
    tags: Mapping[str, str],
    parent: pulumi.Resource,
) -> ClusterKey:
    """Declare a cluster's vault and key, and the disk encryption set by which disks use it.

    `identity` is the control plane's, which encrypts secrets with the key.
    """
    options = pulumi.ResourceOptions(parent=parent)
    vault = _declare_vault(plan, group, identity, tags, options)
    key = azure.keyvault.Key(
        f"{plan.full_name}-key",
        key_name="cluster",
        vault_name=vault.name,
        resource_group_name=group,
        properties=azure.keyvault.KeyPropertiesArgs(
            kty="RSA", key_size=KEY_BITS, key_ops=["encrypt", "decrypt", "wrapKey", "unwrapKey"]
        ),
        tags=dict(tags),
        opts=options,
    )
    secrets = grant(
        f"{plan.full_name}-secrets-key", plan.subscription, "Key Vault Crypto User", vault.id, identity.principal_id,
        parent,
    )  # fmt: skip
    disks = _declare_disk_encryption(plan, group, vault, key, tags, parent)
    reads = grant(f"{plan.full_name}-disks", plan.subscription, "Reader", disks.id, identity.principal_id, parent)
    return ClusterKey(key.key_uri_with_version, disks.id, ready=(secrets, reads))


def _declare_vault(
    plan: AksPlan,
    group: pulumi.Input[str],
    identity: azure.managedidentity.UserAssignedIdentity,
    tags: Mapping[str, str],
    options: pulumi.ResourceOptions,
) -> azure.keyvault.Vault:
    return azure.keyvault.Vault(
        vault_name(plan.full_name),
        resource_group_name=group,
        location=plan.region,
        properties=azure.keyvault.VaultPropertiesArgs(
            tenant_id=identity.tenant_id,
            sku=azure.keyvault.SkuArgs(family="A", name="standard"),
            # Who may use the key is decided by roles alone, and nobody can lose it for good in a hurry.
            enable_rbac_authorization=True,
            enable_soft_delete=True,
            soft_delete_retention_in_days=RECOVERY_DAYS,
            enable_purge_protection=True,
            enabled_for_deployment=False,
            enabled_for_template_deployment=False,
            # AKS reaches a vault only through its public address, unless the API server stands in the cluster's own
            # network (AKS, "Use KMS etcd encryption", limitations). Without a role nobody gets anything from it there.
            public_network_access="Enabled",
        ),
        tags=dict(tags),
        opts=pulumi.ResourceOptions.merge(options, pulumi.ResourceOptions(protect=plan.deletion_protection)),
    )


def _declare_disk_encryption(
    plan: AksPlan,
    group: pulumi.Input[str],
    vault: azure.keyvault.Vault,
    key: azure.keyvault.Key,
    tags: Mapping[str, str],
    parent: pulumi.Resource,
) -> azure.compute.DiskEncryptionSet:
    """Declare how disks use the key, by an identity of their own: it must have its right before the set exists."""
    options = pulumi.ResourceOptions(parent=parent)
    name = f"{plan.full_name}-disks"
    identity = azure.managedidentity.UserAssignedIdentity(
        name, resource_name_=name, resource_group_name=group, location=plan.region, tags=dict(tags), opts=options
    )
    right = grant(
        f"{name}-key", plan.subscription, "Key Vault Crypto Service Encryption User", vault.id, identity.principal_id,
        parent,
    )  # fmt: skip
    return azure.compute.DiskEncryptionSet(
        name,
        disk_encryption_set_name=name,
        resource_group_name=group,
        location=plan.region,
        encryption_type="EncryptionAtRestWithCustomerKey",
        identity=azure.compute.EncryptionSetIdentityArgs(type="UserAssigned", user_assigned_identities=[identity.id]),
        active_key=azure.compute.KeyForDiskEncryptionSetArgs(
            key_url=key.key_uri_with_version, source_vault=azure.compute.SourceVaultArgs(id=vault.id)
        ),
        tags=dict(tags),
        opts=pulumi.ResourceOptions.merge(options, pulumi.ResourceOptions(depends_on=[right])),
    )
