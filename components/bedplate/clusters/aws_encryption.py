"""The key of a cluster: Kubernetes secrets, control-plane logs and the volumes of its nodes are encrypted with it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pulumi
import pulumi_aws as aws

from bedplate.clouds.aws import PARTITION, account_id, policy_document

if TYPE_CHECKING:
    from bedplate.clusters.plan import EksPlan

AUTOSCALING_ROLE = "aws-service-role/autoscaling.amazonaws.com/AWSServiceRoleForAutoScaling"
DELETION_WINDOW_DAYS = 30
"""The longest that KMS offers: time to notice that backups still need the key."""


def declare_key(plan: EksPlan, parent: pulumi.Resource) -> aws.kms.Key:
    """Declare the key, turned over every year."""
    options = pulumi.ResourceOptions(parent=parent)
    policy = account_id(parent).apply(
        lambda account: policy_document(*key_statements(account, plan.region, audit_log_group(plan.full_name)))
    )
    name = f"{plan.full_name}-key"
    key = aws.kms.Key(
        name,
        description=f"Secrets, logs and volumes of the cluster {plan.full_name}",
        enable_key_rotation=True,
        deletion_window_in_days=DELETION_WINDOW_DAYS,
        policy=policy,
        tags={"Name": name},
        opts=pulumi.ResourceOptions.merge(options, pulumi.ResourceOptions(protect=plan.deletion_protection)),
    )
    aws.kms.Alias(name, name=f"alias/bedplate/{plan.full_name}", target_key_id=key.key_id, opts=options)
    return key


def audit_log_group(cluster: str) -> str:
    """Return the name under which EKS writes a cluster's control-plane logs; it takes no other."""
    return f"/aws/eks/{cluster}/cluster"


def key_statements(account: str, region: str, log_group: str) -> list[dict[str, Any]]:
    """Return who may use a cluster's key.

    Node groups launch through EC2 Auto Scaling. Without leave for its service-linked role to use the key and to grant
    the use of it, every instance with an encrypted volume stops while starting, and the group reports only
    "Client.InternalError". The role is named in a condition: named as principal it would have to exist already, and an
    account that never had an Auto Scaling group does not have it.
    Sources: EC2 Auto Scaling user guide, "Required AWS KMS key policy for use with encrypted volumes"; CloudWatch Logs
    user guide, "Encrypt log data in CloudWatch Logs using AWS Key Management Service".
    """
    autoscaling = {
        "StringEquals": {"kms:CallerAccount": account},
        "ArnEquals": {"aws:PrincipalArn": f"arn:{PARTITION}:iam::{account}:role/{AUTOSCALING_ROLE}"},
    }
    use = ["kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", "kms:GenerateDataKey*", "kms:ReEncrypt*"]
    return [
        {
            "Sid": "IdentityPoliciesOfThisAccount",
            "Effect": "Allow",
            "Principal": {"AWS": f"arn:{PARTITION}:iam::{account}:root"},
            "Action": "kms:*",
            "Resource": "*",
        },
        {
            "Sid": "VolumesOfNodes",
            "Effect": "Allow",
            "Principal": {"AWS": "*"},
            "Action": use,
            "Resource": "*",
            "Condition": autoscaling,
        },
        {
            "Sid": "GrantsForVolumesOfNodes",
            "Effect": "Allow",
            "Principal": {"AWS": "*"},
            "Action": "kms:CreateGrant",
            "Resource": "*",
            "Condition": {**autoscaling, "Bool": {"kms:GrantIsForAWSResource": "true"}},
        },
        {
            "Sid": "ControlPlaneLogs",
            "Effect": "Allow",
            "Principal": {"Service": f"logs.{region}.amazonaws.com"},
            "Action": ["kms:Decrypt*", "kms:Describe*", "kms:Encrypt*", "kms:GenerateDataKey*", "kms:ReEncrypt*"],
            "Resource": "*",
            "Condition": {
                "ArnEquals": {
                    "kms:EncryptionContext:aws:logs:arn": (
                        f"arn:{PARTITION}:logs:{region}:{account}:log-group:{log_group}"
                    )
                }
            },
        },
    ]
