from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from bedplate.clusters.kubeconfig import gke_kubeconfig
from bedplate.cost.estimate import cluster_cost
from bedplate.cost.wire import from_wire
from bedplate.plan import plan_stack
from bedplate.platform import declare
from bedplate.preconditions import stack_problems
from tests.support.declared import STACK_OUTPUTS, by_room, declared
from tests.support.gcp import BASE, CLUSTER, declared_on_gcp, gcp_stack
from tests.support.golden import check_golden
from tests.support.stacks import REMOVED, spec

GOLDEN = Path(__file__).with_name("golden")
LABEL = "Cluster vision-dev-usc1"


def test_cluster_as_rendered() -> None:
    plan = plan_stack(gcp_stack({"clusters.usc1.administrators": ["runner@acme-ai.iam.gserviceaccount.com"]}))
    resources = by_room(declared(lambda: declare(plan)), "Cluster usc1")
    check_golden(GOLDEN / "gke-cluster.yaml", [resource.rendered() for resource in resources])


def test_the_component_carries_its_cost_lines_and_every_line_has_a_price() -> None:
    lines = cluster_cost(plan_stack(gcp_stack()).clusters["usc1"].plan)
    component = next(one for one in declared_on_gcp().values() if one.token == "bedplate:index:Cluster")
    assert from_wire(component.inputs["cost"]) == lines
    assert [line.item for line in lines if line.usd_per_hour is None] == []


def test_named_runners_alone_reach_the_public_endpoint() -> None:
    inputs = declared_on_gcp()[LABEL].inputs
    assert inputs["privateClusterConfig"] == {"enablePrivateNodes": True, "enablePrivateEndpoint": False}
    networks = inputs["masterAuthorizedNetworksConfig"]
    assert networks["cidrBlocks"] == [{"cidrBlock": "203.0.113.0/24"}]
    assert networks["gcpPublicCidrsAccessEnabled"] is False


def test_a_private_api_server_has_no_public_endpoint_and_serves_its_own_network() -> None:
    changes = {"clusters.usc1.runner_access": REMOVED, "clusters.usc1.runner_inside": True}
    inputs = declared_on_gcp(changes)[LABEL].inputs
    assert inputs["privateClusterConfig"]["enablePrivateEndpoint"] is True
    assert inputs["masterAuthorizedNetworksConfig"]["cidrBlocks"] == [{"cidrBlock": "10.0.0.0/16"}]


def test_a_pool_that_comes_or_goes_changes_nothing_of_the_cluster() -> None:
    with_fabric = declared_on_gcp()[LABEL].inputs
    without = declared_on_gcp(fabric="none", machine="a3-highgpu-8g")[LABEL].inputs
    assert with_fabric == without
    assert with_fabric["enableMultiNetworking"] is True
    assert with_fabric["datapathProvider"] == "ADVANCED_DATAPATH"


def test_secrets_and_disks_are_encrypted_with_the_cluster_s_own_key_by_those_two_services_alone() -> None:
    resources = declared_on_gcp()
    assert resources[LABEL].inputs["databaseEncryption"]["state"] == "ENCRYPTED"
    members = {
        label: one.inputs["member"] for label, one in resources.items() if label.startswith("CryptoKeyIAMMember ")
    }
    number = "123456789012"
    assert members == {
        "CryptoKeyIAMMember vision-dev-usc1-key-secrets": (
            f"serviceAccount:service-{number}@container-engine-robot.iam.gserviceaccount.com"
        ),
        "CryptoKeyIAMMember vision-dev-usc1-key-disks": (
            f"serviceAccount:service-{number}@compute-system.iam.gserviceaccount.com"
        ),
    }
    assert set(members) <= resources[LABEL].depends_on


def test_a_key_ring_has_a_new_name_each_time_because_none_can_be_made_twice() -> None:
    ring = declared_on_gcp()["KeyRing vision-dev-usc1-key"]
    assert "name" not in ring.inputs


def test_nodes_may_write_logs_and_pull_images_and_nothing_else() -> None:
    roles = {one.inputs["role"] for label, one in declared_on_gcp().items() if label.startswith("IAMMember ")}
    assert roles == {"roles/container.defaultNodeServiceAccount", "roles/artifactregistry.reader"}


@pytest.mark.parametrize(("changes", "kept"), [({}, False), ({"clusters.usc1.deletion_protection": True}, True)])
def test_what_cannot_be_made_again_is_protected(changes: dict[str, Any], kept: bool) -> None:
    resources = declared_on_gcp(changes)
    labels = (
        LABEL,
        "Network vision-dev-usc1-network",
        "Subnetwork vision-dev-usc1-nodes",
        "KeyRing vision-dev-usc1-key",
        "CryptoKey vision-dev-usc1-key",
    )
    assert {resources[label].protect for label in labels} == {kept}
    assert resources[LABEL].inputs["deletionProtection"] is kept


