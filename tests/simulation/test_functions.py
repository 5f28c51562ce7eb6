"""Functions of the clouds that programs call for data."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from bedplate.simulation.functions import call
from bedplate.simulation.requests import Instance, Refusal
from tests.simulation.clouds import AWS, Sandbox

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def sandbox(tmp_path: Path) -> Sandbox:
    return Sandbox(tmp_path)


def test_zones_are_the_catalogs(sandbox: Sandbox) -> None:
    result = call(sandbox.world, AWS, "aws:index/getAvailabilityZones:getAvailabilityZones", {"state": "available"})
    assert result["names"] == ["us-east-2a", "us-east-2b", "us-east-2c"]
    assert result["zoneIds"] == ["use2-az1", "use2-az2", "use2-az3"]


def test_a_policy_document_is_written_out(sandbox: Sandbox) -> None:
    statement = {
        "actions": ["sts:AssumeRole", "sts:TagSession"],
        "principals": [{"type": "Service", "identifiers": ["pods.eks.amazonaws.com"]}],
        "conditions": [{"test": "StringEquals", "variable": "aws:SourceAccount", "values": ["1"]}],
    }
    result = call(sandbox.world, AWS, "aws:iam/getPolicyDocument:getPolicyDocument", {"statements": [statement]})
    assert json.loads(result["json"]) == {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Action": ["sts:AssumeRole", "sts:TagSession"],
                "Principal": {"Service": "pods.eks.amazonaws.com"},
                "Condition": {"StringEquals": {"aws:SourceAccount": ["1"]}},
            }
        ],
    }


def test_a_cluster_is_read_from_the_world(sandbox: Sandbox) -> None:
    cluster = sandbox.cluster()
    token = "aws:eks/getCluster:getCluster"
    assert call(sandbox.world, AWS, token, {"name": cluster.id})["endpoint"] == cluster.outputs["endpoint"]
    with pytest.raises(Refusal, match=r"reading EKS Cluster \(nope\): couldn't find resource"):
        call(sandbox.world, AWS, token, {"name": "nope"})


def test_offerings_are_the_catalogs(sandbox: Sandbox) -> None:
    arguments = {
        "locationType": "availability-zone",
        "filters": [{"name": "instance-type", "values": ["p5.48xlarge", "p6-b300.48xlarge"]}],
    }
    result = call(sandbox.world, AWS, "aws:ec2/getInstanceTypeOfferings:getInstanceTypeOfferings", arguments)
    assert result["instanceTypes"] == ["p5.48xlarge"] * 3
    assert result["locations"] == ["us-east-2a", "us-east-2b", "us-east-2c"]


@pytest.mark.parametrize(
    ("package", "token", "arguments", "known"),
    [
        ("aws", "aws:ec2/getAmi:getAmi", {"mostRecent": True, "owners": ["amazon"]}, "imageId"),
        ("aws", "aws:index/getCallerIdentity:getCallerIdentity", {}, "accountId"),
        ("gcp", "gcp:organizations/getProject:getProject", {"projectId": "x"}, "number"),
    ],
)
def test_the_rest_looks_right_and_stays_the_same(
    sandbox: Sandbox, package: str, token: str, arguments: dict[str, Any], known: str
) -> None:
    first, second = (
        call(sandbox.world, Instance(package, {"region": "us-east-2"}), token, arguments) for _ in range(2)
    )
    assert first == second
    assert first[known]


@pytest.mark.parametrize("token", ["aws:ec2/getNothing:getNothing", "kubernetes:helm:template"])
def test_what_cannot_be_known_is_refused(sandbox: Sandbox, token: str) -> None:
    with pytest.raises(Refusal):
        call(sandbox.world, Instance(token.split(":")[0]), token, {})
