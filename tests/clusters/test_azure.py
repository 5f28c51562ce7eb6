from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from bedplate.clouds.azure import tags_of
from bedplate.clouds.azure_names import VAULT_NAME_LENGTH, vault_name
from bedplate.clusters.azure import server_access
from bedplate.clusters.azure_logs import CATEGORIES
from bedplate.clusters.kubeconfig import aks_kubeconfig
from bedplate.cost.estimate import cluster_cost
from bedplate.cost.wire import from_wire
from bedplate.plan import plan_stack, stack_tags
from bedplate.platform import declare
from tests.support.azure import ADMINISTRATORS, SUBSCRIPTION, azure_stack
from tests.support.azure_answers import SERVER, credentials
from tests.support.declared import Declared, by_label, by_room, declared
from tests.support.golden import check_golden
from tests.support.stacks import REMOVED

GOLDEN = Path(__file__).with_name("golden")
CLUSTER = "ManagedCluster vision-dev-eus"
PRIVATE = {"clusters.eus.runner_access": REMOVED, "clusters.eus.runner_inside": True}


def changed(changes: dict[str, Any]) -> dict[str, Declared]:
    plan = plan_stack(azure_stack(changes))
    return by_label(declared(lambda: declare(plan)))


@cache
def unchanged() -> tuple[Declared, ...]:
    plan = plan_stack(azure_stack())
    return tuple(declared(lambda: declare(plan)))


def test_cluster_as_rendered() -> None:
    resources = by_room(unchanged(), "Cluster eus", "Network eus")
    check_golden(GOLDEN / "azure-cluster.yaml", [resource.rendered() for resource in resources])


def test_the_component_carries_its_cost_lines_and_the_nodes_that_come_with_it() -> None:
    (component,) = (resource for resource in unchanged() if resource.token == "bedplate:index:Cluster")
    assert from_wire(component.inputs["cost"]) == cluster_cost(plan_stack(azure_stack()).clusters["eus"].plan)
    assert component.inputs["ownNodes"] == {"machine": "Standard_D4ds_v5", "nodes": 2}


def test_everything_that_can_carry_tags_carries_those_of_the_stack() -> None:
    tags = stack_tags(azure_stack())
    untaggable = {
        "RoleAssignment", "Subnet", "MaintenanceConfiguration", "DiagnosticSetting", "AgentPool", "azure-native"
    }  # fmt: skip
    for resource in unchanged():
        if resource.token.startswith("azure-native:") and resource.label.split()[0] not in untaggable:
            assert tags.items() <= resource.inputs["tags"].items(), resource.label
    assert any(resource.label == CLUSTER for resource in unchanged())


def test_tags_come_from_the_provider_of_the_stack_alone() -> None:
    with pytest.raises(TypeError, match=r"declared with the provider of bedplate\.clouds\.azure"):
        tags_of(None)


def test_named_runners_and_the_nodes_own_way_out_alone_reach_the_public_endpoint() -> None:
    access = by_label(unchanged())[CLUSTER].inputs["apiServerAccessProfile"]
    assert access["authorizedIPRanges"] == ["203.0.113.0/24", "198.51.100.7/32"]
    assert access["enablePrivateCluster"] is False


def test_a_private_api_server_has_no_public_name() -> None:
    access = changed(PRIVATE)[CLUSTER].inputs["apiServerAccessProfile"]
    assert access["enablePrivateCluster"] is True
    assert access["enablePrivateClusterPublicFQDN"] is False
    assert "authorizedIPRanges" not in access


@pytest.mark.parametrize("changes", [{}, PRIVATE])
def test_nobody_runs_commands_around_the_network(changes: dict[str, Any]) -> None:
    assert changed(changes)[CLUSTER].inputs["apiServerAccessProfile"]["disableRunCommand"] is True


def test_entra_groups_administer_and_there_are_no_local_accounts() -> None:
    inputs = by_label(unchanged())[CLUSTER].inputs
    assert inputs["disableLocalAccounts"] is True
    assert inputs["aadProfile"]["adminGroupObjectIDs"] == [ADMINISTRATORS]


