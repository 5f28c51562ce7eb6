from __future__ import annotations

import base64
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from bedplate import catalog
from bedplate.cost.estimate import pool_cost
from bedplate.cost.wire import from_wire
from bedplate.node_pools.aws import autoscaler_tags, update_strategy
from bedplate.node_pools.labels import unseen_resources
from bedplate.node_pools.user_data import user_data
from bedplate.plan import plan_stack
from bedplate.platform import declare
from bedplate.risks import risks
from tests.support.declared import Declared, by_label, by_room, declared, declared_stack
from tests.support.golden import check_golden
from tests.support.stacks import one_pool, stack

GOLDEN = Path(__file__).with_name("golden")
AWS_KINDS = ("aws:", "bedplate:")


def of_kind(kind: str) -> list[Declared]:
    return [resource for resource in declared_stack() if resource.token.endswith(f":{kind}")]


def template(machine: str, **pool: Any) -> dict[str, Any]:
    offered = catalog.machine("aws", machine)
    assert offered is not None
    zones = sorted({*catalog.control_plane_zones("aws", "us-east-1")[:2], *offered.zones["us-east-1"]} - {"use1-az3"})
    plan = plan_stack(one_pool({"clusters.use1.zones": zones}, machine=machine, role="training", **pool))
    return by_label(declared(lambda: declare(plan)))["LaunchTemplate vision-dev-it-offer1-template"].inputs


@pytest.mark.parametrize("pool", ["system", "l4", "h100"])
def test_pool_as_rendered(pool: str) -> None:
    resources = [one for one in by_room(declared_stack(), f"NodePool {pool}") if one.token.startswith("aws:")]
    check_golden(GOLDEN / f"{pool}.yaml", [resource.rendered() for resource in resources])


def test_the_component_carries_what_policies_and_reports_read() -> None:
    plan = plan_stack(stack())
    components = {resource.name: resource.inputs for resource in of_kind("NodePool")}
    for pool in plan.node_pools:
        numbers = components[pool.name]
        assert from_wire(numbers["cost"]) == pool_cost(pool)
        assert (numbers["minNodes"], numbers["maxNodes"]) == (pool.min_nodes, pool.max_nodes)
    assert components["h100"]["groups"] == [
        {
            "name": f"vision-dev-h100-offer{number}",
            "machine": "p5.48xlarge",
            "capacity": capacity,
            "maxNodes": most,
            "preference": number,
            "rootDiskGib": 200,
        }
        for number, capacity, most in ((1, "spot", 2), (2, "on-demand", 1))
    ]


def test_everything_that_starts_nodes_is_inside_a_pool() -> None:
    groups = of_kind("NodeGroup")
    assert len(groups) == 4
    assert {group.parent.split()[0] for group in groups} == {"NodePool"}


def test_the_autoscaler_owns_the_size_and_no_minimum_stands_in_its_way() -> None:
    groups = of_kind("NodeGroup")
    assert {group.inputs["scalingConfig"]["minSize"] for group in groups} == {0}
    assert {group.ignore_changes for group in groups} == {("scalingConfig.desiredSize",)}


def test_nodes_answer_for_metadata_to_themselves_alone() -> None:
    for one in of_kind("LaunchTemplate"):
        assert one.inputs["metadataOptions"]["httpTokens"] == "required"
        assert one.inputs["metadataOptions"]["httpPutResponseHopLimit"] == 1


def test_the_machine_type_is_named_once() -> None:
    assert all("instanceTypes" not in group.inputs for group in of_kind("NodeGroup"))
    assert all(one.inputs["instanceType"] for one in of_kind("LaunchTemplate"))


def test_no_interface_names_a_subnet_or_a_public_address() -> None:
    interfaces = [
        interface for one in of_kind("LaunchTemplate") for interface in one.inputs.get("networkInterfaces", [])
    ]
    assert len(interfaces) == 2 * 33
    assert not {key for interface in interfaces for key in interface} & {"subnetId", "associatePublicIpAddress"}


