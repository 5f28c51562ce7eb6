"""What is wrong with inputs, by the types of the installed SDKs."""

from __future__ import annotations

from typing import Any

import pytest

from bedplate.sdk_types import UNKNOWN, check_inputs, is_known_token, resource_type
from bedplate.sdk_types.classes import snake_case
from bedplate.sdk_types.values import SIGNATURE

SECRET = "1b47061264138c4ac30d75fd1eb44270"
NODE_GROUP = "aws:eks/nodeGroup:NodeGroup"
DEPLOYMENT = "kubernetes:apps/v1:Deployment"
GOOD_GROUP = {
    "clusterName": "c",
    "nodeRoleArn": UNKNOWN,
    "subnetIds": ["subnet-1"],
    "scalingConfig": {"minSize": 0, "desiredSize": 1, "maxSize": 2.0},
}


def pod(**container: Any) -> dict[str, Any]:
    spec = {"containers": [{"name": "x", "image": "y", **container}]}
    return {"spec": {"selector": {}, "template": {"spec": spec}}}


def found(token: str, inputs: dict[str, Any]) -> list[str]:
    return [problem.render() for problem in check_inputs(token, inputs)]


@pytest.mark.parametrize(
    ("token", "inputs", "expected"),
    [
        (NODE_GROUP, {**GOOD_GROUP, "diskSiz": 1}, "diskSiz: unknown property; did you mean 'diskSize'?"),
        (NODE_GROUP, {**GOOD_GROUP, "disk_size": 1}, "disk_size: unknown property; did you mean 'diskSize'?"),
        (NODE_GROUP, {**GOOD_GROUP, "diskSize": "1"}, "diskSize: expected an integer, got '1'"),
        (NODE_GROUP, {**GOOD_GROUP, "diskSize": 1.5}, "diskSize: expected an integer, got 1.5"),
        (NODE_GROUP, {**GOOD_GROUP, "diskSize": True}, "diskSize: expected an integer, got true"),
        (NODE_GROUP, {**GOOD_GROUP, "subnetIds": "s"}, "subnetIds: expected a list, got 's'"),
        (NODE_GROUP, {**GOOD_GROUP, "subnetIds": ["s", 2]}, "subnetIds[1]: expected a string, got 2"),
        (NODE_GROUP, {**GOOD_GROUP, "labels": {"a.b/c": 1}}, "labels.a.b/c: expected a string, got 1"),
        (NODE_GROUP, {**GOOD_GROUP, "scalingConfig": []}, "scalingConfig: expected an object, got a list"),
        (
            NODE_GROUP,
            {**GOOD_GROUP, "taints": [{"key": "k", "effect": "NoSchedule", "valu": "v"}]},
            "taints[0].valu: unknown property; did you mean 'value'?",
        ),
        (
            NODE_GROUP,
            {**GOOD_GROUP, "scalingConfig": {"minSize": 0, "desiredSize": 0}},
            "scalingConfig.maxSize: missing required property",
        ),
        (
            DEPLOYMENT,
            {"spec": {**pod()["spec"], "replicas": "three"}},
            "spec.replicas: expected an integer, got 'three'",
        ),
        (
            DEPLOYMENT,
            pod(imagee="y"),
            "spec.template.spec.containers[0].imagee: unknown property; did you mean 'image'?",
        ),
        (
            "kubernetes:core/v1:ConfigMap",
            {"data": {"a": 1}},
            "data.a: expected a string, got 1",
        ),
        (
            "gcp:container/nodePool:NodePool",
            {"cluster": "c", "nodeConfig": {"machineTyp": "n1"}},
            "nodeConfig.machineTyp: unknown property; did you mean 'machineType'?",
        ),
        (
            "azure-native:containerservice:AgentPool",
            {"resourceGroupName": "g", "resourceName": "c", "count": "3"},
            "count: expected an integer, got '3'",
        ),
    ],
)
def test_a_wrong_input_is_reported_with_its_place(token: str, inputs: dict[str, Any], expected: str) -> None:
    assert found(token, inputs) == [expected]


