"""What a change does: in place, or a replacement."""

from __future__ import annotations

from typing import Any

import pytest

from bedplate.sdk_types import UNKNOWN, resource_type
from bedplate.simulation.data_files import load
from bedplate.simulation.names import name_is_fixed, with_automatic_name
from bedplate.simulation.replacement import differences, engine_path

CLUSTER = "aws:eks/cluster:Cluster"
NODE_GROUP = "aws:eks/nodeGroup:NodeGroup"
DEPLOYMENT = "kubernetes:apps/v1:Deployment"


@pytest.mark.parametrize(
    ("token", "olds", "news", "changed", "replaces"),
    [
        (NODE_GROUP, {"labels": {"a": "1"}}, {"labels": {"a": "2"}}, ["labels.a"], False),
        (NODE_GROUP, {"subnetIds": ["a"]}, {"subnetIds": ["a", "b"]}, ["subnetIds[1]"], True),
        (NODE_GROUP, {"instanceTypes": ["a"]}, {"instanceTypes": ["b"]}, ["instanceTypes[0]"], True),
        (
            NODE_GROUP,
            {"scalingConfig": {"minSize": 1}},
            {"scalingConfig": {"minSize": 2}},
            ["scalingConfig.minSize"],
            False,
        ),
        (CLUSTER, {"version": "1.33"}, {"version": "1.34"}, ["version"], False),
        (CLUSTER, {"roleArn": "a"}, {"roleArn": UNKNOWN}, ["roleArn"], True),
        (CLUSTER, {}, {"encryptionConfig": {"resources": ["secrets"]}}, ["encryptionConfig.resources"], False),
        (CLUSTER, {}, {"accessConfig": {"authenticationMode": "API"}}, ["accessConfig.authenticationMode"], False),
        (
            CLUSTER,
            {"accessConfig": {"bootstrapClusterCreatorAdminPermissions": True}},
            {"accessConfig": {"bootstrapClusterCreatorAdminPermissions": False}},
            ["accessConfig.bootstrapClusterCreatorAdminPermissions"],
            True,
        ),
        (CLUSTER, {"accessConfig": {"authenticationMode": "API"}}, {"accessConfig": UNKNOWN}, ["accessConfig"], True),
        (CLUSTER, {"tags": {"a/b": "1"}}, {"tags": {}}, ['tags["a/b"]'], False),
        (DEPLOYMENT, {"spec": {"replicas": 1}}, {"spec": {"replicas": 2}}, ["spec.replicas"], False),
        (
            DEPLOYMENT,
            {"spec": {"selector": {"matchLabels": {"a": "b"}}}},
            {"spec": {}},
            ["spec.selector.matchLabels.a"],
            True,
        ),
        (DEPLOYMENT, {"metadata": {"name": "a"}}, {"metadata": {"name": "b"}}, ["metadata.name"], True),
        (
            "kubernetes:x.io/v1:Thing",
            {"metadata": {"namespace": "a"}},
            {"metadata": {"namespace": "b"}},
            ["metadata.namespace"],
            True,
        ),
        (NODE_GROUP, {"a": 1, "__defaults": []}, {"a": 1.0, "__defaults": ["a"]}, [], False),
        (NODE_GROUP, {"a": 1}, {"a": True}, ["a"], False),
    ],
)
def test_changes(token: str, olds: dict[str, Any], news: dict[str, Any], changed: list[str], replaces: bool) -> None:
    found = differences(token, olds, news)
    assert [engine_path(difference.path) for difference in found] == changed
    assert any(difference.replaces for difference in found) is replaces


def test_the_table_names_properties_that_the_sdk_has() -> None:
    """A property that a new SDK renamed would silently never replace again."""
    resources: dict[str, list[str]] = load("replace_on_change.json")["resources"]
    wrong = []
    for token in (
        CLUSTER,
        NODE_GROUP,
        "aws:ec2/subnet:Subnet",
        "aws:iam/role:Role",
        "gcp:container/nodePool:NodePool",
        DEPLOYMENT,
    ):
        known = resource_type(token)
        assert known is not None
        wrong += [(token, path) for path in resources[token] if path.split(".")[0] not in known.inputs]
    assert wrong == []


def test_every_block_of_the_table_has_a_source() -> None:
    table = load("replace_on_change.json")
    assert {token.split(":")[0] for token in table["resources"]} == set(table["sources"])


def test_a_made_up_name_stays_and_a_fixed_one_goes_first() -> None:
    first = with_automatic_name("aws:iam/role:Role", "role", {}, {}, "seed")
    assert first["name"].startswith("role-")
    assert len(first["name"]) == len("role-") + 7
    again = with_automatic_name("aws:iam/role:Role", "role", {}, first, "other seed")
    assert again == first
    assert not name_is_fixed("aws:iam/role:Role", first, again)
    assert name_is_fixed("aws:iam/role:Role", {"name": "x"}, {"name": "x"})


@pytest.mark.parametrize(
    ("token", "news", "prop"),
    [
        (NODE_GROUP, {}, "nodeGroupName"),
        ("aws:s3/bucket:Bucket", {}, "bucket"),
        ("aws:kms/alias:Alias", {}, "name"),
        ("azure-native:containerservice:AgentPool", {"resourceGroupName": "g", "resourceName": "c"}, "agentPoolName"),
        ("gcp:container/cluster:Cluster", {}, "name"),
    ],
)
def test_names_that_providers_make_up(token: str, news: dict[str, Any], prop: str) -> None:
    assert "x-" in with_automatic_name(token, "x", news, {}, "")[prop]


def test_a_given_name_or_prefix_is_kept() -> None:
    assert with_automatic_name(CLUSTER, "x", {"name": "mine"}, {}, "") == {"name": "mine"}
    assert with_automatic_name("aws:iam/role:Role", "x", {"namePrefix": "mine"}, {}, "") == {"namePrefix": "mine"}
    assert with_automatic_name("aws:eks/addon:Addon", "x", {"addonName": "a"}, {}, "") == {"addonName": "a"}
