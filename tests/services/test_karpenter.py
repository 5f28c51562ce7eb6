"""Karpenter on clusters that ask for it: pinned, with rights over its own cluster's nodes, told of interruptions."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from bedplate.plan import StackPlan, plan_stack
from bedplate.platform import declare
from bedplate.services.component import release_inputs
from bedplate.services.karpenter import INTERRUPTIONS, karpenter_policy, karpenter_releases, queue_policy
from bedplate.services.plan import plan_services
from tests.support.declared import Declared, by_label, declared
from tests.support.golden import check_golden
from tests.support.stacks import stack

GOLDEN = Path(__file__).with_name("golden")
QUEUE = "arn:aws:sqs:us-east-1:111122223333:vision-dev-use1-karpenter"
KEY = "arn:aws:kms:us-east-1:111122223333:key/0"


def planned() -> StackPlan:
    return plan_stack(stack({"clusters.use1.autoscaler": "karpenter"}))


def resources() -> dict[str, Declared]:
    plan = planned()
    return by_label(declared(lambda: declare(plan)))


def statements() -> list[dict[str, Any]]:
    return karpenter_policy("vision-dev-use1", "us-east-1", "111122223333", KEY, QUEUE)


def test_as_rendered() -> None:
    check_golden(
        GOLDEN / "karpenter.yaml",
        [*(release_inputs(one) for one in karpenter_releases(planned().clusters["use1"].plan)), *statements()],
    )


def test_only_a_cluster_that_asks_for_it_has_it_and_keeps_its_autoscaler_for_general_pools() -> None:
    names = [release.name for release in plan_services(planned().clusters["use1"]).releases]
    assert names[:3] == ["cluster-autoscaler", "karpenter-crd", "karpenter"]
    without = plan_services(plan_stack(stack()).clusters["use1"])
    assert "karpenter" not in [release.name for release in without.releases]


def test_what_it_starts_changes_and_ends_carries_the_tag_of_its_cluster() -> None:
    writes = {"ec2:RunInstances", "ec2:CreateFleet", "ec2:CreateLaunchTemplate", "ec2:CreateTags"}
    writes |= {"ec2:TerminateInstances", "ec2:DeleteLaunchTemplate"}
    for statement in statements():
        actions = statement["Action"] if isinstance(statement["Action"], list) else [statement["Action"]]
        if not writes & set(actions) or statement["Sid"] == "StartFrom":  # images and subnets are nobody's nodes
            continue
        condition = json.dumps(statement["Condition"])
        assert "Tag/kubernetes.io/cluster/vision-dev-use1" in condition, statement["Sid"]


def test_it_makes_no_role_and_hands_out_one_alone() -> None:
    actions = [action for one in statements() for action in _actions(one)]
    assert [action for action in actions if action.startswith("iam:")] == [
        "iam:PassRole",
        "iam:ListInstanceProfiles",
        "iam:GetInstanceProfile",
    ]
    (handed,) = (one for one in statements() if "iam:PassRole" in _actions(one))
    assert handed["Resource"] == "arn:aws:iam::111122223333:role/vision-dev-use1-karpenter"


def _actions(statement: dict[str, Any]) -> list[str]:
    actions = statement["Action"]
    return actions if isinstance(actions, list) else [actions]


def test_no_statement_allows_everything() -> None:
    assert not [one for one in statements() if any(action.endswith(":*") or action == "*" for action in _actions(one))]
    for one in statements():
        reads = all(action.split(":")[1].startswith(("Describe", "Get", "List")) for action in _actions(one))
        assert one["Resource"] != "*" or reads, one["Sid"]


def test_events_arrive_from_their_service_alone() -> None:
    allow, deny = queue_policy(QUEUE)
    assert (allow["Principal"], allow["Action"]) == ({"Service": "events.amazonaws.com"}, "sqs:SendMessage")
    assert deny["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
    found = resources()
    rules = [found[f"EventRule vision-dev-use1-karpenter-{kind}"] for kind in INTERRUPTIONS]
    assert {json.loads(rule.inputs["eventPattern"])["detail-type"][0] for rule in rules} == {
        event for _, event in INTERRUPTIONS.values()
    }
    assert found["Queue vision-dev-use1-karpenter"].inputs["sqsManagedSseEnabled"] is True


def test_its_nodes_may_join_and_nothing_else() -> None:
    found = resources()
    entry = found["AccessEntry vision-dev-use1-karpenter-nodes"].inputs
    assert (entry["type"], entry["principalArn"]) == ("EC2_LINUX", "<arn of vision-dev-use1-karpenter>")
    attached = [label for label in found if label.startswith("RolePolicyAttachment vision-dev-use1-karpenter-Amazon")]
    assert [label.rpartition("-")[2] for label in attached] == [
        "AmazonEC2ContainerRegistryPullOnly",
        "AmazonEKSWorkerNodePolicy",
    ]


def test_karpenter_starts_after_its_rights_and_its_kinds() -> None:
    release = resources()["Release vision-dev-use1-karpenter"]
    assert {
        "PodIdentityAssociation vision-dev-use1-karpenter-pods",
        "Release vision-dev-use1-karpenter-crd",
        "InstanceProfile vision-dev-use1-karpenter",
        "AccessEntry vision-dev-use1-karpenter-nodes",
    } <= release.depends_on
