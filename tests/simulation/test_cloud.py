"""What the simulated clouds answer, remember and refuse."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

import pytest

from bedplate.catalog import kubernetes_versions
from bedplate.sdk_types import UNKNOWN
from bedplate.simulation.requests import HalfMade, Instance, Refusal
from tests.simulation.clouds import AWS, CLUSTER, NODE_GROUP, ROLE, SUBNET, TEMPLATE, VPC, Sandbox, kubernetes, urn_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

NAMESPACE = "kubernetes:core/v1:Namespace"
CONFIG_MAP = "kubernetes:core/v1:ConfigMap"


@pytest.fixture
def sandbox(tmp_path: Path) -> Sandbox:
    return Sandbox(tmp_path)


def test_identities_are_random_as_the_clouds_give_them(sandbox: Sandbox) -> None:
    first, second = (sandbox.create(VPC, "vpc", cidrBlock="10.0.0.0/16") for _ in range(2))
    assert first.id != second.id
    assert first.id.startswith("vpc-")
    assert len(first.id) == len("vpc-") + 17
    assert first.outputs["arn"] == f"arn:aws:ec2:us-east-2:000000000000:vpc/{first.id}"
    assert first.outputs["tagsAll"] == {"owner": "platform"}


def test_a_cluster_has_what_programs_build_on(sandbox: Sandbox) -> None:
    outputs = sandbox.cluster(endpointPrivateAccess=True).outputs
    digits = outputs["endpoint"].removeprefix("https://").split(".")[0]
    assert outputs["endpoint"].endswith(".gr7.us-east-2.eks.amazonaws.com")
    assert outputs["identities"][0]["oidcs"][0]["issuer"] == f"https://oidc.eks.us-east-2.amazonaws.com/id/{digits}"
    assert outputs["certificateAuthority"]["data"]
    assert outputs["vpcConfig"]["clusterSecurityGroupId"].startswith("sg-")
    assert outputs["vpcConfig"]["endpointPrivateAccess"] is True
    assert outputs["vpcConfig"]["endpointPublicAccess"] is True


def test_a_preview_knows_what_was_said_and_not_what_the_cloud_decides(sandbox: Sandbox) -> None:
    inputs = {
        "name": "c",
        "roleArn": UNKNOWN,
        "vpcConfig": {"subnetIds": UNKNOWN, "publicAccessCidrs": ["192.0.2.0/24"]},
    }
    identity, outputs = sandbox.cloud.create(AWS, urn_of(CLUSTER, "c"), inputs, preview=True)
    assert identity == ""
    assert (outputs["name"], outputs["region"]) == ("c", "us-east-2")
    assert [outputs[name] for name in ("endpoint", "arn", "certificateAuthority", "status")] == [UNKNOWN] * 4
    assert outputs["vpcConfig"]["publicAccessCidrs"] == ["192.0.2.0/24"]
    assert outputs["vpcConfig"]["clusterSecurityGroupId"] == UNKNOWN
    assert len(sandbox.world) == 0


def test_a_launch_template_counts_its_versions(sandbox: Sandbox) -> None:
    template = sandbox.create(TEMPLATE, instanceType="g6.xlarge")
    assert template.outputs["latestVersion"] == 1
    news = {**template.inputs, "instanceType": "g6.2xlarge"}
    planned = sandbox.cloud.update(AWS, template.urn, template.id, template.inputs, news, preview=True)
    assert planned["latestVersion"] == UNKNOWN
    assert sandbox.update(template, instanceType="g6.2xlarge")["latestVersion"] == 2
    assert sandbox.update(template, instanceType="g6.2xlarge")["latestVersion"] == 2


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"availabilityZone": "us-east-2b"}, ("us-east-2b", "use2-az2")),
        ({"availabilityZoneId": "use2-az3"}, ("us-east-2c", "use2-az3")),
        ({}, ("us-east-2a", "use2-az1")),
    ],
)
def test_a_subnet_has_its_zone_by_name_and_id(
    sandbox: Sandbox, given: dict[str, str], expected: tuple[str, str]
) -> None:
    vpc = sandbox.create(VPC, cidrBlock="10.0.0.0/16")
    outputs = sandbox.create(SUBNET, vpcId=vpc.id, cidrBlock="10.0.0.0/24", **given).outputs
    assert (outputs["availabilityZone"], outputs["availabilityZoneId"]) == expected


CARDS = [{"networkCardIndex": 0, "deviceIndex": 0}, {"networkCardIndex": 1, "deviceIndex": 0}]
REFUSED: list[tuple[str, Callable[[Sandbox], Any], str]] = [
    (
        "no such VPC",
        lambda s: s.create(SUBNET, vpcId="vpc-0", cidrBlock="10.0.0.0/24"),
        "InvalidVpcID.NotFound: The vpc ID 'vpc-0' does not exist",
    ),
    (
        "no such zone",
        lambda s: s.create(SUBNET, vpcId=s.create(VPC).id, cidrBlock="10.0.0.0/24", availabilityZone="us-east-2z"),
        "InvalidParameterValue: Value (us-east-2z) for parameter availabilityZone is invalid.",
    ),
    (
        "no such subnet, nested",
        lambda s: s.cluster(subnetIds=["subnet-0"]),
        "InvalidSubnetID.NotFound: The subnet ID 'subnet-0' does not exist",
    ),
    (
        "no such security group",
        lambda s: s.create(TEMPLATE, vpcSecurityGroupIds=["sg-0"]),
        "InvalidGroup.NotFound: The security group 'sg-0' does not exist",
    ),
    (
        "no such cluster",
        lambda s: s.create("aws:eks/addon:Addon", clusterName="nope", addonName="vpc-cni"),
        "ResourceNotFoundException: No cluster found for name: nope.",
    ),
    (
        "no such role",
        lambda s: s.create(
            "aws:iam/rolePolicyAttachment:RolePolicyAttachment", role="nope", policyArn="arn:aws:iam::aws:policy/X"
        ),
        "NoSuchEntity: The role with name nope cannot be found.",
    ),
    (
        "no such launch template",
        lambda s: s.create(NODE_GROUP, **s.group_inputs(s.cluster(), launchTemplate={"id": "lt-0", "version": "1"})),
        "InvalidLaunchTemplateId.NotFound: The specified launch template, with template ID lt-0, does not exist.",
    ),
    (
        "a cluster in one zone",
        lambda s: s.cluster(subnetIds=[s.create(SUBNET, vpcId=s.create(VPC).id, cidrBlock="10.0.0.0/24").id]),
        "InvalidParameterException: Subnets specified must be in at least two different AZs",
    ),
    (
        "a cluster that nobody can reach",
        lambda s: s.cluster(endpointPublicAccess=False),
        "InvalidParameterException: Both private and public endpoint access cannot be false",
    ),
    (
        "a version that EKS does not have",
        lambda s: s.update(s.cluster(), version="1.9"),
        "InvalidParameterException: unsupported Kubernetes version 1.9",
    ),
    (
        "more cards in a launch template than the group's machine has",
        lambda s: s.create(
            NODE_GROUP,
            **s.group_inputs(
                s.cluster(),
                "g6.xlarge",
                launchTemplate={"id": s.create(TEMPLATE, networkInterfaces=CARDS).id, "version": "1"},
            ),
        ),
        "launch template for g6.xlarge: networkInterfaces[1].networkCardIndex: g6.xlarge has 1 network cards",
    ),
    (
        "a name that is taken",
        lambda s: [s.create(ROLE, name="same", assumeRolePolicy="{}") for _ in range(2)],
        "EntityAlreadyExists: Role with name same already exists.",
    ),
    (
        "a machine that the zone does not have",
        lambda s: s.create(NODE_GROUP, **s.group_inputs(s.cluster(), "p6-b300.48xlarge")),
        "Your requested instance type (p6-b300.48xlarge) is not supported in your requested Availability Zone (us-e",
    ),
    (
        "desired below min",
        lambda s: s.create(
            NODE_GROUP, **s.group_inputs(s.cluster(), scalingConfig={"minSize": 2, "desiredSize": 1, "maxSize": 4})
        ),
        "InvalidParameterException: minSize can't be greater than desiredSize",
    ),
    (
        "desired above max",
        lambda s: s.create(
            NODE_GROUP, **s.group_inputs(s.cluster(), scalingConfig={"minSize": 0, "desiredSize": 5, "maxSize": 4})
        ),
        "InvalidParameterException: desiredSize can't be greater than maxSize",
    ),
    (
        "a VPC that is in use",
        lambda s: s.delete((s.cluster(), s.world.of_type(VPC)[0])[1]),
        "has dependencies and cannot be deleted.",
    ),
    (
        "a namespace that is not there",
        lambda s: s.create(CONFIG_MAP, "cm", kubernetes(s.cluster()), metadata={"namespace": "team"}, data={}),
        'namespaces "team" not found',
    ),
]


@pytest.mark.parametrize(("attempt", "said"), [row[1:] for row in REFUSED], ids=[row[0] for row in REFUSED])
def test_what_the_service_refuses(sandbox: Sandbox, attempt: Callable[[Sandbox], Any], said: str) -> None:
    with pytest.raises(Refusal) as refusal:
        attempt(sandbox)
    assert said in str(refusal.value)


@pytest.mark.parametrize(
    ("inputs", "said"),
    [
        (
            {"instanceTypes": ["p5.48xlarg"]},
            "aws has no machine type 'p5.48xlarg' (catalog); did you mean 'p5.48xlarge'?",
        ),
        ({"capacityType": "SPOTT"}, "'SPOTT' is not one of ON_DEMAND, SPOT, CAPACITY_BLOCK; did you mean 'SPOT'?"),
        (
            {"instanceTypes": ["m7i.2xlarge"], "capacityType": "CAPACITY_BLOCK"},
            "m7i.2xlarge is sold as on-demand, spot only",
        ),
        (
            {"instanceTypes": ["m7g.large"], "amiType": "AL2023_x86_64_STANDARD"},
            "amiType: [m7g.large] is not a valid instance type for requested amiType AL2023_x86_64_STANDARD",
        ),
        (
            {"instanceTypes": ["m7i.large"], "amiType": "AL2023_ARM_64_STANDARD"},
            "requested amiType AL2023_ARM_64_STANDARD",
        ),
        ({"capacityTyp": "SPOT"}, "capacityTyp: unknown property; did you mean 'capacityType'?"),
    ],
)
def test_a_preview_refuses_what_cannot_exist(sandbox: Sandbox, inputs: dict[str, Any], said: str) -> None:
    group = {"clusterName": "c", "nodeRoleArn": UNKNOWN, "subnetIds": UNKNOWN, "scalingConfig": UNKNOWN, **inputs}
    _, problems = sandbox.cloud.check(AWS, NODE_GROUP, "g", {}, group)
    assert any(said in problem.render() for problem in problems)


def test_raising_min_above_the_desired_size_that_is_ignored_is_refused(sandbox: Sandbox) -> None:
    """terraform-aws-eks#3306: with ignore_changes the engine sends the old desired size beside the new min."""
    group = sandbox.create(NODE_GROUP, **sandbox.group_inputs(sandbox.cluster()))
    with pytest.raises(Refusal, match="Minimum capacity 3 can't be greater than desired size 1"):
        sandbox.update(group, scalingConfig={"minSize": 3, "desiredSize": 1, "maxSize": 4})


