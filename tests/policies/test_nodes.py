"""The rules about what creates nodes."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bedplate.sdk_types import is_known_token
from bedplate.sdk_types.tokens import plain_type
from rules.node_types import CONDITIONS, known_packages, node_kinds, node_type, node_types
from tests.policies.stack import (
    UNKNOWN,
    Declared,
    check_stack,
    launch_template,
    node_group,
    of_family,
    of_rule,
    pool,
    register,
)
from tests.support.stacks import REMOVED, changed

POOL = pool()
TEMPLATE = launch_template(POOL)
SIZES = {"minSize": 0, "maxSize": 2, "desiredSize": 0}


def test_a_pool_as_bedplate_declares_it() -> None:
    resources = (POOL, TEMPLATE, node_group(POOL, TEMPLATE))
    assert register(*resources) == []
    assert check_stack(*resources) == []


def test_a_group_below_another_component_of_the_pool() -> None:
    inner = Declared("acme:index:Wrapper", "wrapper", {}, parent=POOL, provider="")
    assert register(POOL, inner, node_group(inner, TEMPLATE)) == []


@pytest.mark.parametrize(
    ("token", "properties"),
    [
        ("aws:eks/nodeGroup:NodeGroup", {}),
        ("aws:autoscaling/group:Group", {}),
        ("aws:ec2/instance:Instance", {}),
        ("aws:ec2/capacityBlockReservation:CapacityBlockReservation", {}),
        ("aws:eks/cluster:Cluster", {"computeConfig": {"enabled": True}}),
        ("gcp:container/nodePool:NodePool", {}),
        ("gcp:container/cluster:Cluster", {}),
        ("gcp:container/cluster:Cluster", {"enableAutopilot": True, "removeDefaultNodePool": True}),
        ("gcp:container/cluster:Cluster", {"clusterAutoscaling": {"enabled": True}, "removeDefaultNodePool": True}),
        ("gcp:container/cluster:Cluster", {"nodePools": [{"name": "p"}], "removeDefaultNodePool": True}),
        ("azure-native:containerservice:AgentPool", {}),
        ("azure-native:containerservice/v20250101:AgentPool", {}),
        ("azure-native:compute:VirtualMachineScaleSet", {}),
        ("kubernetes:karpenter.sh/v1:NodePool", {}),
        ("kubernetes:infrastructure.cluster.x-k8s.io/v1:AWSMachinePool", {}),
    ],
)
def test_raw_nodes_are_refused(token: str, properties: dict[str, object]) -> None:
    messages = register(Declared(token, "raw", properties, provider=token.split(":")[0]))
    shown = plain_type(token)
    assert any(message.startswith(f"nodes-priced: {shown} raw creates ") for message in messages), messages


@pytest.mark.parametrize(
    ("token", "properties"),
    [
        ("aws:eks/cluster:Cluster", {}),
        ("aws:eks/cluster:Cluster", {"computeConfig": {"enabled": False}}),
        ("aws:ec2/launchTemplate:LaunchTemplate", {"instanceType": UNKNOWN}),
        ("gcp:container/cluster:Cluster", {"removeDefaultNodePool": True}),
        ("aws:kms/key:Key", {}),
    ],
)
def test_what_creates_no_nodes_passes(token: str, properties: dict[str, object]) -> None:
    assert of_family("nodes", register(Declared(token, "it", properties))) == []


@pytest.mark.parametrize(
    ("token", "properties", "field"),
    [
        ("aws:eks/cluster:Cluster", {"computeConfig": UNKNOWN}, "computeConfig"),
        ("aws:eks/cluster:Cluster", {"computeConfig": {"enabled": UNKNOWN}}, "computeConfig.enabled"),
        ("gcp:container/cluster:Cluster", {"removeDefaultNodePool": UNKNOWN}, "removeDefaultNodePool"),
        ("gcp:container/cluster:Cluster", {"nodePools": UNKNOWN, "removeDefaultNodePool": True}, "nodePools"),
    ],
)
def test_unknown_whether_it_creates_nodes(token: str, properties: dict[str, object], field: str) -> None:
    (message,) = of_family("nodes", register(Declared(token, "it", properties)))
    assert message.startswith(f"nodes-priced: cannot be decided: {field} is not known before the update")


def test_a_type_that_no_rule_can_compare_is_refused_inside_a_pool_too() -> None:
    (message,) = register(POOL, Declared("aws:autoscaling/group:Group", "more", {}, parent=POOL))
    assert "no rule can compare that with what its node pool declares" in message


DIFFERS = {
    "larger": ({"scalingConfig": SIZES | {"maxSize": 3}}, "it has maxSize 3; its pool declares at most 2 nodes"),
    "desired": ({"scalingConfig": SIZES | {"desiredSize": 9}}, "it has desiredSize 9"),
    "minimum": ({"scalingConfig": SIZES | {"minSize": 9}}, "it has minSize 9"),
    "unknown size": ({"scalingConfig": SIZES | {"maxSize": UNKNOWN}}, "scalingConfig.maxSize is not known before"),
    "unknown sizes": ({"scalingConfig": UNKNOWN}, "scalingConfig is not known before"),
    "no size": ({"scalingConfig": None}, "scalingConfig.minSize is not set"),
    "another name": ({"nodeGroupName": "mine"}, "the name 'mine', which is none of its pool's groups: vision-dev-it"),
    "no name": ({"nodeGroupName": None}, "nodeGroupName is not set"),
    "unknown name": ({"nodeGroupName": UNKNOWN}, "nodeGroupName is not known"),
    "spot": ({"capacityType": "SPOT"}, "it buys SPOT; its pool declares on-demand"),
    "a capacity block": ({"capacityType": "CAPACITY_BLOCK"}, "it buys CAPACITY_BLOCK"),
    "unknown capacity": ({"capacityType": UNKNOWN}, "capacityType is not known"),
    "another machine": ({"instanceTypes": ["p5.48xlarge"]}, "it runs p5.48xlarge; its pool declares m7i.2xlarge"),
    "further machines": ({"instanceTypes": ["m7i.2xlarge", "p5.48xlarge"]}, "it runs m7i.2xlarge, p5.48xlarge"),
    "unknown machine": ({"instanceTypes": [UNKNOWN]}, "instanceTypes[0] is not known"),
    "another region": ({"region": "us-west-2"}, "it runs in us-west-2; its pool is priced for us-east-1"),
}


@pytest.mark.parametrize(("changes", "expected"), DIFFERS.values(), ids=DIFFERS)
def test_a_group_that_differs_from_its_pool(changes: dict[str, object], expected: str) -> None:
    resources = (POOL, TEMPLATE, node_group(POOL, TEMPLATE, **changes))
    for messages in (register(*resources), check_stack(*resources)):
        assert any(message.startswith("nodes-as-declared: ") and expected in message for message in messages), messages


def test_capacity_left_out_is_on_demand() -> None:
    assert register(POOL, TEMPLATE, node_group(POOL, TEMPLATE, capacityType=None)) == []


@pytest.mark.parametrize("region", [None, UNKNOWN, "eu-west-1"])
def test_region_of_the_provider(region: object) -> None:
    group = replace(node_group(POOL, TEMPLATE), provider_properties={"region": region})
    (message,) = of_family("nodes", register(POOL, TEMPLATE, group))
    assert message.startswith("nodes-as-declared: ")
    assert "its pool is priced for us-east-1" in message


@pytest.mark.parametrize(
    ("machine", "at_registration", "on_stack"),
    [
        ("p5.48xlarge", "it starts p5.48xlarge; its pool declares m7i.2xlarge", "it runs p5.48xlarge by its launch"),
        (UNKNOWN, "instanceType is not known", "instanceType is not known"),
        (None, "instanceType is not set", "instanceType is not set"),
    ],
)
def test_launch_template(machine: str, at_registration: str, on_stack: str) -> None:
    template = launch_template(POOL, machine)
    resources = (POOL, template, node_group(POOL, template))
    assert any(at_registration in message for message in register(*resources))
    assert any(on_stack in message for message in check_stack(*resources))


def test_launch_template_of_elsewhere() -> None:
    (message,) = check_stack(POOL, node_group(POOL, launchTemplate={"id": "lt-1", "version": "1"}))
    assert "no launch template of this stack: its machine is unknown" in message


def test_launch_template_outside_a_pool() -> None:
    template = replace(launch_template(POOL, "p5.48xlarge"), parent=None)
    resources = (POOL, template, node_group(POOL, template))
    assert register(*resources) == []
    assert any("it runs p5.48xlarge by its launch template" in message for message in check_stack(*resources))


def test_a_group_of_a_pool_is_used_once() -> None:
    twice = [replace(node_group(POOL, TEMPLATE), name=name) for name in ("a", "b")]
    (message,) = check_stack(POOL, TEMPLATE, *twice)
    assert message.startswith("nodes-group-used-once: b and a are both group 'vision-dev-it-offer1' of it")


@pytest.mark.parametrize(
    "token", ["aws-native:eks:Nodegroup", "pulumi-python:dynamic:Resource", "command:local:Command"]
)
def test_packages_that_no_rule_knows(token: str) -> None:
    (message,) = register(Declared(token, "it", {}, provider=token.split(":")[0]))
    assert message.startswith(f"nodes-known-package: {token} it: no rule knows what the package ")


def test_components_and_the_engines_own_resources_need_no_package() -> None:
    component = Declared("acme:index:Thing", "it", {}, provider="")
    stack_reference = Declared("pulumi:pulumi:StackReference", "it", {}, provider="pulumi")
    provider = Declared("pulumi:providers:acme", "it", {}, provider="")
    assert register(component, stack_reference, provider) == []


def test_conditions_are_used_and_exist() -> None:
    assert {row.when for row in (*node_types(), *node_kinds()) if row.when} == set(CONDITIONS)


@pytest.mark.parametrize(
    "token",
    [row.pattern for row in node_types() if "*" not in row.pattern],
)
def test_types_exist_in_the_installed_sdks(token: str) -> None:
    assert is_known_token(token)
    assert node_type(token) is not None
    assert token.split(":")[0] in known_packages()


@pytest.mark.parametrize(
    ("token", "creates"),
    [
        ("kubernetes:karpenter.sh/v1:NodePool", True),
        ("kubernetes:ec2.services.k8s.aws/v1alpha1:Instance", True),
        ("kubernetes:apps/v1:Deployment", False),
        ("kubernetes:core/v1:Node", False),
    ],
)
def test_kubernetes_patterns(token: str, creates: bool) -> None:
    assert (node_type(token) is not None) == creates


DISK = "blockDeviceMappings.0.ebs"
OTHER_DISKS = {
    "larger": ({f"{DISK}.volumeSize": 500}, "has a root volume of 500 GiB; its pool declares 200 GiB"),
    "of no size": ({f"{DISK}.volumeSize": REMOVED}, "blockDeviceMappings[0].ebs.volumeSize is not set"),
    "of an unknown size": ({f"{DISK}.volumeSize": UNKNOWN}, "ebs.volumeSize is not known before the update"),
    "dearer": ({f"{DISK}.volumeType": "io2"}, "has a root volume of type io2; gp3 was priced"),
    "of no type": ({f"{DISK}.volumeType": REMOVED}, "has a root volume of type None; gp3 was priced"),
    "faster": ({f"{DISK}.iops": 16000}, "has a root volume with iops of 16000; 3000 cost nothing more"),
    "broader": ({f"{DISK}.throughput": 1000}, "has a root volume with throughput of 1000; 125 cost nothing more"),
    "filled at once": ({f"{DISK}.volumeInitializationRate": 300}, "with volumeInitializationRate of 300; 0 cost"),
    "two": (
        {"blockDeviceMappings": [{"deviceName": "/dev/xvda"}, {"deviceName": "/dev/xvdb"}]},
        "has 2 disks; one was",
    ),
    "none": ({"blockDeviceMappings": REMOVED}, "has 0 disks; one was priced"),
    "beside the root": ({"blockDeviceMappings.0.deviceName": "/dev/xvdb"}, "has 1 disk at /dev/xvdb; that of the root"),
}


@pytest.mark.parametrize(("changes", "expected"), OTHER_DISKS.values(), ids=OTHER_DISKS)
def test_another_root_volume_than_was_priced(changes: dict[str, object], expected: str) -> None:
    template = replace(TEMPLATE, properties=changed(TEMPLATE.properties, changes))
    messages = of_rule("nodes-template-as-declared", register(POOL, template))
    assert any(expected in message for message in messages), messages
    elsewhere = replace(template, parent=None)
    messages = of_rule("nodes-as-declared", check_stack(POOL, elsewhere, node_group(POOL, elsewhere)))
    assert any(expected in message for message in messages), messages


def test_a_root_volume_that_a_node_group_asks_for_itself() -> None:
    messages = register(POOL, node_group(POOL, instanceTypes=["m7i.2xlarge"], diskSize=500))
    assert any("has a root volume of 500 GiB; its pool declares 200 GiB" in message for message in messages), messages
    assert register(POOL, node_group(POOL, instanceTypes=["m7i.2xlarge"], diskSize=200)) == []


def test_a_pool_that_counts_smaller_disks_than_it_declares() -> None:
    groups = [POOL.properties["groups"][0] | {"rootDiskGib": 5000}]
    messages = of_rule("cost-counted-in-full", register(pool(groups=groups)))
    assert "may run 2 nodes with a root volume of 5000 GiB, but its cost counts 0" in messages[0]
