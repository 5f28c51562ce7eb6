"""Costs of states and previews that the real engine writes, on simulated clouds."""

from __future__ import annotations

import json
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from bedplate import simulation
from bedplate.cost.graph.estimate import GraphCost, graph_cost
from bedplate.cost.graph.resources import read_preview, read_state
from bedplate.plan import plan_stack
from bedplate.stack_file.load import load_stack
from tests.cost.graphs import write
from tests.engine.projects import new_project
from tests.support.engine import installed_engine

pytestmark = pytest.mark.engine

ROOT = Path(__file__).parents[2]
TODAY = date(2026, 11, 21)
HOURS = Decimal(730)

RAW = """
import pulumi_aws as aws
disk = aws.ec2.LaunchTemplateBlockDeviceMappingEbsArgs(volume_size=100, volume_type="gp3")
template = aws.ec2.LaunchTemplate(
    "template",
    instance_type="g6.2xlarge",
    block_device_mappings=[aws.ec2.LaunchTemplateBlockDeviceMappingArgs(device_name="/dev/xvda", ebs=disk)],
)
aws.autoscaling.Group(
    "group",
    min_size=0,
    max_size=3,
    availability_zones=["us-east-1a"],
    launch_template=aws.autoscaling.GroupLaunchTemplateArgs(id=template.id, version="$Latest"),
)
aws.ec2.Eip("address", domain="vpc")
aws.ebs.Volume("volume", availability_zone="us-east-1a", size=40, type="gp3")
aws.s3.Bucket("bucket")
aws.sqs.Queue("queue")
aws.rds.Instance("database", instance_class="db.t3.micro", allocated_storage=20, engine="postgres", username="u")
"""


def preview_cost(folder: Path, output: str) -> GraphCost:
    return graph_cost(read_preview(write(folder, output)), TODAY)


def test_a_preview_of_a_stack_costs_what_its_plan_costs(tmp_path: Path) -> None:
    installed_engine()
    command = ["preview", "--json", "--stack", "vision-dev"]
    run = simulation.run(ROOT, command, home=tmp_path / "home", capture=True)
    assert run.returncode == 0, run.stderr
    found = preview_cost(tmp_path, run.stdout)
    loaded = load_stack(ROOT / "stacks" / "Pulumi.vision-dev.yaml")
    plan = plan_stack(loaded.spec, loaded.references)
    assert sorted(map(repr, found.cost.lines)) == sorted(map(repr, plan.cost.lines))
    assert found.covered > 50


def test_raw_resources_cost_the_same_before_and_after(tmp_path: Path) -> None:
    installed_engine()
    project = new_project(tmp_path)
    project.write(RAW, dev="config:\n  aws:region: us-east-1\n")
    preview = project.pulumi("preview", "--json", "--stack", "dev")
    assert preview.returncode == 0, preview.stderr
    before = preview_cost(tmp_path, preview.stdout)
    made = project.up("--stack", "dev")
    assert made.returncode == 0, made.stdout
    exported = project.pulumi("stack", "export", "--stack", "dev")
    after = graph_cost(read_state(write(tmp_path, json.loads(exported.stdout))), TODAY)
    expected = 3 * (Decimal("0.9776") * HOURS + 8) + Decimal("0.005") * HOURS + Decimal("3.2")
    for found in (before, after):
        assert round(found.cost.max_per_month, 6) == round(expected, 6)
        assert [item.type for item in found.items if item.line.usd_per_hour is None] == ["aws:rds/instance:Instance"]
        assert found.not_counted[:2] == (
            "what 1 × aws:s3/bucket:Bucket hold and carry",
            "what 1 × aws:sqs/queue:Queue hold and carry",
        )