def test_security_groups_stand_either_on_the_interfaces_or_on_the_template() -> None:
    for one in of_kind("LaunchTemplate"):
        assert ("networkInterfaces" in one.inputs) != ("vpcSecurityGroupIds" in one.inputs)


def test_efa_traffic_is_let_in_and_out_by_the_group_itself() -> None:
    (group,) = of_kind("SecurityGroup")
    itself = [{"protocol": "-1", "fromPort": 0, "toPort": 0, "self": True}]
    assert (group.inputs["ingress"], group.inputs["egress"]) == (itself, itself)


def test_on_demand_nodes_of_a_fabric_stand_together_and_spot_nodes_where_they_are_found() -> None:
    placed = {one.name: "placement" in one.inputs for one in of_kind("LaunchTemplate")}
    assert placed["vision-dev-h100-offer1-template"] is False
    assert placed["vision-dev-h100-offer2-template"] is True
    assert sum(placed.values()) == 1


def test_volumes_are_encrypted_with_the_cluster_s_own_key() -> None:
    for one in of_kind("LaunchTemplate"):
        (volume,) = one.inputs["blockDeviceMappings"]
        assert volume["ebs"]["encrypted"] == "true"
        assert volume["ebs"]["kmsKeyId"] == "<arn of vision-dev-use1-key>"


def test_instances_and_what_comes_with_them_carry_the_stack_s_tags() -> None:
    tags = plan_stack(stack()).tags
    for one in of_kind("LaunchTemplate"):
        assert {item["resourceType"] for item in one.inputs["tagSpecifications"]} == {
            "instance",
            "volume",
            "network-interface",
        }
        assert all(tags.items() <= item["tags"].items() for item in one.inputs["tagSpecifications"])


@pytest.mark.parametrize(
    ("machine", "interfaces", "fast"),
    [
        ("g6.2xlarge", 0, 0),
        ("p4d.24xlarge", 5, 4),
        ("p5.48xlarge", 33, 32),
        ("p5en.48xlarge", 17, 16),
        ("p6-b200.48xlarge", 9, 8),
    ],
)
def test_every_card_that_speaks_efa_is_attached(machine: str, interfaces: int, fast: int) -> None:
    attached = template(machine).get("networkInterfaces", [])
    assert len(attached) == interfaces
    assert sum(interface["interfaceType"] == "efa-only" for interface in attached) == fast


def test_new_nodes_of_accelerators_never_pass_the_cap() -> None:
    assert update_strategy("general", bought_ahead=False) == "DEFAULT"
    assert {update_strategy(role, bought_ahead=False) for role in ("inference", "training")} == {"MINIMAL"}
    assert update_strategy("general", bought_ahead=True) == "MINIMAL"


def test_drives_of_a_node_become_one_file_system() -> None:
    told = base64.b64decode(template("p5.48xlarge")["userData"]).decode()
    header, part = told.split("\n\n", 1)
    boundary = header.split('boundary="')[1].rstrip('"')
    assert part.startswith(f"--{boundary}\nContent-Type: application/node.eks.aws\n")
    assert part.rstrip().endswith(f"--{boundary}--")
    config = yaml.safe_load(part.split("\n\n", 1)[1].rsplit(f"--{boundary}--", 1)[0])
    assert config["kind"] == "NodeConfig"
    assert config["spec"] == {"instance": {"localStorage": {"strategy": "RAID0"}}}


def test_a_node_without_drives_needs_to_be_told_nothing() -> None:
    plan = plan_stack(one_pool(machine="m7i.2xlarge", role="training"))
    (group,) = next(pool.groups for pool in plan.node_pools if pool.name == "it")
    assert user_data(group) is None


