"""The EFA device plugin: network cards of the fabric become something that a pod can ask for.

Names of values were read in aws/eks-charts, stable/aws-efa-k8s-device-plugin v0.5.30.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bedplate import catalog
from bedplate.services.helm import HelmRelease, helm_release
from bedplate.services.tolerations import agent_tolerations

if TYPE_CHECKING:
    from bedplate.plan import OwnedCluster


def efa_release(cluster: OwnedCluster) -> HelmRelease:
    """Return the EFA device plugin's Helm release for a cluster.

    The chart brings the list of machine types that it runs on, and tolerates none of a pool's taints by itself.
    """
    return helm_release(
        "aws-efa-k8s-device-plugin",
        {"tolerations": agent_tolerations(cluster, _accelerators_with_efa(cluster.plan.provider))},
    )


def _accelerators_with_efa(provider: str) -> set[str]:
    return {
        machine.resource_name
        for machine in catalog.machines(provider).values()
        if machine.efa_interfaces and machine.resource_name
    }