def test_a_control_plane_goes_up_one_version_at_a_time(sandbox: Sandbox) -> None:
    cluster = sandbox.cluster()
    old, *_, newest = sorted((offered.version for offered in kubernetes_versions("aws")), key=lambda v: int(v[2:]))
    sandbox.update(cluster, version=old)
    with pytest.raises(Refusal, match=f"Unsupported Kubernetes minor version update from {old} to {newest}"):
        sandbox.update(cluster, version=newest)


def test_an_update_leaves_alone_what_it_does_not_change(sandbox: Sandbox) -> None:
    group = sandbox.create(NODE_GROUP, **sandbox.group_inputs(sandbox.cluster()))
    scaled = {**group.inputs["scalingConfig"], "desiredSize": 3}  # the autoscaler
    sandbox.world.change(group, inputs={**group.inputs, "scalingConfig": scaled})
    outputs = sandbox.update(group, labels={"a": "b"})
    assert outputs["scalingConfig"]["desiredSize"] == 3
    assert outputs["labels"] == {"a": "b"}


def test_a_shortage_leaves_a_group_that_is_not_ready(tmp_path: Path) -> None:
    sandbox = Sandbox(tmp_path, "capacity:p5.48xlarge@use2-az1*1")
    inputs = sandbox.group_inputs(sandbox.cluster())
    with pytest.raises(HalfMade) as half:
        sandbox.create(NODE_GROUP, "group", **inputs)
    said = str(half.value)
    assert "create: unexpected state 'CREATE_FAILED', wanted target 'ACTIVE'. last error: eks-group-" in said
    assert "AsgInstanceLaunchFailures: Could not launch On-Demand Instances. InsufficientInstanceCapacity - " in said
    assert "p5.48xlarge capacity in the Availability Zone you requested (us-east-2a)" in said
    assert "choosing us-east-2b, us-east-2c." in said
    group = half.value.resource
    assert sandbox.world.named("group") == [group]
    assert sandbox.update(group)["status"] == "ACTIVE"
    assert sandbox.world.named("group")[0].failure == ""