def test_the_autoscaler_is_told_what_an_empty_group_offers() -> None:
    tags = {tag.inputs["tag"]["key"]: tag.inputs["tag"] for tag in of_kind("Tag") if "h100-offer1" in tag.name}
    prefix = "k8s.io/cluster-autoscaler/node-template/resources"
    assert {key.removeprefix(f"{prefix}/"): tag["value"] for key, tag in tags.items()} == {
        "ephemeral-storage": "27360G",
        "nvidia.com/gpu": "8",
        "vpc.amazonaws.com/efa": "32",
    }
    assert not any(tag["propagateAtLaunch"] for tag in tags.values())


@pytest.mark.parametrize(
    ("declared", "storage"),
    [
        ({"machine": "inf2.48xlarge", "root_disk_gib": 500}, "449Gi"),  # nine tenths, less what the kubelet keeps
        ({"machine": "inf2.48xlarge", "root_disk_gib": 111}, "98Gi"),  # rounded down
        ({"machine": "m7i.2xlarge", "role": "training"}, "179Gi"),
        ({"machine": "g6.2xlarge", "root_disk_gib": 500}, "405G"),  # the drives hold it, not the root volume
    ],
)
def test_an_empty_group_offers_the_storage_that_pods_may_ask_for(declared: dict[str, Any], storage: str) -> None:
    (group,) = next(pool.groups for pool in plan_stack(one_pool(**declared)).node_pools if pool.name == "it")
    assert group.unseen_resources["ephemeral-storage"] == storage


@pytest.mark.parametrize("cloud", ["gcp", "azure", "existing"])
def test_other_clouds_know_the_disks_of_their_nodes(cloud: str) -> None:
    known = catalog.machine("aws", "m7i.2xlarge")
    assert known is not None
    machine = replace(known, cloud=cloud)
    assert unseen_resources(machine, root_disk_gib=100) == {}


OPTIONS = "k8s.io/cluster-autoscaler/node-template/autoscaling-options"
KEPT_HALF_USED = {f"{OPTIONS}/scaledownutilizationthreshold": "0", f"{OPTIONS}/ignoredaemonsetsutilization": "true"}
MIG = {"mode": "mig", "profiles": {"1g.10gb": 7}}


@pytest.mark.parametrize(
    ("declared", "options"),
    [
        ({"machine": "inf2.48xlarge"}, KEPT_HALF_USED),
        ({"machine": "inf2.xlarge"}, KEPT_HALF_USED),
        ({"machine": "p5.4xlarge", "sharing": MIG}, KEPT_HALF_USED),
        ({"machine": "p5.4xlarge", "sharing": MIG | {"strategy": "single"}}, {}),
        ({"machine": "p5.48xlarge"}, {}),
        ({"machine": "m7i.2xlarge", "role": "training"}, {}),
    ],
)
def test_half_used_accelerators_are_kept_where_the_autoscaler_does_not_know_them(
    declared: dict[str, Any], options: dict[str, str]
) -> None:
    (group,) = next(pool.groups for pool in plan_stack(one_pool(**declared)).node_pools if pool.name == "it")
    assert {key: value for key, value in autoscaler_tags(group).items() if key.startswith(OPTIONS)} == options


@pytest.mark.parametrize(
    ("cluster", "declared", "named"),
    [
        ({}, {"machine": "inf2.48xlarge"}, "aws.amazon.com/neuron"),
        ({}, {"machine": "p5.4xlarge", "sharing": MIG}, "nvidia.com/mig-1g.10gb"),
        ({}, {"machine": "p5.48xlarge"}, ""),
        ({}, {"machine": "m7i.2xlarge", "role": "training"}, ""),
        ({"clusters.use1.autoscaler": "karpenter"}, {"machine": "inf2.48xlarge"}, ""),
    ],
)
def test_a_node_too_many_is_a_risk_where_the_autoscaler_does_not_wait(
    cluster: dict[str, Any], declared: dict[str, Any], named: str
) -> None:
    texts = [risk.text for risk in risks(plan_stack(one_pool(cluster, **declared))) if "does not wait" in risk.text]
    assert len(texts) == bool(named)
    assert all(f"offers {named}:" in text for text in texts)
