"""What the components register, with Pulumi's mocks: the engine tests show the rest."""

from __future__ import annotations

from typing import Any

import pulumi
import pytest

from bedplate.clusters.handles import EksHandles
from bedplate.plan import plan_stack
from bedplate.separation.component import ClusterSeparation, TeamNamespaces
from bedplate.separation.policies import POLICIES
from bedplate.services.component import ClusterServices
from bedplate.services.manifests import apply_manifests, manifest_token, python_arguments
from tests.support.stacks import stack


class Registered(pulumi.runtime.Mocks):
    """Remembers what was registered."""

    def __init__(self) -> None:
        self.inputs: dict[str, dict[str, dict[str, Any]]] = {}

    def new_resource(self, args: pulumi.runtime.MockResourceArgs) -> tuple[str | None, dict[Any, Any]]:
        self.inputs.setdefault(args.typ, {})[args.name] = args.inputs
        return f"{args.name}-id", {**args.inputs, "arn": f"arn:aws:test:::{args.name}"}

    def call(self, args: pulumi.runtime.MockCallArgs) -> tuple[dict[Any, Any], None]:
        return {}, None


@pytest.fixture
def registered() -> Registered:
    mocks = Registered()
    pulumi.runtime.set_mocks(mocks, project="bedplate", stack="vision-dev", preview=False)
    return mocks


def handles() -> EksHandles:
    import pulumi_aws
    import pulumi_kubernetes

    return EksHandles(
        name="vision-dev-use1",
        region="us-east-1",
        kubernetes_version="1.35",
        cloud=pulumi_aws.Provider("aws-us-east-1", region="us-east-1"),
        kubernetes=pulumi_kubernetes.Provider("use1"),
        vpc_id="vpc-1",
        private_subnets={},
        node_security_group_ids=(),
        encryption_key_arn="arn:aws:kms:us-east-1:111122223333:key/test",
    )


class Parent(pulumi.ComponentResource):
    def __init__(self) -> None:
        super().__init__("bedplate:index:Test", "parent")


def test_services(registered: Registered) -> None:
    @pulumi.runtime.test  # type: ignore[untyped-decorator, unused-ignore]
    def declare() -> None:
        plan = plan_stack(stack())
        ClusterServices(plan.clusters["use1"], plan, handles())

    declare()
    releases = registered.inputs["kubernetes:helm.sh/v3:Release"]
    assert {release["name"]: release["repositoryOpts"]["repo"] for release in releases.values()} == {
        "cluster-autoscaler": "https://kubernetes.github.io/autoscaler",
        "gpu-operator": "https://helm.ngc.nvidia.com/nvidia",
        "aws-efa-k8s-device-plugin": "https://aws.github.io/eks-charts",
    }
    (association,) = registered.inputs["aws:eks/podIdentityAssociation:PodIdentityAssociation"].values()
    assert (association["namespace"], association["serviceAccount"]) == ("kube-system", "cluster-autoscaler")
    values = releases["vision-dev-use1-cluster-autoscaler"]["values"]
    assert values["rbac"]["serviceAccount"]["name"] == association["serviceAccount"]


def test_services_for_endpoints(registered: Registered) -> None:
    @pulumi.runtime.test  # type: ignore[untyped-decorator, unused-ignore]
    def declare() -> None:
        plan = plan_stack(stack({"clusters.use1.serving": "internal"}))
        ClusterServices(plan.clusters["use1"], plan, handles())

    declare()
    charts = {release["chart"] for release in registered.inputs["kubernetes:helm.sh/v3:Release"].values()}
    assert {"keda", "kube-prometheus-stack", "oci://docker.io/envoyproxy/gateway-helm"} <= charts
    (gateway,) = registered.inputs["kubernetes:gateway.networking.k8s.io/v1:Gateway"].values()
    (policy,) = registered.inputs["kubernetes:gateway.envoyproxy.io/v1alpha1:SecurityPolicy"].values()
    assert gateway["metadata"] == policy["metadata"]


def test_separation(registered: Registered) -> None:
    @pulumi.runtime.test  # type: ignore[untyped-decorator, unused-ignore]
    def declare() -> None:
        plan = plan_stack(stack())
        cluster = handles()
        TeamNamespaces(plan, "use1", cluster, [ClusterSeparation(plan.clusters["use1"], cluster)])

    declare()
    policies = registered.inputs["kubernetes:admissionregistration.k8s.io/v1:ValidatingAdmissionPolicy"]
    bindings = registered.inputs["kubernetes:admissionregistration.k8s.io/v1:ValidatingAdmissionPolicyBinding"]
    assert len(policies) == len(bindings) == len(POLICIES)
    names = {one["metadata"]["name"] for one in registered.inputs["kubernetes:core/v1:Namespace"].values()}
    assert names == {"vision-dev-general", "vision-dev-inference"}


def test_what_has_no_class_in_the_sdk_becomes_a_custom_resource(registered: Registered) -> None:
    queue = {
        "apiVersion": "kueue.x-k8s.io/v1beta1",
        "kind": "LocalQueue",
        "metadata": {"name": "main", "namespace": "team"},
        "spec": {"clusterQueue": "all"},
    }

    @pulumi.runtime.test  # type: ignore[untyped-decorator, unused-ignore]
    def declare() -> None:
        apply_manifests([queue], handles().kubernetes, Parent())

    declare()
    assert registered.inputs[manifest_token(queue)]["parent-localqueue-team-main"] == queue


def test_a_custom_resource_loses_no_field(registered: Registered) -> None:
    manifest = {"apiVersion": "example.com/v1", "kind": "Odd", "metadata": {"name": "odd"}, "data": {}}

    @pulumi.runtime.test  # type: ignore[untyped-decorator, unused-ignore]
    def declare() -> None:
        with pytest.raises(ValueError, match="data would be lost"):
            apply_manifests([manifest], handles().kubernetes, Parent())

    declare()


def test_only_a_resources_own_arguments_are_spelt_pythons_way() -> None:
    inputs = {"preemptionPolicy": "Never", "metadata": {"creationTimestamp": "now"}}
    assert python_arguments(inputs) == {"preemption_policy": "Never", "metadata": {"creationTimestamp": "now"}}
