"""Several clusters in one program, clusters that cannot be reached, and stacks that build on others."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from bedplate.errors import UsageError

if TYPE_CHECKING:
    from tests.engine.projects import Simulated

pytestmark = pytest.mark.engine

TWO_CLUSTERS = """
import pulumi
import pulumi_aws as aws
import pulumi_kubernetes as kubernetes
vpc = aws.ec2.Vpc("vpc", cidr_block="10.0.0.0/16")
subnet, other = (aws.ec2.Subnet(zone, vpc_id=vpc.id, cidr_block=f"10.0.{i}.0/24", availability_zone=zone)
    for i, zone in enumerate(("us-east-2a", "us-east-2b")))
role = aws.iam.Role("role", assume_role_policy="{}")
for name in ("east", "west"):
    cluster = aws.eks.Cluster(name, role_arn=role.arn, vpc_config={"subnet_ids": [subnet.id, other.id],
        "public_access_cidrs": ["203.0.113.0/24"]})
    config = pulumi.Output.json_dumps({"clusters": [{"name": "c", "cluster": {"server": cluster.endpoint}}]})
    provider = kubernetes.Provider(name, kubeconfig=config)
    kubernetes.core.v1.Namespace(f"{name}-team", metadata={"name": "team", "labels": {"cluster": name}},
        opts=pulumi.ResourceOptions(provider=provider))
"""


def test_two_clusters_keep_their_objects_apart(simulated: Simulated) -> None:
    simulated.write(TWO_CLUSTERS)
    done = simulated.up()
    assert done.returncode == 0, done.stdout
    endpoints = {
        c.name: f"kubernetes/{c.outputs['endpoint']}" for c in simulated.world.of_type("aws:eks/cluster:Cluster")
    }
    spaces = simulated.world.of_type("kubernetes:core/v1:Namespace")
    assert {space.inputs["metadata"]["labels"]["cluster"]: space.place for space in spaces} == endpoints
    assert [space.id for space in spaces] == ["team", "team"]

    outside = simulated.pulumi("refresh", "--yes", runner="192.0.2.1")
    assert outside.returncode != 0
    assert "configured Kubernetes cluster is unreachable" in outside.stdout + outside.stderr
    assert "i/o timeout" in outside.stdout + outside.stderr

    assert simulated.pulumi("destroy", "--yes", runner="203.0.113.7").returncode == 0
    assert len(simulated.world) == 0


PLATFORM_AND_TEAM = """
import pulumi
import pulumi_aws as aws
if pulumi.get_stack() == "platform":
    queue = aws.sqs.Queue("platform")
    pulumi.export("queue", queue.arn)
else:
    platform = pulumi.StackReference("platform")
    aws.sqs.Queue("team", tags={"platform": platform.require_output("queue")})
"""
REGION = "config:\n  aws:region: us-east-2\n"
TEAM = REGION + "  bedplate:stack:\n    clusters:\n      use2: {stack: platform, name: use2}\n"


def test_the_stacks_that_a_stack_builds_on_are_brought_up_first(simulated: Simulated) -> None:
    simulated.write(PLATFORM_AND_TEAM, dev=TEAM, platform=REGION)
    done = simulated.up("--stack", "dev")
    assert done.returncode == 0, done.stdout + done.stderr
    platform, team = sorted(simulated.world.of_type("aws:sqs/queue:Queue"), key=lambda queue: queue.name)
    assert (platform.stack, team.stack) == ("platform", "dev")
    assert team.inputs["tags"] == {"platform": platform.outputs["arn"]}
    assert simulated.pulumi("preview", "--stack", "dev", "--expect-no-changes").returncode == 0
    assert len(simulated.world) == 2


def test_a_stack_that_is_not_there_is_named(simulated: Simulated) -> None:
    simulated.write(PLATFORM_AND_TEAM, dev=TEAM.replace("stack: platform", "stack: platfrom"), platform=REGION)
    with pytest.raises(UsageError, match="did you mean 'platform'"):
        simulated.up("--stack", "dev")