def test_each_project_has_a_provider_of_its_own_whose_labels_reach_everything() -> None:
    clusters = {"usc1": CLUSTER, "other": CLUSTER | {"project": "acme-other"}}
    pools = {"system": BASE["node_pools"]["system"], "second": BASE["node_pools"]["system"] | {"cluster": "other"}}
    plan = plan_stack(spec(BASE | {"clusters": clusters, "node_pools": pools, "cost_center": "R7.ai"}))
    providers = [one for one in declared(lambda: declare(plan)) if one.token == "pulumi:providers:gcp"]
    assert {one.inputs["project"] for one in providers} == {"acme-ai", "acme-other"}
    for one in providers:
        labels = one.inputs["defaultLabels"]
        assert (json.loads(labels) if isinstance(labels, str) else labels)["cost-center"] == "r7-ai"


def test_long_names_fit_and_the_parts_of_a_cluster_still_belong_together() -> None:
    long = {"team": "recommendations-team", "environment": "staging", "clusters": {"central-one-training": CLUSTER}}
    pools = {"system": BASE["node_pools"]["system"] | {"cluster": "central-one-training"}}
    plan = plan_stack(spec(BASE | long | {"node_pools": pools}))
    resources = declared(lambda: declare(plan), "recommendations-team-staging")
    (cluster,) = (one for one in resources if one.token == "gcp:container/cluster:Cluster")
    (account,) = (one for one in resources if one.token == "gcp:serviceaccount/account:Account")
    (pool,) = (one for one in resources if one.token == "gcp:container/nodePool:NodePool")
    assert len(cluster.inputs["name"]) <= 40
    assert len(account.inputs["accountId"]) <= 30
    assert len(pool.inputs["name"]) <= 40
    assert pool.inputs["cluster"] == cluster.inputs["name"]


def test_a_kubeconfig_holds_no_credential() -> None:
    config = json.loads(gke_kubeconfig("a", "192.0.2.10", "Q0E="))
    (user,) = config["users"]
    assert set(user["user"]) == {"exec"}
    assert user["user"]["exec"]["command"] == "gke-gcloud-auth-plugin"
    assert config["clusters"][0]["cluster"] == {
        "server": "https://192.0.2.10",
        "certificate-authority-data": "Q0E=",
    }


def test_a_team_s_pools_stand_on_the_cluster_that_a_platform_stack_exported(monkeypatch: pytest.MonkeyPatch) -> None:
    platform = spec(BASE | {"team": "platform", "environment": "prod"})
    team = spec(
        {
            "team": "vision",
            "environment": "prod",
            "clusters": {"shared": {"stack": "platform-prod", "name": "usc1"}},
            "node_pools": {
                "it": {
                    "cluster": "shared",
                    "role": "inference",
                    "machine": "g2-standard-8",
                    "nodes": {"min": 0, "max": 2},
                }
            },
        }
    )
    exported = {
        "endpoint": "192.0.2.20",
        "certificateAuthority": "Q0E=",
        "network": "<network>",
        "subnetwork": "<subnetwork>",
        "nodeServiceAccount": "nodes@acme-ai.iam.gserviceaccount.com",
        "encryptionKey": "<key>",
    }
    monkeypatch.setitem(STACK_OUTPUTS, "acme/bedplate/platform-prod", {"clusters": {"usc1": exported}})
    plan = plan_stack(team, {"platform-prod": platform})
    resources = declared(lambda: declare(plan), "vision-prod")
    (pool,) = (one for one in resources if one.token == "gcp:container/nodePool:NodePool")
    assert pool.inputs["cluster"] == "platform-prod-usc1"
    assert pool.inputs["nodeConfig"]["serviceAccount"] == exported["nodeServiceAccount"]
    assert pool.inputs["nodeConfig"]["bootDiskKmsKey"] == "<key>"


@pytest.mark.parametrize(
    ("changes", "field", "message"),
    [
        (
            {"clusters.usc1.network": {"cidr": "10.0.0.0/19"}, "node_pools.system.nodes": {"min": 2, "max": 31}},
            ("clusters", "usc1", "network", "cidr"),
            "10.0.0.0/19 has addresses for 32 nodes with 64 pods each, and 33 may run at once",
        ),
        (
            {"clusters.usc1.administrators": ["a@acme.example", "a@acme.example"]},
            ("clusters", "usc1", "administrators", 1),
            "a@acme.example is named twice",
        ),
        (
            {"clusters.usc1.zones": ["us-central1-a", "us-central1-z"]},
            ("clusters", "usc1", "zones", 1),
            "'us-central1-z' is no zone of us-central1 that takes a control plane",
        ),
    ],
)
def test_refused_clusters(changes: dict[str, Any], field: tuple[str | int, ...], message: str) -> None:
    problems = {problem.field: problem.message for problem in stack_problems(gcp_stack(changes))}
    assert problems.get(field) == message
