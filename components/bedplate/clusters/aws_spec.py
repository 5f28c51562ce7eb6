"""What a team may write about an EKS cluster."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from bedplate.clusters.spec import CloudClusterSpec
from bedplate.stack_file.model import Wording

RoleArn = Annotated[
    str,
    StringConstraints(pattern=r"^arn:aws[a-z-]*:iam::\d{12}:role/[\w+=,.@/-]+$", max_length=2048),
    Wording("the ARN of an IAM role, such as arn:aws:iam::111122223333:role/admin"),
]

# CloudWatch accepts only these retention periods (PutRetentionPolicy, retentionInDays).
AuditLogDays = Literal[30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653]

Autoscaler = Literal["cluster-autoscaler", "karpenter"]


class AwsClusterSpec(CloudClusterSpec):
    """An EKS cluster."""

    provider: Literal["aws"] = Field(description="Amazon Web Services: an EKS cluster.")
    administrators: tuple[RoleArn, ...] = Field(
        default=(),
        description="IAM roles that administer the cluster, beside the role that creates it.",
    )
    autoscaler: Autoscaler = Field(
        default="cluster-autoscaler",
        description="What starts nodes of inference and training pools: the Cluster Autoscaler, from managed node "
        "groups, whose maximum only EC2's own rebalancing passes; or Karpenter, sooner, but with limits that a burst "
        "or a replacement may pass by a node. General pools are managed node groups in both cases.",
    )
    audit_log_days: AuditLogDays = Field(default=365, description="How long control-plane logs are kept, in days.")
