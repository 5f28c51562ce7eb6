"""What is the same all over an AWS account: its provider, its number, names of its resources, policy documents."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pulumi
import pulumi_aws as aws

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

PARTITION = "aws"
"""The commercial partition: the catalog knows no region of another one (China, GovCloud)."""


def declare_provider(region: str, tags: Mapping[str, str]) -> pulumi.ProviderResource:
    """Declare the provider of a region; `tags` reach every resource but the instances that a node group launches."""
    provider: pulumi.ProviderResource = aws.Provider(
        f"aws-{region}", region=region, default_tags=aws.ProviderDefaultTagsArgs(tags=dict(tags))
    )
    return provider


def account_id(parent: pulumi.Resource) -> pulumi.Output[str]:
    """Return the number of the account in which the parent's provider works."""
    identity = aws.get_caller_identity_output(opts=pulumi.InvokeOutputOptions(parent=parent))
    number: pulumi.Output[str] = identity.account_id
    return number


def managed_policy_arn(name: str) -> str:
    """Return the name of a policy that AWS maintains."""
    return f"arn:{PARTITION}:iam::aws:policy/{name}"


def policy_document(*statements: Mapping[str, Any]) -> str:
    """Return statements as the JSON text that IAM and KMS take; equal statements give equal text."""
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)}, sort_keys=True)


def declare_service_role(
    name: str,
    service: str,
    managed_policies: Sequence[str],
    parent: pulumi.Resource,
    *,
    actions: Sequence[str] = ("sts:AssumeRole",),
    conditions: Mapping[str, Any] | None = None,
) -> tuple[aws.iam.Role, tuple[pulumi.Resource, ...]]:
    """Declare a role that an AWS service takes, with policies that AWS maintains.

    Returns the role, and everything that must exist before it is of use.
    """
    options = pulumi.ResourceOptions(parent=parent)
    trust: dict[str, Any] = {"Effect": "Allow", "Principal": {"Service": service}, "Action": list(actions)}
    if conditions:
        trust["Condition"] = dict(conditions)
    role = aws.iam.Role(name, assume_role_policy=policy_document(trust), opts=options)
    attachments = tuple(
        aws.iam.RolePolicyAttachment(
            f"{name}-{policy}", role=role.name, policy_arn=managed_policy_arn(policy), opts=options
        )
        for policy in managed_policies
    )
    return role, (role, *attachments)
