"""Weights on AWS: a bucket with a key of its own per cluster, and roles that reach no more of it than they need."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pulumi
import pulumi_aws as aws

from bedplate import catalog
from bedplate.clouds.aws import PARTITION, account_id, policy_document
from bedplate.clusters.aws_identity import pod_identity

if TYPE_CHECKING:
    from collections.abc import Iterable

    from bedplate.clusters.handles import ClusterHandles

KEY_DELETION_DAYS = 30
KEEP_REPLACED_DAYS = 7
ABORT_UPLOADS_DAYS = 1


@dataclass(frozen=True, slots=True)
class Bucket:
    """A live bucket: its address for HTTP, and what roles must know of it."""

    arn: pulumi.Output[str]
    key_arn: pulumi.Output[str]
    address: pulumi.Output[str]


def declare_bucket(name: str, parent: pulumi.Resource, *, protect: bool) -> Bucket:
    """Declare a bucket for weights. Its content are copies, so one that is not protected goes with all of it.

    Its name ends in random characters: names of buckets are shared by all of AWS.
    """
    options = pulumi.ResourceOptions(parent=parent)
    protected = pulumi.ResourceOptions(parent=parent, protect=protect or None)
    key = aws.kms.Key(
        name,
        description=f"Weights of the models in {name}",
        enable_key_rotation=True,
        deletion_window_in_days=KEY_DELETION_DAYS,
        tags={"Name": name},
        opts=protected,
    )
    aws.kms.Alias(name, name=f"alias/bedplate/{name}", target_key_id=key.key_id, opts=options)
    bucket = aws.s3.Bucket(name, force_destroy=not protect, tags={"Name": name}, opts=protected)
    _close(name, bucket, options)
    _encrypt(name, bucket, key, options)
    _keep_versions(name, bucket, options)
    return Bucket(bucket.arn, key.arn, pulumi.Output.concat("https://", bucket.bucket_regional_domain_name))


def _close(name: str, bucket: aws.s3.Bucket, options: pulumi.ResourceOptions) -> None:
    """Nobody outside the account, and nobody without encryption on the way."""
    block = aws.s3.BucketPublicAccessBlock(
        name,
        bucket=bucket.id,
        block_public_acls=True,
        block_public_policy=True,
        ignore_public_acls=True,
        restrict_public_buckets=True,
        opts=options,
    )
    aws.s3.BucketOwnershipControls(
        name,
        bucket=bucket.id,
        rule=aws.s3.BucketOwnershipControlsRuleArgs(object_ownership="BucketOwnerEnforced"),
        opts=options,
    )
    aws.s3.BucketPolicy(
        name,
        bucket=bucket.id,
        policy=bucket.arn.apply(lambda arn: policy_document(*bucket_statements(arn))),
        # S3 takes one change of a bucket's access at a time.
        opts=pulumi.ResourceOptions.merge(options, pulumi.ResourceOptions(depends_on=[block])),
    )


def _encrypt(name: str, bucket: aws.s3.Bucket, key: aws.kms.Key, options: pulumi.ResourceOptions) -> None:
    default = aws.s3.BucketServerSideEncryptionConfigurationRuleApplyServerSideEncryptionByDefaultArgs(
        sse_algorithm="aws:kms", kms_master_key_id=key.arn
    )
    aws.s3.BucketServerSideEncryptionConfiguration(
        name,
        bucket=bucket.id,
        rules=[
            aws.s3.BucketServerSideEncryptionConfigurationRuleArgs(
                apply_server_side_encryption_by_default=default,
                # One request to KMS per bucket and hour instead of one per object and worker.
                bucket_key_enabled=True,
            )
        ],
        opts=options,
    )


def _keep_versions(name: str, bucket: aws.s3.Bucket, options: pulumi.ResourceOptions) -> None:
    versioning = aws.s3.BucketVersioning(
        name,
        bucket=bucket.id,
        versioning_configuration=aws.s3.BucketVersioningVersioningConfigurationArgs(status="Enabled"),
        opts=options,
    )
    aws.s3.BucketLifecycleConfiguration(
        name,
        bucket=bucket.id,
        rules=[
            aws.s3.BucketLifecycleConfigurationRuleArgs(
                id="leftovers",
                status="Enabled",
                filter=aws.s3.BucketLifecycleConfigurationRuleFilterArgs(prefix=""),
                noncurrent_version_expiration=aws.s3.BucketLifecycleConfigurationRuleNoncurrentVersionExpirationArgs(
                    noncurrent_days=KEEP_REPLACED_DAYS
                ),
                # Parts of an upload that was cut off cost like objects, and are shown nowhere.
                abort_incomplete_multipart_upload=(
                    aws.s3.BucketLifecycleConfigurationRuleAbortIncompleteMultipartUploadArgs(
                        days_after_initiation=ABORT_UPLOADS_DAYS
                    )
                ),
            )
        ],
        opts=pulumi.ResourceOptions.merge(options, pulumi.ResourceOptions(depends_on=[versioning])),
    )


def bucket_statements(arn: str) -> list[dict[str, Any]]:
    """Return the bucket's own policy: requests without encryption on the way are refused."""
    return [
        {
            "Sid": "EncryptedOnTheWay",
            "Effect": "Deny",
            "Principal": "*",
            "Action": "s3:*",
            "Resource": [arn, f"{arn}/*"],
            "Condition": {"Bool": {"aws:SecureTransport": "false"}},
        }
    ]


