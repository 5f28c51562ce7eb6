"""What runs on every cluster that a stack owns, as a Pulumi component."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pulumi

from bedplate.clusters.handles import EksHandles
from bedplate.clusters.plan import EksPlan
from bedplate.cost.estimate import serving_cost
from bedplate.cost.wire import carried_cost
from bedplate.services.autoscaler import SERVICE_ACCOUNT, autoscaler_policy
from bedplate.services.manifests import apply_manifests, python_arguments
from bedplate.services.namespaces import service_namespaces, service_quotas
from bedplate.services.plan import SYSTEM_NAMESPACE, plan_services

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bedplate.clusters.handles import ClusterHandles
    from bedplate.plan import OwnedCluster, StackPlan
    from bedplate.services.helm import HelmRelease

INSTALL_SECONDS = 600
"""How long Helm waits for a chart's pods. Its default of five minutes is short of a node that is still joining."""


class ClusterServices(pulumi.ComponentResource):
    """The node autoscaler of one cluster, its device plugins, and what endpoints on it need."""

    def __init__(
        self, plan: OwnedCluster, stack: StackPlan, cluster: ClusterHandles, after: Sequence[pulumi.Resource] = ()
    ) -> None:
        """Declare the services of a planned cluster of `stack`.

        Helm waits for their pods: `after` must hold the pools that they run on, and the cluster's DNS.
        """
        options = pulumi.ResourceOptions(providers=cluster.providers)
        services = plan_services(plan)
        inputs: dict[str, Any] = {"charts": {release.chart: release.version for release in services.releases}}
        if costs := serving_cost(plan.plan, plan.serving):
            inputs |= carried_cost(stack, plan.plan, costs)
        super().__init__("bedplate:index:ClusterServices", plan.plan.name, inputs, options)
        namespaces = apply_manifests(service_namespaces(services), cluster.kubernetes, self)
        quotas = apply_manifests(service_quotas(services), cluster.kubernetes, self, depends_on=namespaces)
        before = [*after, *namespaces, *quotas, *self._declare_identities(plan, cluster)]
        releases: dict[str, pulumi.Resource] = {}
        for release in services.releases:
            first = [releases[name] for name in release.after]
            releases[release.name] = declare_release(
                f"{plan.plan.full_name}-{release.name}", release, self, [*before, *first]
            )
        apply_manifests(services.manifests, cluster.kubernetes, self, depends_on=list(releases.values()))
        self.register_outputs(inputs)

    def _declare_identities(self, plan: OwnedCluster, cluster: ClusterHandles) -> tuple[pulumi.Resource, ...]:
        """Declare what the services may do in the cloud, and return what must exist before they start."""
        if not isinstance(cluster, EksHandles):  # elsewhere the cloud runs the autoscaler itself
            return ()
        from bedplate.clouds.aws import policy_document
        from bedplate.clusters.aws_identity import pod_identity

        policy = policy_document(*autoscaler_policy(cluster.name))
        name = f"{cluster.name}-autoscaler"
        autoscaler = pod_identity(name, cluster, SYSTEM_NAMESPACE, SERVICE_ACCOUNT, self, policy=policy)
        if not (isinstance(plan.plan, EksPlan) and plan.plan.autoscaler == "karpenter"):
            return (autoscaler,)
        from bedplate.services.karpenter_aws import declare_karpenter

        return (autoscaler, *declare_karpenter(cluster, self))


def release_inputs(release: HelmRelease) -> dict[str, Any]:
    """Return the inputs of a release's resource."""
    # A chart in an image registry has one address; elsewhere a repository's index tells where it is.
    in_registry = release.repository.startswith("oci://")
    return {
        "name": release.name,
        "chart": f"{release.repository}/{release.chart}" if in_registry else release.chart,
        "version": release.version,
        **({} if in_registry else {"repositoryOpts": {"repo": release.repository}}),
        "namespace": release.namespace,
        "values": release.values,
        # A first install that fails leaves nothing behind, an upgrade that fails goes back: the next `up` can try
        # again. It also waits for the pods, so that `up` says it when an image cannot be pulled.
        "atomic": True,
        "timeout": INSTALL_SECONDS,
        "maxHistory": 10,
        "disableOpenapiValidation": not release.validate_openapi,
    }


def declare_release(
    name: str, release: HelmRelease, parent: pulumi.Resource, depends_on: Sequence[pulumi.Resource]
) -> pulumi.Resource:
    """Declare a Helm release as one resource."""
    from pulumi_kubernetes.helm.v3 import Release

    resource: pulumi.Resource = Release(
        name,
        **python_arguments(release_inputs(release)),
        opts=pulumi.ResourceOptions(parent=parent, depends_on=list(depends_on)),
    )
    return resource
