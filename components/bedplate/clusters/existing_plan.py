"""What follows from the declaration of a cluster that exists already. Nothing of it is asked of the cluster."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from bedplate.clusters.plan import ClusterPlan, deletion_protection, full_name

if TYPE_CHECKING:
    from bedplate.clusters.existing_spec import ExistingClusterSpec, SecondaryNetworkSpec
    from bedplate.fabrics.spec import OwnFabricSpec
    from bedplate.stack import StackSpec


@dataclass(frozen=True, slots=True, kw_only=True)
class ExistingPlan(ClusterPlan):
    """A cluster that somebody else runs.

    It is reached by `kubeconfig_secret`, the configuration key that holds a kubeconfig, or by `context`, a context of
    the runner's own; the other one is empty.
    """

    kubeconfig_secret: str
    context: str
    virtual_machines: bool
    fabric: OwnFabricSpec | None
    secondary_network: SecondaryNetworkSpec | None

    @property
    def own_fabric(self) -> OwnFabricSpec | None:
        """What the owner says about the network between accelerators."""
        return self.fabric

    @property
    def way_in(self) -> str:
        """How programs reach the API server, in words."""
        return f"context {self.context}" if self.context else f"kubeconfig from the secret {self.kubeconfig_secret}"


def plan_existing(stack: StackSpec, name: str, spec: ExistingClusterSpec) -> ExistingPlan:
    """Decide an existing cluster. The stack must have passed its preconditions."""
    return ExistingPlan(
        name=name,
        full_name=full_name(stack, name),
        provider=spec.provider,
        region="",
        zones=(),
        kubernetes_version=spec.kubernetes_version,
        runner_networks=(),
        deletion_protection=deletion_protection(stack, spec),
        kubeconfig_secret=spec.kubeconfig.secret if spec.kubeconfig else "",
        context=spec.context or "",
        virtual_machines=spec.virtual_machines,
        fabric=spec.fabric,
        secondary_network=spec.secondary_network,
        owner_namespaces=spec.system_namespaces,
    )