@pytest.mark.parametrize(
    ("fault", "changes", "said"),
    [
        (
            "capacity:p5.48xlarge",
            {"capacityType": "SPOT"},
            "There is no Spot capacity available that matches your request.",
        ),
        (
            "quota:p5.48xlarge",
            {},
            "VcpuLimitExceeded - You have requested more vCPU capacity than your current vCPU limit of",
        ),
        ("half:group", {}, "timeout while waiting for state to become 'ACTIVE'"),
        ("half:aws:eks/nodeGroup:NodeGroup", {}, "timeout while waiting for state to become 'ACTIVE'"),
    ],
)
def test_faults_speak_as_the_service_does(tmp_path: Path, fault: str, changes: dict[str, Any], said: str) -> None:
    sandbox = Sandbox(tmp_path, fault)
    inputs = sandbox.group_inputs(sandbox.cluster(), **changes)
    with pytest.raises(HalfMade) as half:
        sandbox.create(NODE_GROUP, "group", **inputs)
    assert said in str(half.value)


@pytest.mark.parametrize(
    ("fault", "changes"),
    [
        ("capacity:p5.48xlarge@use2-az3", {}),  # none of the group's zones
        ("capacity:g6.xlarge", {}),  # another machine
        ("capacity:p5.48xlarge", {"instanceTypes": ["p5.48xlarge", "p5e.48xlarge"]}),  # the other type is to be had
        ("capacity:p5.48xlarge", {"scalingConfig": {"minSize": 0, "desiredSize": 0, "maxSize": 4}}),  # starts nothing
    ],
)
def test_a_shortage_of_something_else_strikes_nothing(tmp_path: Path, fault: str, changes: dict[str, Any]) -> None:
    sandbox = Sandbox(tmp_path, fault)
    inputs = sandbox.group_inputs(sandbox.cluster(), **changes)
    assert sandbox.create(NODE_GROUP, **inputs).failure == ""


