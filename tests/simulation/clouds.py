"""Simulated clouds for tests: without engine and gRPC, with a network, a role and a cluster at hand."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bedplate.simulation.api_server import Runner
from bedplate.simulation.cloud import Cloud
from bedplate.simulation.faults import FaultPlan, parse_fault
from bedplate.simulation.requests import Instance
from bedplate.simulation.world_file import Resource, World

if TYPE_CHECKING:
    from pathlib import Path

AWS = Instance("aws", {"region": "us-east-2", "defaultTags": {"tags": {"owner": "platform"}}})
VPC = "aws:ec2/vpc:Vpc"
SUBNET = "aws:ec2/subnet:Subnet"
ROLE = "aws:iam/role:Role"
CLUSTER = "aws:eks/cluster:Cluster"
NODE_GROUP = "aws:eks/nodeGroup:NodeGroup"
TEMPLATE = "aws:ec2/launchTemplate:LaunchTemplate"


class Sandbox:
    """A world and its clouds, spoken to in a few words."""

    def __init__(self, folder: Path, *faults: str, runner: str | None = None) -> None:
        self.world = World(folder / "world.json")
        self.cloud = Cloud(self.world, FaultPlan(map(parse_fault, faults)), Runner.parse(runner))

    def create(self, token: str, name: str = "x", instance: Instance = AWS, /, **inputs: Any) -> Resource:
        """Check and create a resource, and return it as the world has it."""
        urn = urn_of(token, name)
        checked, problems = self.cloud.check(instance, token, name, {}, inputs)
        assert not problems, [problem.render() for problem in problems]
        identity, _ = self.cloud.create(instance, urn, checked, preview=False)
        found = self.cloud.read(instance, urn, identity)
        assert found is not None
        return found

    def update(self, resource: Resource, instance: Instance = AWS, **changes: Any) -> dict[str, Any]:
        """Update a resource whose state remembers the inputs that it was created with."""
        news = {**resource.inputs, **changes}
        return self.cloud.update(instance, resource.urn, resource.id, resource.inputs, news, preview=False)

    def delete(self, resource: Resource, instance: Instance = AWS) -> None:
        """Delete a resource."""
        self.cloud.delete(instance, resource.urn, resource.id)

    def cluster(self, **access: Any) -> Resource:
        """Create a network, a role and a cluster."""
        vpc = self.create(VPC, "vpc", cidrBlock="10.0.0.0/16")
        zones = enumerate(("us-east-2a", "us-east-2b"))
        subnets = [
            self.create(SUBNET, f"s{i}", vpcId=vpc.id, cidrBlock=f"10.0.{i}.0/24", availabilityZone=zone)
            for i, zone in zones
        ]
        role = self.create(ROLE, "role", assumeRolePolicy="{}")
        network = {"subnetIds": [subnet.id for subnet in subnets], **access}
        return self.create(CLUSTER, "cluster", roleArn=role.outputs["arn"], vpcConfig=network)

    def group_inputs(self, cluster: Resource, machine: str = "p5.48xlarge", **changes: Any) -> dict[str, Any]:
        """Return the inputs of a node group on a cluster."""
        return {
            "clusterName": cluster.id,
            "nodeRoleArn": cluster.inputs["roleArn"],
            "subnetIds": cluster.inputs["vpcConfig"]["subnetIds"],
            "instanceTypes": [machine],
            "scalingConfig": {"minSize": 1, "desiredSize": 1, "maxSize": 4},
            **changes,
        }


def urn_of(token: str, name: str) -> str:
    return f"urn:pulumi:dev::fixture::{token}::{name}"


def kubernetes(cluster: Resource, **config: Any) -> Instance:
    """Return a kubernetes provider for a cluster."""
    return kubernetes_at(cluster.outputs["endpoint"], **config)


def kubernetes_at(server: str, **config: Any) -> Instance:
    """Return a kubernetes provider for an API server."""
    return Instance(
        "kubernetes", {"kubeconfig": {"clusters": [{"name": "c", "cluster": {"server": server}}]}, **config}
    )
