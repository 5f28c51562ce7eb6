"""What a node is told when it starts, beside what EKS tells it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bedplate.node_pools.plan import NodeGroupPlan

BOUNDARY = "bedplate"

# EKS adds a part of its own with the cluster's coordinates; nodeadm merges the parts (amazon-eks-ami, nodeadm).
INSTANCE_STORE_RAID = f"""\
MIME-Version: 1.0
Content-Type: multipart/mixed; boundary="{BOUNDARY}"

--{BOUNDARY}
Content-Type: application/node.eks.aws

---
apiVersion: node.eks.aws/v1alpha1
kind: NodeConfig
spec:
  instance:
    localStorage:
      strategy: RAID0

--{BOUNDARY}--
"""


def user_data(group: NodeGroupPlan) -> str | None:
    """Return the user data of a group's nodes, or None when what EKS says is enough.

    With NVMe drives on board, images, containers and logs go there: they are many times as fast as the root volume,
    and come with the machine's price.
    """
    return INSTANCE_STORE_RAID if group.instance_store_raid else None
