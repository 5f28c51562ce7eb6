"""What a node is told when it starts, beside what EKS tells it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bedplate.node_pools.plan import NodeGroupPlan

BOUNDARY = "bedplate"

# EKS adds a part of its own with the cluster's coordinates; nodeadm merges the parts (amazon-eks-ami, nodeadm).
INSTANCE_STORE_RAID = """\
Content-Type: application/node.eks.aws

---
apiVersion: node.eks.aws/v1alpha1
kind: NodeConfig
spec:
  instance:
    localStorage:
      strategy: RAID0
"""

HUGE_PAGES = """\
Content-Type: text/x-shellscript; charset="us-ascii"

#!/bin/bash
set -euo pipefail
pages=$(( $(cat /proc/sys/vm/nr_hugepages) + {pages} ))
echo "vm.nr_hugepages = $pages" > /etc/sysctl.d/99-bedplate-huge-pages.conf
sysctl --load /etc/sysctl.d/99-bedplate-huge-pages.conf
"""
"""Sets pages aside before the kubelet starts, which counts them once (AWS re:Post, "How do I enable the HugePages
feature on my Amazon EKS node groups?"). What the EFA driver has set aside for itself stays its own."""


def user_data(group: NodeGroupPlan) -> str | None:
    """Return the user data of a group's nodes, or None when what EKS says is enough.

    With NVMe drives on board, images, containers and logs go there: they are many times as fast as the root volume,
    and come with the machine's price.
    """
    parts = user_data_parts(group)
    if not parts:
        return None
    body = "".join(f"--{BOUNDARY}\n{part}\n" for part in parts)
    return f'MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary="{BOUNDARY}"\n\n{body}--{BOUNDARY}--\n'


def user_data_parts(group: NodeGroupPlan) -> list[str]:
    """Return the parts of a group's user data, each with its own header."""
    parts = [INSTANCE_STORE_RAID] if group.instance_store_raid else []
    if group.huge_pages_2mi:
        parts.append(HUGE_PAGES.format(pages=group.huge_pages_2mi))
    return parts