@pytest.mark.parametrize(
    ("token", "fault", "inputs", "said"),
    [
        (
            "gcp:container/nodePool:NodePool",
            "capacity:a3-highgpu-8g@us-central1-a",
            {
                "cluster": "c",
                "location": "us-central1-a",
                "nodeCount": 1,
                "nodeConfig": {"machineType": "a3-highgpu-8g"},
            },
            "ZONE_RESOURCE_POOL_EXHAUSTED: the zone 'us-central1-a'",
        ),
        (
            "azure-native:containerservice:AgentPool",
            "quota:Standard_ND96isr_H100_v5",
            {"resourceGroupName": "g", "resourceName": "c", "count": 1, "vmSize": "Standard_ND96isr_H100_v5"},
            'Code="QuotaExceeded"',
        ),
        (
            "azure-native:containerservice:AgentPool",
            "capacity:Standard_ND96isr_H100_v5@2",
            {
                "resourceGroupName": "g",
                "resourceName": "c",
                "count": 1,
                "vmSize": "Standard_ND96isr_H100_v5",
                "availabilityZones": ["1", "2"],
            },
            'Code="AllocationFailed" Message="Allocation failed: no sufficient capacity',
        ),
    ],
)
def test_shortages_on_the_other_clouds(
    tmp_path: Path, token: str, fault: str, inputs: dict[str, Any], said: str
) -> None:
    with pytest.raises(HalfMade) as half:
        Sandbox(tmp_path, fault).create(token, "pool", Instance(token.split(":")[0]), **inputs)
    assert said in str(half.value)


