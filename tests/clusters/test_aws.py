from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from bedplate.clusters.aws import administrator_name
from bedplate.clusters.aws_encryption import key_statements
from bedplate.clusters.aws_identity import pod_trust_conditions
from bedplate.clusters.kubeconfig import eks_kubeconfig
from bedplate.cost.estimate import cluster_cost
from bedplate.cost.wire import from_wire
from bedplate.plan import plan_stack
from bedplate.platform import declare
from tests.support.declared import Declared, by_label, by_room, declared, declared_stack
from tests.support.golden import check_golden
from tests.support.stacks import REMOVED, stack

GOLDEN = Path(__file__).with_name("golden")
ACCOUNT = "123456789012"
CLUSTER = "Cluster vision-dev-use1"


def changed(changes: dict[str, Any]) -> dict[str, Declared]:
    plan = plan_stack(stack(changes))
    return by_label(declared(lambda: declare(plan)))


def test_cluster_as_rendered() -> None:
    resources = by_room(declared_stack(), "Cluster use1")
    check_golden(GOLDEN / "cluster.yaml", [resource.rendered() for resource in resources])


def test_the_component_carries_its_cost_lines() -> None:
    (component,) = (resource for resource in declared_stack() if resource.token == "bedplate:index:Cluster")
    assert from_wire(component.inputs["cost"]) == cluster_cost(plan_stack(stack()).clusters["use1"].plan)


def test_the_log_group_is_there_before_eks_makes_its_own() -> None:
    cluster = by_label(declared_stack())[CLUSTER]
    assert "LogGroup vision-dev-use1-logs" in cluster.depends_on


def test_a_private_api_server_has_no_public_endpoint() -> None:
    changes = {"clusters.use1.runner_access": REMOVED, "clusters.use1.runner_inside": True}
    network = changed(changes)[CLUSTER].inputs["vpcConfig"]
    assert network["endpointPublicAccess"] is False
    assert network["endpointPrivateAccess"] is True
    assert "publicAccessCidrs" not in network


def test_named_runners_alone_reach_the_public_endpoint() -> None:
    network = by_label(declared_stack())[CLUSTER].inputs["vpcConfig"]
    assert network["endpointPublicAccess"] is True
    assert network["publicAccessCidrs"] == ["203.0.113.0/24"]


def test_a_zone_that_is_added_leaves_the_control_plane_and_other_subnets_alone() -> None:
    zones = ["use1-az6", "use1-az1"]
    before = changed({"clusters.use1.zones": zones})
    after = changed({"clusters.use1.zones": [*zones, "use1-az2"]})
    assert before[CLUSTER].inputs == after[CLUSTER].inputs
    subnets = {label: one.inputs for label, one in before.items() if label.startswith("Subnet ")}
    assert len(subnets) == 4
    assert all(after[label].inputs == inputs for label, inputs in subnets.items())


@pytest.mark.parametrize(("changes", "kept"), [({}, False), ({"clusters.use1.deletion_protection": True}, True)])
def test_what_cannot_be_made_again_is_protected(changes: dict[str, Any], kept: bool) -> None:
    resources = changed(changes)
    names = ("", "-network", "-key", "-logs")
    kinds = ("Cluster", "Vpc", "Key", "LogGroup")
    protected = {resources[f"{kind} vision-dev-use1{name}"].protect for kind, name in zip(kinds, names, strict=True)}
    assert protected == {kept}
    assert resources[CLUSTER].inputs["deletionProtection"] is kept


def test_every_administrator_gets_an_entry_and_the_right_to_administer() -> None:
    role = "arn:aws:iam::111122223333:role/runners/vision"
    resources = changed({"clusters.use1.administrators": [role]})
    name = "vision-dev-use1-111122223333-runners-vision"
    assert resources[f"AccessEntry {name}"].inputs["principalArn"] == role
    policy = resources[f"AccessPolicyAssociation {name}"]
    assert policy.inputs["policyArn"] == "arn:aws:eks::aws:cluster-access-policy/AmazonEKSClusterAdminPolicy"
    assert f"AccessEntry {name}" in policy.depends_on


