"""Security of what holds and carries data: buckets, image repositories, load balancers."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from rules.model import Finding, Resource, Rule, StackRule, Surroundings
from rules.properties import GIVEN, TRUE, none_of, one_of, row, table_rule
from rules.reading import items, want

if TYPE_CHECKING:
    from collections.abc import Iterator

LISTENERS = frozenset({"aws:lb/listener:Listener", "aws:alb/listener:Listener"})
"""The provider has the same resource under two names."""

MODERN_TLS = re.compile(r"-(TLS13-1-[23]|TLS-1-2|FS-1-2)-")
"""Names of security policies that speak TLS 1.2 and later alone. AWS's default, ELBSecurityPolicy-2016-08, does not."""

BUCKETS = frozenset({"aws:s3/bucket:Bucket", "aws:s3/bucketV2:BucketV2"})
BLOCK = "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock"
BUCKET_KEY = "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration"
ALGORITHM = "rules.*.applyServerSideEncryptionByDefault.sseAlgorithm"


def uses_modern_tls(listener: Resource, _: Surroundings) -> Iterator[str]:
    """A listener speaks TLS 1.2 or later, or only sends people to one that does."""
    protocol = want(listener.properties, "protocol") or "HTTP"
    if protocol in ("HTTPS", "TLS"):
        if not MODERN_TLS.search(want(listener.properties, "sslPolicy") or ""):
            yield f"{listener.name} speaks TLS older than 1.2: sslPolicy is old or not set"
        return
    actions = items(listener.properties, "defaultActions")
    if not actions or any(want(action, "type") != "redirect" for action in actions):
        yield f"{listener.name} serves {protocol} without encryption"


def buckets_are_guarded(surroundings: Surroundings) -> Iterator[Finding]:
    """Every bucket has a public access block and encryption with a key, which are resources of their own."""
    guards = {BLOCK: "BucketPublicAccessBlock", BUCKET_KEY: "BucketServerSideEncryptionConfiguration"}
    resources = surroundings.resources.values()
    for bucket in resources:
        if bucket.type not in BUCKETS:
            continue
        for token, name in guards.items():
            if not any(one.type == token and bucket.urn in one.dependencies.get("bucket", ()) for one in resources):
                yield Finding(
                    f"bucket {bucket.name} has no {name}", f"Fix: declare one with bucket={bucket.name}.id", bucket.urn
                )


RULES = (
    table_rule(
        row(BLOCK, "blockPublicAcls", TRUE),
        row(BLOCK, "blockPublicPolicy", TRUE),
        row(BLOCK, "ignorePublicAcls", TRUE),
        row(BLOCK, "restrictPublicBuckets", TRUE),
        row(BUCKET_KEY, ALGORITHM, one_of("aws:kms", "aws:kms:dsse")),
        row("aws:s3/bucket:Bucket", "acl", none_of("public-read", "public-read-write")),
        id="security-bucket-settings",
        family="security",
        demands="A bucket's public access block blocks everything, and its encryption uses a KMS key.",
        reason="A bucket of weights or data sets that is public by one careless policy is found by those who look.",
        fix="set all four of the block's fields to true, and sseAlgorithm to aws:kms",
        references=("CKV2_AWS_6", "CKV_AWS_145"),
        passes="blockPublicAcls: true, blockPublicPolicy: true, ignorePublicAcls: true, restrictPublicBuckets: true",
        fails="blockPublicAcls: true, blockPublicPolicy: false",
    ),
    table_rule(
        row("aws:ecr/repository:Repository", "imageTagMutability", one_of("IMMUTABLE")),
        row("aws:ecr/repository:Repository", "imageScanningConfiguration.scanOnPush", TRUE),
        row("aws:ecr/repository:Repository", "encryptionConfigurations", GIVEN),
        row("aws:ecr/repository:Repository", "encryptionConfigurations.*.encryptionType", one_of("KMS", "KMS_DSSE")),
        id="security-image-registry",
        family="security",
        demands="An image repository has tags that cannot move, scans what is pushed, and is encrypted with a KMS key.",
        reason="A tag that moves runs tomorrow what nobody reviewed today.",
        fix="set imageTagMutability IMMUTABLE, scanOnPush true and encryptionType KMS",
        references=("CKV_AWS_51", "CKV_AWS_136", "CKV_AWS_163", "CIS EKS 5.1.1"),
        passes="imageTagMutability: IMMUTABLE, …",
        fails="imageTagMutability: MUTABLE",
    ),
    Rule(
        id="security-load-balancer-tls",
        family="security",
        demands="A listener of a load balancer speaks TLS 1.2 or later, or redirects to one that does.",
        reason="Prompts and answers are personal data, and travel as plain text without it.",
        fix="use HTTPS or TLS with ELBSecurityPolicy-TLS13-1-2-2021-06 or newer",
        references=("CKV_AWS_2", "CKV_AWS_103", "CIS EKS 5.4.5"),
        passes="protocol: HTTPS, sslPolicy: ELBSecurityPolicy-TLS13-1-2-2021-06",
        fails="protocol: HTTP",
        applies=LISTENERS.__contains__,
        check=uses_modern_tls,
    ),
)

STACK_RULES = (
    StackRule(
        id="security-bucket-guards",
        family="security",
        demands="Every bucket has a public access block and encryption with a key.",
        reason="Both are resources of their own: leaving one out looks like nothing.",
        fix="declare BucketPublicAccessBlock and BucketServerSideEncryptionConfiguration with bucket=bucket.id",
        references=("CKV2_AWS_6", "CKV_AWS_145"),
        passes="both, with bucket: bucket.id",
        fails="a bucket alone",
        check=buckets_are_guarded,
    ),
)