def test_an_interrupt_hands_over_what_is_being_made(tmp_path: Path) -> None:
    sandbox = Sandbox(tmp_path, "slow:aws:ec2/vpc:Vpc=600s")
    threading.Timer(0.05, sandbox.cloud.cancelled.set).start()
    with pytest.raises(HalfMade, match="context canceled") as half:
        sandbox.create(VPC, cidrBlock="10.0.0.0/16")
    assert list(sandbox.world) == [half.value.resource]


def test_namespaces_and_clusters_take_their_objects_with_them(sandbox: Sandbox) -> None:
    cluster = sandbox.cluster()
    provider = kubernetes(cluster)
    space = sandbox.create(NAMESPACE, "ns", provider, metadata={"name": "team"})
    inside = sandbox.create(CONFIG_MAP, "cm", provider, metadata={"namespace": "team"}, data={"a": "b"})
    beside = sandbox.create(CONFIG_MAP, "cm2", provider, metadata={"name": "cm"}, data={})
    assert (space.id, beside.id) == ("team", "default/cm")
    assert inside.id.startswith("team/cm-")
    sandbox.delete(space, provider)
    assert sandbox.world.of_type(CONFIG_MAP) == [beside]
    sandbox.delete(cluster)
    assert sandbox.world.of_type(CONFIG_MAP) == []


def test_deleting_what_is_gone_is_no_error(sandbox: Sandbox) -> None:
    vpc = sandbox.create(VPC, cidrBlock="10.0.0.0/16")
    sandbox.delete(vpc)
    sandbox.delete(vpc)
    assert len(sandbox.world) == 0


def test_an_update_of_what_is_gone_is_refused(sandbox: Sandbox) -> None:
    vpc = sandbox.create(VPC, cidrBlock="10.0.0.0/16")
    sandbox.delete(vpc)
    with pytest.raises(Refusal, match="was not found"):
        sandbox.update(vpc, tags={"a": "b"})


def test_a_region_is_needed(sandbox: Sandbox) -> None:
    with pytest.raises(Refusal, match="Missing region"):
        sandbox.create(VPC, "vpc", Instance("aws"), cidrBlock="10.0.0.0/16")


@pytest.mark.parametrize(
    ("token", "inputs", "start"),
    [
        ("gcp:compute/network:Network", {}, "projects/simulated/global/networks/x-"),
        (
            "azure-native:containerservice:ManagedCluster",
            {"resourceGroupName": "rg"},
            "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/rg/providers/Microsoft.containerservice/managed_cluster/x-",
        ),
        (
            "azure-native:resources:ResourceGroup",
            {},
            "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/x-",
        ),
    ],
)
def test_other_clouds_give_identities_of_their_own_form(
    sandbox: Sandbox, token: str, inputs: dict[str, Any], start: str
) -> None:
    made = sandbox.create(token, "x", Instance(token.split(":")[0]), **inputs)
    assert made.id.startswith(start)
    assert made.outputs
