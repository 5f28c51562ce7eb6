"""Injected faults, as somebody who runs `pulumi` meets them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.engine.projects import Simulated

pytestmark = pytest.mark.engine

NODE_GROUP = "aws:eks/nodeGroup:NodeGroup"
PROGRAM = """
import pulumi
import pulumi_aws as aws
config = pulumi.Config()
vpc = aws.ec2.Vpc("vpc", cidr_block="10.0.0.0/16")
subnet, other = (aws.ec2.Subnet(zone, vpc_id=vpc.id, cidr_block=f"10.0.{i}.0/24", availability_zone=zone)
    for i, zone in enumerate(("us-east-2a", "us-east-2b")))
role = aws.iam.Role("role", assume_role_policy="{}")
cluster = aws.eks.Cluster("cluster", role_arn=role.arn, vpc_config={"subnet_ids": [subnet.id, other.id]})
least = config.get_int("least") or 1
aws.eks.NodeGroup("pool", cluster_name=cluster.name, node_role_arn=role.arn, subnet_ids=[subnet.id],
    instance_types=["p5.48xlarge"], scaling_config={"min_size": least, "desired_size": 1, "max_size": 4},
    opts=pulumi.ResourceOptions(ignore_changes=["scalingConfig.desiredSize"]))
aws.sqs.Queue("beside", opts=pulumi.ResourceOptions(depends_on=[cluster]))
"""


def test_a_shortage_is_told_and_survived(simulated: Simulated) -> None:
    """The provider's message, exit 1; what exists stays in the state, and the next up finishes."""
    simulated.write(PROGRAM)
    short = simulated.up(faults=("capacity:p5.48xlarge@use2-az1",))
    assert short.returncode == 1
    assert (
        "AsgInstanceLaunchFailures: Could not launch On-Demand Instances. InsufficientInstanceCapacity" in short.stdout
    )
    listed = simulated.pulumi("stack", "--show-urns").stdout
    assert "aws:eks/cluster:Cluster::cluster" in listed
    assert "aws:eks/nodeGroup:NodeGroup::pool" in listed
    cluster = simulated.world.of_type("aws:eks/cluster:Cluster")[0].id

    again = simulated.up()
    assert again.returncode == 0, again.stdout
    assert [group.failure for group in simulated.world.of_type(NODE_GROUP)] == [""]
    assert simulated.world.of_type("aws:eks/cluster:Cluster")[0].id == cluster
    late = simulated.up("--expect-no-changes", faults=("capacity:p5.48xlarge@use2-az1",))
    assert late.returncode == 0
    assert "fault capacity:p5.48xlarge@use2-az1 never struck: no such machine was started" in late.stderr

    scaled = simulated.pulumi("refresh", "--yes", "--diff", faults=("drift:pool.scalingConfig.desiredSize=3",))
    assert "desiredSize: 1 => 3" in scaled.stdout

    simulated.pulumi("config", "set", "least", "4")
    (simulated.project / "Pulumi.dev.yaml").write_text("config:\n  aws:region: us-east-2\n  fixture:least: 4\n")
    raised = simulated.up()
    assert raised.returncode == 1
    assert "InvalidParameterException: Minimum capacity 4 can't be greater than desired size 3" in raised.stdout

    gone = simulated.pulumi("refresh", "--yes", faults=("deleted:beside",))
    assert "never struck" not in short.stderr + gone.stderr
    assert "- 1 deleted" in gone.stdout

    assert simulated.pulumi("destroy", "--yes").returncode == 0
    assert len(simulated.world) == 0


def test_a_half_made_resource_is_finished_by_the_next_up(simulated: Simulated) -> None:
    simulated.write('import pulumi_aws as aws\naws.sqs.Queue("queue")\n')
    half = simulated.up(faults=("half:queue",))
    assert half.returncode == 1
    assert "timeout while waiting for state to become 'ACTIVE'" in half.stdout
    identity = simulated.world.named("queue")[0].id
    assert simulated.up().returncode == 0
    assert [(queue.id, queue.failure) for queue in simulated.world.named("queue")] == [(identity, "")]


def test_a_misspelt_property_is_reported_with_the_nearest_name(simulated: Simulated) -> None:
    simulated.write(
        "import pulumi_aws as aws\n"
        'aws.ec2.LaunchTemplate("template", placement={"group_nam": "x"}, tags={"a": 1}, image_id="ami-1")\n'
    )
    done = simulated.pulumi("preview")
    assert done.returncode == 1
    assert "placement.group_nam: unknown property; did you mean 'groupName'?" in done.stdout
    assert "tags.a: expected a string, got 1" in done.stdout