def test_roles_of_the_same_name_in_two_accounts_do_not_collide() -> None:
    arns = ("arn:aws:iam::111122223333:role/admin", "arn:aws:iam::444455556666:role/admin")
    assert len({administrator_name(arn) for arn in arns}) == 2


def test_dns_waits_for_a_node_and_nodes_do_not_wait_for_dns() -> None:
    resources = by_label(declared_stack())
    assert "NodeGroup vision-dev-system-offer1" in resources["Addon vision-dev-use1-coredns"].depends_on
    group = resources["NodeGroup vision-dev-system-offer1"]
    assert {label for label in group.depends_on if label.startswith("Addon ")} == {
        "Addon vision-dev-use1-eks-pod-identity-agent",
        "Addon vision-dev-use1-kube-proxy",
        "Addon vision-dev-use1-vpc-cni",
    }


def test_a_pod_identity_waits_for_the_cluster_whose_name_is_known_before() -> None:
    association = by_label(declared_stack())["PodIdentityAssociation vision-dev-use1-autoscaler"]
    assert "Addon vision-dev-use1-vpc-cni" in association.depends_on


def statements() -> dict[str, dict[str, Any]]:
    found = key_statements(ACCOUNT, "eu-west-1", "/aws/eks/a/cluster")
    return {statement["Sid"]: statement for statement in found}


@pytest.mark.parametrize("sid", ["VolumesOfNodes", "GrantsForVolumesOfNodes"])
def test_the_key_serves_auto_scaling_and_nobody_else_by_that_statement(sid: str) -> None:
    condition = statements()[sid]["Condition"]
    role = "role/aws-service-role/autoscaling.amazonaws.com/AWSServiceRoleForAutoScaling"
    assert condition["ArnEquals"]["aws:PrincipalArn"] == f"arn:aws:iam::{ACCOUNT}:{role}"
    assert condition["StringEquals"] == {"kms:CallerAccount": ACCOUNT}


def test_auto_scaling_may_grant_the_key_to_ec2_only() -> None:
    assert statements()["GrantsForVolumesOfNodes"]["Condition"]["Bool"] == {"kms:GrantIsForAWSResource": "true"}


def test_every_statement_for_anybody_has_a_condition() -> None:
    open_to_anybody = [one for one in statements().values() if one["Principal"] == {"AWS": "*"}]
    assert len(open_to_anybody) == 2
    assert all(statement["Condition"] for statement in open_to_anybody)


def test_logs_use_the_key_for_the_cluster_s_own_group() -> None:
    condition = statements()["ControlPlaneLogs"]["Condition"]
    group = f"arn:aws:logs:eu-west-1:{ACCOUNT}:log-group:/aws/eks/a/cluster"
    assert condition == {"ArnEquals": {"kms:EncryptionContext:aws:logs:arn": group}}


def test_a_pod_role_is_bound_to_one_service_account_of_one_cluster() -> None:
    assert pod_trust_conditions("vision-dev-use1", "kube-system", "aws-node") == {
        "StringEquals": {
            "aws:RequestTag/eks-cluster-name": "vision-dev-use1",
            "aws:RequestTag/kubernetes-namespace": "kube-system",
            "aws:RequestTag/kubernetes-service-account": "aws-node",
        }
    }


def test_a_kubeconfig_holds_no_credential() -> None:
    config = json.loads(eks_kubeconfig("a", "eu-west-1", "https://a.example", "Q0E="))
    (user,) = config["users"]
    assert set(user["user"]) == {"exec"}
    assert "a" in user["user"]["exec"]["args"]
    assert config["clusters"][0]["cluster"]["certificate-authority-data"] == "Q0E="
