"""AWS Neuron: Trainium and Inferentia become something that a pod can ask for. The node image brings the driver.

Names of values are those of neuron-helm-chart 1.10.0 (catalog, neuron-chart-values).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bedplate import catalog
from bedplate.services.helm import HelmRelease, helm_release
from bedplate.services.tolerations import agent_tolerations

if TYPE_CHECKING:
    from bedplate.plan import OwnedCluster

RESOURCE_NAME = "aws.amazon.com/neuron"


def neuron_release(cluster: OwnedCluster) -> HelmRelease:
    """Return the Neuron chart's Helm release: its device plugin and nothing else.

    Its scheduler extension keeps devices of a pod next to each other. It brings a second scheduler, of a Kubernetes
    version of its own, which every pod would have to name; a pod that takes a whole node needs none. Its problem
    detector asks for rights in the account.
    """
    neuron = [machine.name for machine in catalog.machines(cluster.plan.provider).values() if machine.vendor == "AWS"]
    return helm_release(
        "neuron-helm-chart",
        {
            "neuronInstances": sorted(neuron),
            "devicePlugin": {"tolerations": agent_tolerations(cluster, [RESOURCE_NAME])},
            "scheduler": {"enabled": False},
            "npd": {"enabled": False},
        },
    )