def test_rights_and_the_way_out_are_there_before_the_cluster() -> None:
    before = by_label(unchanged())[CLUSTER].depends_on
    assert {f"RoleAssignment vision-dev-eus-{name}" for name in ("network", "secrets-key", "disks")} <= before
    assert "Subnet vision-dev-eus-nodes" in before


def test_the_disk_encryption_set_waits_for_its_right_on_the_key() -> None:
    disks = by_label(unchanged())["DiskEncryptionSet vision-dev-eus-disks"]
    assert "RoleAssignment vision-dev-eus-disks-key" in disks.depends_on


def test_the_key_cannot_be_lost_in_a_hurry() -> None:
    (vault,) = (resource for resource in unchanged() if resource.label.startswith("Vault "))
    properties = vault.inputs["properties"]
    assert properties["enablePurgeProtection"] is True
    assert properties["enableRbacAuthorization"] is True
    assert properties["softDeleteRetentionInDays"] == 90


def test_roles_are_those_of_the_cluster_s_subscription() -> None:
    roles = [resource for resource in unchanged() if resource.label.startswith("RoleAssignment vision-dev-eus")]
    assert len(roles) == 4
    for role in roles:
        assert role.inputs["roleDefinitionId"].startswith(f"/subscriptions/{SUBSCRIPTION}/providers/")
        assert role.inputs["principalType"] == "ServicePrincipal"


def test_no_change_of_pools_looks_like_one_of_the_cluster() -> None:
    assert by_label(unchanged())[CLUSTER].ignore_changes == ("agentPoolProfiles",)


@pytest.mark.parametrize(
    ("patches", "channels", "windows"), [("weekend", ("patch", "NodeImage"), 2), ("manual", ("none", "None"), 0)]
)
def test_patches_come_on_weekends_or_by_hand(patches: str, channels: tuple[str, str], windows: int) -> None:
    resources = changed({"clusters.eus.patches": patches})
    profile = resources[CLUSTER].inputs["autoUpgradeProfile"]
    assert (profile["upgradeChannel"], profile["nodeOSUpgradeChannel"]) == channels
    assert sum(label.startswith("MaintenanceConfiguration ") for label in resources) == windows


def test_control_plane_logs_are_kept_as_long_as_declared() -> None:
    resources = changed({"clusters.eus.audit_log_days": 90})
    assert resources["Workspace vision-dev-eus-logs"].inputs["retentionInDays"] == 90
    logs = resources["DiagnosticSetting vision-dev-eus-logs"].inputs["logs"]
    assert {log["category"] for log in logs if log["enabled"]} == set(CATEGORIES)


@pytest.mark.parametrize(("changes", "kept"), [({}, False), ({"clusters.eus.deletion_protection": True}, True)])
def test_what_cannot_be_made_again_is_protected(changes: dict[str, Any], kept: bool) -> None:
    resources = changed(changes)
    kinds = ("ManagedCluster", "VirtualNetwork", "Vault", "Workspace", "ResourceGroup")
    protected = {one.protect for label, one in resources.items() if label.split()[0] in kinds}
    assert protected == {kept}


def test_a_vault_s_name_leaves_room_for_random_digits() -> None:
    assert len(vault_name("vision-production-a-long-name")) + 8 <= VAULT_NAME_LENGTH
    assert vault_name("a-dev-use1") != vault_name("b-dev-use1")


def test_a_kubeconfig_holds_no_credential() -> None:
    config = json.loads(aks_kubeconfig("a", SERVER, "Q0E="))
    (user,) = config["users"]
    assert set(user["user"]) == {"exec"}
    assert user["user"]["exec"]["command"] == "kubelogin"
    assert config["clusters"][0]["cluster"] == {"server": SERVER, "certificate-authority-data": "Q0E="}


def test_of_the_configuration_that_aks_hands_out_only_the_address_and_the_authority_are_taken() -> None:
    (known,) = credentials()["kubeconfigs"]
    assert server_access(known["value"]) == {"server": SERVER, "certificateAuthority": "Q0E="}


def test_a_private_cluster_pays_for_its_endpoint_and_its_zone() -> None:
    def items(changes: dict[str, Any]) -> set[str]:
        return {line.service for line in cluster_cost(plan_stack(azure_stack(changes)).clusters["eus"].plan)}

    assert items(PRIVATE) - items({}) == {"private-endpoint", "private-dns-zone"}