def reader_statements(arn: str, key_arn: str, prefixes: Iterable[str]) -> list[dict[str, Any]]:
    """Return what a worker may do: read the files of its model."""
    return [
        _listing(arn, prefixes),
        {"Effect": "Allow", "Action": "s3:GetObject", "Resource": [f"{arn}/{prefix}/*" for prefix in prefixes]},
        {"Effect": "Allow", "Action": "kms:Decrypt", "Resource": key_arn},
    ]


def writer_statements(arn: str, key_arn: str, prefixes: Iterable[str]) -> list[dict[str, Any]]:
    """Return what the job may do: write the files of the models, and see which of them are there."""
    objects = [f"{arn}/{prefix}/*" for prefix in prefixes]
    actions = ["s3:AbortMultipartUpload", "s3:GetObject", "s3:PutObject"]
    return [
        _listing(arn, prefixes),
        {"Effect": "Allow", "Action": actions, "Resource": objects},
        # A part of an upload is encrypted with a key that the parts before it share, which is first decrypted.
        {"Effect": "Allow", "Action": ["kms:Decrypt", "kms:GenerateDataKey"], "Resource": key_arn},
    ]


def _listing(arn: str, prefixes: Iterable[str]) -> dict[str, Any]:
    """Without it S3 answers 403 for an object that is not there, as it does for one that is forbidden."""
    return {
        "Effect": "Allow",
        "Action": "s3:ListBucket",
        "Resource": arn,
        "Condition": {"StringLike": {"s3:prefix": [f"{prefix}/*" for prefix in prefixes]}},
    }


def declare_reader(
    name: str, bucket: Bucket, prefixes: list[str], cluster: ClusterHandles, namespace: str, parent: pulumi.Resource
) -> pulumi.Resource:
    """Give the service account `name` of an endpoint its role."""
    policy = pulumi.Output.all(bucket.arn, bucket.key_arn).apply(
        lambda arns: policy_document(*reader_statements(arns[0], arns[1], prefixes))
    )
    return pod_identity(name, cluster, namespace, name, parent, policy=policy)


def declare_writer(
    name: str, bucket: Bucket, prefixes: list[str], cluster: ClusterHandles, namespace: str, account: str,
    parent: pulumi.Resource,
) -> pulumi.Resource:  # fmt: skip
    """Give the service account of the job that fills the bucket its role."""
    policy = pulumi.Output.all(bucket.arn, bucket.key_arn).apply(
        lambda arns: policy_document(*writer_statements(arns[0], arns[1], prefixes))
    )
    return pod_identity(name, cluster, namespace, account, parent, policy=policy)


def own_image(name: str, region: str, parent: pulumi.Resource) -> pulumi.Output[str]:
    """Return an image of the catalog in the account's own registry, in a cluster's region.

    Nodes may read that registry (node_pools.aws.NODE_POLICIES).
    """
    image = catalog.image(name)
    domain = {"aws": "amazonaws.com"}[PARTITION]
    return account_id(parent).apply(
        lambda account: f"{account}.dkr.ecr.{region}.{domain}/{image.repository}:{image.tag}"
    )
