"""Nodes that Karpenter starts are those that their pool was priced with, and no more."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from bedplate.node_pools.component import pool_numbers
from bedplate.node_pools.karpenter import NodeClassValues, node_class, node_pool
from bedplate.plan import plan_stack
from tests.policies.stack import NODE_POOL, UNKNOWN, Declared, check_stack, kubernetes, node_group, register
from tests.support.stacks import REMOVED, changed, one_pool

VALUES = NodeClassValues((UNKNOWN,), (UNKNOWN,), UNKNOWN, "vision-dev-use1-karpenter", None, {})
SPOT = {"machine": "p5.4xlarge", "capacity": "spot"}
RESERVED = {
    "machine": "g6.2xlarge",
    "capacity": "reservation",
    "reservation": {"name": "cr-0123456789abcdef0", "machine": "g6.2xlarge", "nodes": 2, "zone": "use1-az1"},
}


def declared(
    offer: dict[str, Any], pool: dict[str, Any] | None = None, starts: dict[str, Any] | None = None
) -> tuple[Declared, Declared, Declared]:
    """Return a pool, its NodePool and its EC2NodeClass, each changed by dotted path."""
    karpenter = {"clusters.use1.autoscaler": "karpenter"}
    plan = plan_stack(one_pool(karpenter, machine=REMOVED, offers=[offer], nodes={"min": 0, "max": 2}))
    planned = next(one for one in plan.node_pools if one.name == "it")
    (group,) = planned.groups
    component = Declared(NODE_POOL, "it", pool_numbers(planned, plan), provider="")
    manifests = changed(node_pool(planned, group), pool or {}), changed(node_class(group, VALUES), starts or {})
    objects = [
        replace(kubernetes(f"{one['apiVersion']}:{one['kind']}", "it", _inputs(one)), parent=component)
        for one in manifests
    ]
    return component, objects[0], objects[1]


def _inputs(manifest: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in manifest.items() if key not in ("apiVersion", "kind")}


@pytest.mark.parametrize("offer", [SPOT, RESERVED], ids=["spot", "reserved"])
def test_a_pool_as_bedplate_declares_it(offer: dict[str, Any]) -> None:
    assert register(*declared(offer)) == []
    assert check_stack(*declared(offer)) == []


DISK = "spec.blockDeviceMappings.0.ebs"
LABELS = "spec.template.metadata.labels"
OF_GROUP = "spec.template.spec.requirements"
FAILS: dict[str, tuple[dict[str, Any], dict[str, Any], str]] = {
    "another name": ({"metadata.name": "burst"}, {}, "has the name 'burst', which is none of its pool's groups"),
    "no limit": ({"spec.limits": REMOVED}, {}, "it has no limits.nodes, so nothing bounds its nodes"),
    "a limit of processors alone": ({"spec.limits": {"cpu": "16"}}, {}, "it has no limits.nodes"),
    "more nodes": ({"spec.limits.nodes": "3"}, {}, "it may start 3 nodes; its pool declares at most 2"),
    "a limit that is no number": ({"spec.limits.nodes": "1k"}, {}, "it may start 1k nodes"),
    "more nodes that always run": ({"spec.replicas": 9}, {}, "it keeps 9 nodes; its pool declares at most 2"),
    "another machine": ({f"{OF_GROUP}.0.values": ["p5.48xlarge"]}, {}, "takes p5.48xlarge as node.kubernetes"),
    "a machine more": ({f"{OF_GROUP}.0.values": ["p5.4xlarge", "p5.48xlarge"]}, {}, "takes p5.4xlarge, p5.48xlarge as"),
    "any machine but one": ({f"{OF_GROUP}.0.operator": "NotIn"}, {}, "takes NotIn of it as node.kubernetes"),
    "any machine": ({OF_GROUP: []}, {}, "does not require a node.kubernetes.io/instance-type"),
    "another way of buying": ({f"{OF_GROUP}.1.values": ["on-demand"]}, {}, "takes on-demand as karpenter.sh"),
    "another class": ({"spec.template.spec.nodeClassRef.name": "big"}, {}, "by the EC2NodeClass 'big'"),
    "an unknown limit": ({"spec.limits.nodes": UNKNOWN}, {}, "cannot be decided: spec.limits.nodes is not known"),
    "a class of no group": ({}, {"metadata.name": "big"}, "has the name 'big', which is none of its pool's groups"),
    "a reservation that nobody priced": (
        {},
        {"spec.capacityReservationSelectorTerms": [{"id": "cr-1"}]},
        "takes from cr-1; its pool declares none",
    ),
    "every reservation with a tag": (
        {},
        {"spec.capacityReservationSelectorTerms": [{"tags": {"team": "*"}}]},
        "takes from None; its pool declares none",
    ),
    "a larger disk": ({}, {f"{DISK}.volumeSize": "5Ti"}, "has a root volume of 5120 GiB; its pool declares 200 GiB"),
    "a disk of no size": ({}, {f"{DISK}.volumeSize": REMOVED}, "blockDeviceMappings[0].ebs.volumeSize is not set"),
    "a disk of an odd size": ({}, {f"{DISK}.volumeSize": "lots"}, "'lots' is no size of a disk"),
    "a dearer disk": ({}, {f"{DISK}.volumeType": "io2"}, "has a root volume of type io2; gp3 was priced"),
    "a faster disk": ({}, {f"{DISK}.iops": 16000}, "iops of 16000; 3000 cost nothing more"),
    "no disk": ({}, {"spec.blockDeviceMappings": REMOVED}, "has 0 disks; one was priced"),
}  # fmt: skip


@pytest.mark.parametrize(("pool", "starts", "expected"), FAILS.values(), ids=FAILS)
def test_fails(pool: dict[str, Any], starts: dict[str, Any], expected: str) -> None:
    resources = declared(SPOT, pool, starts)
    messages = "\n".join(register(*resources))
    assert expected in messages, messages
    assert check_stack(*resources) != []


def test_a_group_that_was_reserved_takes_from_its_reservation() -> None:
    resources = declared(RESERVED, starts={"spec.capacityReservationSelectorTerms": []})
    assert any("takes from no reservation; its pool was priced with cr-0123" in one for one in register(*resources))


def test_one_group_is_not_started_twice_by_two_means() -> None:
    component, pool, starts = declared(SPOT)
    twice = node_group(component, labels={"bedplate.dev/role": "inference"}, capacityType="SPOT")
    messages = check_stack(component, pool, starts, twice)
    assert any(message.startswith("nodes-group-used-once: ") for message in messages), messages


def test_a_node_pool_outside_is_refused() -> None:
    _, pool, _ = declared(SPOT)
    messages = register(replace(pool, parent=None))
    assert any(message.startswith("nodes-priced: ") for message in messages)


UNSAFE: dict[str, tuple[dict[str, Any], dict[str, Any], str]] = {
    "IMDSv1": ({}, {"spec.metadataOptions.httpTokens": "optional"}, "security-imds-v2: "),
    "the metadata of nodes for pods": ({}, {"spec.metadataOptions.httpPutResponseHopLimit": 5}, "security-imds-hop"),
    "public addresses": ({}, {"spec.associatePublicIPAddress": True}, "security-private-nodes: "),
    "a disk in the clear": ({}, {f"{DISK}.encrypted": False}, "security-disks-encrypted: "),
    "another role": ({LABELS: {"bedplate.dev/role": "general"}}, {}, "separation-nodes-carry-role: "),
    "no taint": ({"spec.template.spec.taints": []}, {}, "has no taint bedplate.dev/role=inference"),
}  # fmt: skip


@pytest.mark.parametrize(("pool", "starts", "expected"), UNSAFE.values(), ids=UNSAFE)
def test_nodes_of_karpenter_are_as_safe_as_others(pool: dict[str, Any], starts: dict[str, Any], expected: str) -> None:
    messages = "\n".join(register(*declared(SPOT, pool, starts)))
    assert expected in messages, messages
