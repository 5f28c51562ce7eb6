"""Costs of resources that no plan counted, by hand from the prices that the catalog ships."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from bedplate import catalog
from bedplate.cost.graph.billing import KINDS, resource_types
from bedplate.cost.graph.estimate import PRICES, GraphCost, graph_cost
from bedplate.cost.graph.resources import read_preview, read_state
from bedplate.cost.wire import to_wire
from bedplate.plan import plan_stack
from bedplate.sdk_types import is_known_token
from tests.cost.graphs import UNKNOWN, preview_of, resource, state_of, write
from tests.support.stacks import one_pool, stack

TODAY = date(2026, 11, 21)
HOURS = Decimal(730)
TEMPLATE = resource(
    "aws:ec2/launchTemplate:LaunchTemplate",
    "template",
    id="lt-1",
    inputs={
        "instanceType": "g6.2xlarge",
        "blockDeviceMappings": [{"deviceName": "/dev/xvda", "ebs": {"volumeSize": 100, "volumeType": "gp3"}}],
    },
)
GROUP = {"scalingConfig": {"minSize": 1, "maxSize": 4, "desiredSize": 2}}


def cost_of(folder: Path, *resources: dict[str, Any]) -> GraphCost:
    return graph_cost(read_state(write(folder, state_of(*resources))), TODAY)


def preview_cost(folder: Path, *resources: dict[str, Any]) -> GraphCost:
    return graph_cost(read_preview(write(folder, preview_of(*resources))), TODAY)


def month(*terms: Any) -> Decimal:
    return round(sum((Decimal(term) for term in terms), Decimal(0)), 6)


@pytest.mark.parametrize(
    ("kind", "inputs", "usd_per_month"),
    [
        ("aws:ec2/natGateway:NatGateway", {}, [Decimal("0.045") * HOURS]),
        ("aws:ec2/eip:Eip", {}, [Decimal("0.005") * HOURS]),
        ("aws:kms/key:Key", {}, [1]),
        ("aws:eks/cluster:Cluster", {"version": "1.35"}, [Decimal("0.10") * HOURS]),
        ("aws:eks/cluster:Cluster", {}, [Decimal("0.10") * HOURS]),
        ("aws:eks/cluster:Cluster", {"version": "1.30"}, [Decimal("0.60") * HOURS]),
        (
            "aws:eks/cluster:Cluster",
            {"version": "1.30", "upgradePolicy": {"supportType": "STANDARD"}},
            [Decimal("0.10") * HOURS],
        ),
        ("aws:ebs/volume:Volume", {"size": 100, "type": "gp3"}, [8]),
        ("aws:ebs/volume:Volume", {"size": 100}, [10]),
        ("aws:ebs/volume:Volume", {"size": 100.0, "type": "gp3", "iops": 3000, "throughput": 125}, [8]),
        ("aws:ebs/volume:Volume", {"size": 40, "type": "gp3", "iops": 4000, "throughput": 130}, ["3.2", 5, "0.2"]),
        ("aws:ebs/volume:Volume", {"size": 30, "type": "io2", "iops": 300}, ["3.75", "19.5"]),
        ("aws:ebs/volume:Volume", {"size": 40, "type": "st1"}, ["1.8"]),
        ("aws:lb/loadBalancer:LoadBalancer", {"internal": True}, [Decimal("0.0225") * HOURS]),
        (
            "aws:lb/loadBalancer:LoadBalancer",
            {"loadBalancerType": "network", "subnets": ["a", "b"]},
            [Decimal("0.0225") * HOURS, Decimal("0.005") * 2 * HOURS],
        ),
        (
            "aws:elb/loadBalancer:LoadBalancer",
            {"internal": "true", "subnets": ["a", "b"]},
            [Decimal("0.025") * HOURS],
        ),
        ("aws:ec2/vpcEndpoint:VpcEndpoint", {}, []),
        (
            "aws:ec2/vpcEndpoint:VpcEndpoint",
            {"vpcEndpointType": "Interface", "subnetIds": ["a", "b", "c"]},
            [Decimal("0.01") * 3 * HOURS],
        ),
        (
            "aws:ec2/instance:Instance",
            {"instanceType": "g6.2xlarge", "associatePublicIpAddress": True, "rootBlockDevice": {"volumeSize": 50}},
            [Decimal("0.9776") * HOURS, Decimal("0.005") * HOURS, 5],
        ),
        (
            "aws:eks/nodeGroup:NodeGroup",
            GROUP | {"instanceTypes": ["m7i.xlarge", "g6.2xlarge"], "capacityType": "SPOT", "diskSize": 50},
            [Decimal("0.9776") * 4 * HOURS, 5 * 4],
        ),
        ("aws:eks/nodeGroup:NodeGroup", GROUP | {"instanceTypes": ["m7i.xlarge"]}, ["588.672", 2 * 4]),
        ("kubernetes:core/v1:Service", {"spec": {"type": "ClusterIP"}}, []),
        ("kubernetes:apps/v1:Deployment", {}, []),
        ("aws:iam/role:Role", {}, []),
    ],
)
def test_prices_of_resources(tmp_path: Path, kind: str, inputs: dict[str, Any], usd_per_month: list[Any]) -> None:
    for found in (
        cost_of(tmp_path, resource(kind, inputs=inputs)),
        preview_cost(tmp_path, resource(kind, inputs=inputs)),
    ):
        assert not found.cost.unpriced
        assert round(found.cost.max_per_month, 6) == month(*usd_per_month)


@pytest.mark.parametrize(
    ("kind", "inputs", "reason"),
    [
        ("aws:ec2/instance:Instance", {"instanceType": UNKNOWN}, "instanceType is not known"),
        ("aws:ec2/instance:Instance", {}, "instanceType is not set"),
        ("aws:ec2/instance:Instance", {"instanceType": "g6.2xlarge"}, "volumeSize is not set"),
        (
            "aws:ec2/instance:Instance",
            {"instanceType": "x9.metal", "rootBlockDevice": {"volumeSize": 8}},
            "no on-demand",
        ),
        ("aws:ec2/instance:Instance", {"instanceType": "g6.2xlarge", "tenancy": "dedicated"}, "tenancy dedicated"),
        ("aws:eks/nodeGroup:NodeGroup", {"scalingConfig": {"maxSize": UNKNOWN}}, "scalingConfig.maxSize is not known"),
        ("aws:eks/nodeGroup:NodeGroup", {"scalingConfig": {"maxSize": "many"}}, "is no whole number"),
        ("aws:eks/nodeGroup:NodeGroup", {}, "nothing bounds the nodes"),
        ("aws:eks/nodeGroup:NodeGroup", GROUP | {"instanceTypes": [UNKNOWN]}, "instance types is not known"),
        ("aws:eks/nodeGroup:NodeGroup", GROUP | {"launchTemplate": {"id": "lt-9"}}, "not in this stack"),
        ("aws:autoscaling/group:Group", {"maxSize": 4}, "launchTemplate is not set"),
        ("aws:eks/cluster:Cluster", {"computeConfig": {"enabled": True}}, "EKS Auto Mode"),
        ("aws:eks/cluster:Cluster", {"version": "1.7"}, "version 1.7"),
        ("aws:ebs/volume:Volume", {"snapshotId": "snap-1"}, "a snapshot or an image decides"),
        ("aws:ebs/volume:Volume", {"size": 8, "type": "gp9"}, "'gp9' has no known price"),
        ("aws:ebs/volume:Volume", {"size": {"4dabf18193072939515e22adb298388d": "x"}}, "size is not known"),
        ("aws:lb/loadBalancer:LoadBalancer", {"loadBalancerType": "gateway"}, "'gateway' has no known price"),
        ("aws:ec2/vpcEndpoint:VpcEndpoint", {"vpcEndpointType": UNKNOWN}, "vpcEndpointType is not known"),
        ("aws:fsx/lustreFileSystem:LustreFileSystem", {}, "no price list at hand"),
        ("aws:rds/instance:Instance", {}, "not among those whose price is known"),
        ("made:up/thing:Thing", {}, "not among those whose price is known"),
        ("kubernetes:helm.sh/v3:Release", {}, "what a chart creates is not in the graph"),
        ("kubernetes:core/v1:Service", {"spec": {"type": "LoadBalancer"}}, "creates a load balancer"),
        ("kubernetes:apps/v1:StatefulSet", {"spec": {"volumeClaimTemplates": [{}]}}, "creates a volume"),
        ("aws:ec2/natGateway:NatGateway", {"region": "eu-west-1"}, "no price of nat-gateway in eu-west-1"),
        ("aws:ec2/natGateway:NatGateway", {"region": UNKNOWN}, "region is not known"),
    ],
)
def test_what_nobody_can_price_is_a_line_that_says_why(
    tmp_path: Path, kind: str, inputs: dict[str, Any], reason: str
) -> None:
    unpriced = preview_cost(tmp_path, resource(kind, inputs=inputs)).cost.unpriced
    assert any(reason in line.note for line in unpriced), [line.note for line in unpriced]
    assert {line.confidence for line in unpriced} == {"unknown"}


@pytest.mark.parametrize(
    ("provider", "config", "priced"),
    [
        ("default_7_51_1", {"aws:region": "us-east-1"}, True),
        ("default", {"aws:region": "us-east-1"}, True),
        ("mine", {"aws:region": "us-east-1"}, False),
        ("default_7_51_1", {}, False),
        ("default_7_51_1", {"aws:region": "[secret]"}, False),
    ],
)
def test_a_default_provider_is_in_no_preview_and_has_the_region_of_the_configuration(
    tmp_path: Path, provider: str, config: dict[str, str], priced: bool
) -> None:
    urn = f"urn:pulumi:dev::p::pulumi:providers:aws::{provider}::{UNKNOWN}"
    data = preview_of(resource("aws:ec2/natGateway:NatGateway", provider=urn)) | {"config": config}
    found = graph_cost(read_preview(write(tmp_path, data)), TODAY)
    assert bool(found.cost.unpriced) is not priced


def test_a_group_is_counted_at_its_maximum_and_at_rest_at_its_minimum(tmp_path: Path) -> None:
    found = cost_of(tmp_path, resource("aws:eks/nodeGroup:NodeGroup", inputs=GROUP | {"instanceTypes": ["g6.2xlarge"]}))
    machine = found.cost.lines[0]
    assert (machine.baseline_units, machine.max_units, machine.expected_unit_hours) == (1, 4, 4 * HOURS)
    assert machine.note == "no expected use declared: counted at max"


def test_an_unknown_minimum_counts_as_the_maximum(tmp_path: Path) -> None:
    sizes = {"scalingConfig": {"minSize": UNKNOWN, "maxSize": 4}, "instanceTypes": ["g6.2xlarge"]}
    found = preview_cost(tmp_path, resource("aws:eks/nodeGroup:NodeGroup", inputs=sizes))
    assert found.cost.lines[0].baseline_units == 4


@pytest.mark.parametrize("kind", ["aws:eks/nodeGroup:NodeGroup", "aws:autoscaling/group:Group"])
@pytest.mark.parametrize("by", ["id", "dependency"])
def test_groups_take_machine_and_disks_from_their_launch_template(tmp_path: Path, kind: str, by: str) -> None:
    reference = {"id": "lt-1"} if by == "id" else {"id": UNKNOWN}
    depends = {} if by == "id" else {"launchTemplate": [TEMPLATE["urn"]]}
    inputs = GROUP | {"maxSize": 4, "minSize": 1, "launchTemplate": reference}
    found = preview_cost(tmp_path, TEMPLATE, resource(kind, inputs=inputs, propertyDependencies=depends))
    assert not found.cost.unpriced
    assert round(found.cost.max_per_month, 6) == month(Decimal("0.9776") * 4 * HOURS, 8 * 4)


def test_a_mixed_group_counts_its_dearest_machine(tmp_path: Path) -> None:
    policy = {
        "launchTemplate": {
            "launchTemplateSpecification": {"launchTemplateId": "lt-1"},
            "overrides": [{"instanceType": "m7i.xlarge"}, {"instanceType": "p5.48xlarge"}],
        }
    }
    group = resource("aws:autoscaling/group:Group", inputs={"maxSize": 2, "mixedInstancesPolicy": policy})
    found = cost_of(tmp_path, TEMPLATE, group)
    assert found.cost.lines[0].item == "p5.48xlarge of it"
    assert found.cost.lines[0].max_units == 2


def test_what_is_billed_by_use_is_named_and_not_counted(tmp_path: Path) -> None:
    buckets = [resource("aws:s3/bucket:Bucket", name) for name in ("a", "b")]
    found = cost_of(tmp_path, *buckets)
    assert found.items == ()
    assert found.not_counted[0] == "what 2 × aws:s3/bucket:Bucket hold and carry"


def component(name: str, kind: str = "bedplate:index:NodePool", **entry: Any) -> dict[str, Any]:
    return resource(kind, name, custom=False, provider="", **entry)


def test_what_a_component_counted_is_not_counted_again(tmp_path: Path) -> None:
    plan = plan_stack(stack())
    lines = to_wire([line for line in plan.cost.lines if line.owner == "node_pools.l4"])
    pool = component("l4", inputs={"cost": lines, "team": "vision", "region": "us-east-1"})
    group = resource("aws:eks/nodeGroup:NodeGroup", inputs=GROUP, parent=pool["urn"])
    beside = resource("aws:ec2/eip:Eip", "beside")
    found = cost_of(tmp_path, pool, group, beside)
    assert found.covered == 1
    by_owner = {item.line.owner: item for item in found.items}
    assert set(by_owner) == {"node_pools.l4", "Eip beside"}
    assert by_owner["node_pools.l4"].team == "vision"
    assert found.cost.max_per_hour == sum(
        line.max_units * (line.usd_per_hour or 0) for line in plan.cost.lines if line.owner == "node_pools.l4"
    ) + Decimal("0.005")


def pool_of(machine: str = "g6.2xlarge", nodes: int = 4) -> dict[str, Any]:
    lines = plan_stack(one_pool(machine=machine, nodes={"min": 0, "max": nodes})).cost.lines
    return component("it", inputs={"cost": to_wire([line for line in lines if line.owner == "node_pools.it"])})


@pytest.mark.parametrize(
    ("inside", "reason"),
    [
        ({"inputs": GROUP | {"instanceTypes": ["g6.2xlarge"]}}, ""),
        ({"inputs": GROUP | {"instanceTypes": ["g6.12xlarge"]}}, "4 × g6.12xlarge are below it that its cost"),
        ({"inputs": {"scalingConfig": {"maxSize": 5}, "instanceTypes": ["g6.2xlarge"]}}, "1 × g6.2xlarge are below it"),
        ({"inputs": {"scalingConfig": {"maxSize": UNKNOWN}}}, "scalingConfig.maxSize is not known"),
        ({"type": "aws:ec2/eip:Eip"}, "public-ipv4 for $0.0050 an hour is below it"),
        ({"type": "aws:rds/instance:Instance"}, "not among those whose price is known"),
        ({"type": "aws:ebs/volume:Volume", "inputs": {"size": 801, "type": "gp3"}}, "ebs-gp3 for $0.0001 an hour"),
        ({"type": "aws:iam/role:Role"}, ""),
    ],
)
def test_what_a_component_did_not_count_is_not_hidden_below_it(
    tmp_path: Path, inside: dict[str, Any], reason: str
) -> None:
    pool = pool_of()
    child = resource("aws:eks/nodeGroup:NodeGroup", "child", parent=pool["urn"]) | inside
    if reason == "" and "inputs" in inside:  # the disk that the pool counts
        child["inputs"] = child["inputs"] | {"launchTemplate": {"id": "lt-1"}}
    found = preview_cost(tmp_path, pool, TEMPLATE | {"parent": pool["urn"]}, child)
    notes = [line.note for line in found.cost.unpriced]
    assert any(reason in note for note in notes) if reason else notes == []


def test_a_component_inside_another_is_counted_by_the_outer_one(tmp_path: Path) -> None:
    outer, inner = pool_of(nodes=4), pool_of(nodes=2) | {"urn": "urn:pulumi:dev::p::bedplate:index:NodePool::inner"}
    inner["parent"] = outer["urn"]
    sizes = {"scalingConfig": {"maxSize": 4}, "instanceTypes": ["g6.2xlarge"], "launchTemplate": {"id": "lt-1"}}
    group = resource("aws:eks/nodeGroup:NodeGroup", inputs=sizes, parent=inner["urn"])
    found = cost_of(tmp_path, outer, inner, TEMPLATE | {"parent": outer["urn"]}, group)
    assert not found.cost.unpriced
    assert {item.urn for item in found.items} == {outer["urn"]}


@pytest.mark.parametrize(
    "cost",
    [
        UNKNOWN,
        [UNKNOWN],
        [{}],
        "free",
        [],
        {"a": 1},
        [None],
        [{**to_wire(plan_stack(stack()).cost.lines[:1])[0], "maxUnits": -5}],
        [{**to_wire(plan_stack(stack()).cost.lines[:1])[0], "usdPerHour": "1e999999"}],
    ],
)
def test_a_component_whose_cost_cannot_be_read_covers_nothing(tmp_path: Path, cost: Any) -> None:
    pool = component("l4", inputs={"cost": cost})
    group = resource("aws:eks/nodeGroup:NodeGroup", inputs=GROUP, parent=pool["urn"])
    found = preview_cost(tmp_path, pool, group)
    assert found.covered == 0
    assert any(item.line.kind == "machine" for item in found.items)
    assert any("cost cannot be read" in line.note for line in found.cost.unpriced)


def test_resources_belong_to_the_nearest_component_and_to_the_team_of_their_tags(tmp_path: Path) -> None:
    outer = component("web", "made:index:App", inputs={"team": "web"})
    inner = component("data", "made:index:Store", parent=outer["urn"])
    tagged = resource("aws:ec2/eip:Eip", "a", parent=inner["urn"], outputs={"tagsAll": {"bedplate:team": "data"}})
    plain = resource("aws:ec2/eip:Eip", "b", parent=inner["urn"])
    found = cost_of(tmp_path, outer, inner, tagged, plain)
    assert [(item.line.owner, item.team) for item in found.items] == [("Store data", "data"), ("Store data", "web")]


def test_a_replaced_resource_costs_until_it_is_deleted_and_a_read_one_is_somebody_elses(tmp_path: Path) -> None:
    nat = resource("aws:ec2/natGateway:NatGateway")
    found = cost_of(tmp_path, nat, nat | {"delete": True}, resource("aws:ec2/eip:Eip", external=True))
    assert [item.line.service for item in found.items] == ["nat-gateway", "nat-gateway"]


def test_a_preview_is_of_what_will_be_there_each_once(tmp_path: Path) -> None:
    nat = resource("aws:ec2/natGateway:NatGateway")
    data = preview_of(resource("aws:ec2/eip:Eip"))
    data["steps"] += [{"op": op, "newState": nat} for op in ("create-replacement", "replace")]
    data["steps"] += [{"op": "delete-replaced", "oldState": nat}, {"op": "delete", "newState": None, "oldState": nat}]
    found = graph_cost(read_preview(write(tmp_path, data)), TODAY)
    assert sorted(item.line.service for item in found.items) == ["nat-gateway", "public-ipv4"]


def test_a_chain_of_parents_that_bites_its_tail_ends(tmp_path: Path) -> None:
    one, two = component("one", "made:index:A"), component("two", "made:index:A")
    one["parent"], two["parent"] = two["urn"], one["urn"]
    found = cost_of(tmp_path, one, two, resource("aws:ec2/eip:Eip", parent=one["urn"]))
    assert found.items[0].line.owner == "A one"


def test_every_priced_type_has_a_price_and_every_type_is_one_of_the_sdk() -> None:
    rows = resource_types()
    assert {row.pattern for row in rows if row.billing == "priced"} == set(PRICES)
    assert {row.billing for row in rows} == set(KINDS)
    exact = [
        row.pattern for row in rows if "*" not in row.pattern and row.pattern.split(":")[0] in ("aws", "kubernetes")
    ]
    of_charts = {token for token in exact if catalog.defining_chart(token.split(":")[1].partition("/")[0])}
    assert [token for token in exact if not is_known_token(token) and token not in of_charts] == []