@pytest.mark.parametrize(
    ("token", "inputs"),
    [
        (NODE_GROUP, GOOD_GROUP),
        (NODE_GROUP, {**GOOD_GROUP, "scalingConfig": UNKNOWN, "subnetIds": UNKNOWN, "labels": {"a": UNKNOWN}}),
        (NODE_GROUP, {**GOOD_GROUP, "clusterName": {SIGNATURE: SECRET, "value": "c"}}),
        (NODE_GROUP, {**GOOD_GROUP, "__defaults": ["x"]}),
        (NODE_GROUP, {**GOOD_GROUP, "amiType": None}),
        # a port by name or by number, a quantity as text or as number
        (DEPLOYMENT, pod(livenessProbe={"httpGet": {"port": "http"}})),
        (DEPLOYMENT, pod(livenessProbe={"httpGet": {"port": 80}})),
        (DEPLOYMENT, pod(resources={"limits": {"cpu": 1, "memory": "1Gi"}, "requests": {"nvidia.com/gpu": 8}})),
        ("kubernetes:core/v1:Secret", {"stringData": {SIGNATURE: SECRET, "value": {"p": "q"}}}),
        # a schema of a custom resource may hold anything as its default
        (
            "kubernetes:apiextensions.k8s.io/v1:CustomResourceDefinition",
            {"spec": {"group": "g", "names": {"kind": "K", "plural": "ks"}, "scope": "Cluster", "versions": []}},
        ),
        ("aws:ec2/placementGroup:PlacementGroup", {"strategy": "a-word-that-the-SDK-does-not-know-yet"}),
        ("kubernetes:kubeflow.org/v1:PyTorchJob", {"anything": {"goes": 1}}),
        ("bedplate:index:Cluster", {"anything": 1}),
        ("random:index/randomId:RandomId", {"anything": 1}),
    ],
)
def test_a_right_input_is_no_problem(token: str, inputs: dict[str, Any]) -> None:
    assert found(token, inputs) == []


def test_a_deprecated_input_is_a_problem_for_those_who_ask() -> None:
    inputs: dict[str, Any] = {"enterpriseConfig": {}}
    (problem,) = check_inputs("gcp:container/cluster:Cluster", inputs, deprecated=True)
    assert problem.render().startswith("enterpriseConfig: is deprecated: GKE Enterprise features are now available")
    assert check_inputs("gcp:container/cluster:Cluster", inputs) == []


def test_a_secret_is_looked_into() -> None:
    inputs = {**GOOD_GROUP, "diskSize": {SIGNATURE: SECRET, "value": "big"}}
    assert found(NODE_GROUP, inputs) == ["diskSize: expected an integer, got 'big'"]


def test_every_missing_input_is_reported() -> None:
    paths = {problem.path for problem in check_inputs(NODE_GROUP, {})}
    assert paths == {("clusterName",), ("nodeRoleArn",), ("subnetIds",), ("scalingConfig",)}


@pytest.mark.parametrize(
    ("token", "known"),
    [
        (NODE_GROUP, True),
        (DEPLOYMENT, True),
        ("aws:eks/nodeGroup:NodeGroups", False),
        ("kubernetes:kubeflow.org/v1:PyTorchJob", False),
        ("bedplate:index:Cluster", False),
        ("no token", False),
    ],
)
def test_known_tokens(token: str, known: bool) -> None:
    assert is_known_token(token) is known


# Types that a stack uses most; a property without a readable type would never be refused.
@pytest.mark.parametrize(
    "token",
    [
        "aws:eks/cluster:Cluster",
        "aws:ec2/launchTemplate:LaunchTemplate",
        "kubernetes:core/v1:Pod",
        "gcp:container/cluster:Cluster",
        "azure-native:containerservice:ManagedCluster",
    ],
)
def test_every_input_has_a_type(token: str) -> None:
    from bedplate.sdk_types.checks import alternatives

    known = resource_type(token)
    assert known is not None
    assert known.inputs
    assert [name for name, declared in known.inputs.items() if not alternatives(declared.annotation)] == []


@pytest.mark.parametrize(
    ("name", "expected"),
    [("subnetIds", "subnet_ids"), ("clusterIP", "cluster_ip"), ("enableFIPS", "enable_fips"), ("name", "name")],
)
def test_snake_case(name: str, expected: str) -> None:
    assert snake_case(name) == expected
