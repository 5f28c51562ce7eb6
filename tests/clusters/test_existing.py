"""Clusters that exist already: what is decided of them, and that nothing of them is made."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from bedplate.clusters.existing_network import network_manifests, node_policies
from bedplate.clusters.existing_plan import ExistingPlan
from bedplate.plan import StackPlan, plan_stack
from bedplate.platform import declare
from bedplate.risks import risks
from tests.support.crds import find_definition, schema_problems
from tests.support.declared import SECRETS, Declared, by_label, declared
from tests.support.existing import INFINIBAND, RAIL_OBJECTS, RAILS, STACK, TRAIN, existing
from tests.support.golden import check_golden
from tests.support.stacks import REMOVED, changed, spec

GOLDEN = Path(__file__).parent / "golden"
SECRET = {"clusters.hall.context": REMOVED, "clusters.hall.kubeconfig": {"secret": "hall2_kubeconfig"}}


def planned(changes: dict[str, Any] | None = None) -> StackPlan:
    return plan_stack(existing(changes))


def cluster(changes: dict[str, Any] | None = None) -> ExistingPlan:
    plan = planned(changes).clusters["hall"].plan
    assert isinstance(plan, ExistingPlan)
    return plan


def resources(changes: dict[str, Any] | None = None) -> list[Declared]:
    plan = planned(changes)
    return declared(lambda: declare(plan))


def test_it_stands_in_no_region_and_costs_what_its_nodes_cost() -> None:
    plan = planned()
    hall = cluster()
    assert (hall.region, hall.zones, hall.nat_gateways, hall.public_endpoint) == ("", (), 0, False)
    assert {line.owner for line in plan.cost.lines} == {"node_pools.base", "node_pools.train"}
    assert "the cluster hall itself, which others run" in plan.cost.not_counted
    assert not any("NAT" in words for words in plan.cost.not_counted)


@pytest.mark.parametrize(
    ("changes", "words"),
    [({}, "context admin@hall"), (SECRET, "kubeconfig from the secret hall2_kubeconfig")],
)
def test_the_way_in_is_said_in_words(changes: dict[str, Any], words: str) -> None:
    assert cluster(changes).way_in == words


def test_no_resource_of_any_cloud_is_declared() -> None:
    packages = {resource.token.split(":")[0] for resource in resources()}
    assert packages == {"bedplate", "kubernetes", "pulumi"}


def test_a_context_is_the_whole_configuration() -> None:
    provider = by_label(resources())["kubernetes vision-dev-hall"]
    assert provider.inputs == {"clusterIdentifier": "existing/vision-dev-hall", "context": "admin@hall"}


def test_a_kubeconfig_is_read_from_its_secret() -> None:
    provider = by_label(resources(SECRET))["kubernetes vision-dev-hall"]
    assert provider.inputs["kubeconfig"] == SECRETS["bedplate:hall2_kubeconfig"]
    assert "context" not in provider.inputs


def test_a_team_reaches_the_cluster_of_a_platform_stack_its_own_way() -> None:
    """No output of the platform stack is read: a way in is a credential."""
    platform = spec(changed(STACK, {"team": "platform", "node_pools.train": REMOVED} | SECRET))
    platform = platform.model_copy(
        update={"clusters": {"hall": platform.clusters["hall"].model_copy(update={"device_plugins": ("nvidia",)})}}
    )
    team = spec(
        {
            "team": "vision",
            "environment": "dev",
            "clusters": {"hall": {"stack": "platform-dev", "name": "hall"}},
            "node_pools": {"train": TRAIN},
        }
    )
    plan = plan_stack(team, {"platform-dev": platform})
    found = declared(lambda: declare(plan))
    assert not [resource for resource in found if resource.token == "pulumi:pulumi:StackReference"]
    provider = by_label(found)["kubernetes platform-dev-hall"]
    assert provider.inputs["kubeconfig"] == SECRETS["bedplate:hall2_kubeconfig"]


# What the rules of separation look at.


def test_agents_of_the_owner_are_left_alone_until_their_namespaces_are_named() -> None:
    found = by_label(resources())
    selector = {"matchExpressions": [{"key": "bedplate.dev/role", "operator": "Exists"}]}
    for name in ("pods", "workloads", "workload-nodes"):
        policy = found[f"ValidatingAdmissionPolicy hall-validatingadmissionpolicy-bedplate-separation-{name}"]
        assert policy.inputs["spec"]["matchConstraints"]["namespaceSelector"] == selector
    # A label that gives a namespace a role is judged wherever it is put.
    labels = found["ValidatingAdmissionPolicy hall-validatingadmissionpolicy-bedplate-separation-namespaces"]
    assert labels.inputs["spec"]["matchConstraints"]["namespaceSelector"] != selector
    assert any("Bedplate's own namespaces alone" in risk.text for risk in risks(planned()))


def test_with_their_namespaces_named_the_rules_hold_everywhere_else() -> None:
    named = {"clusters.hall.system_namespaces": ["calico-system"]}
    found = by_label(resources(named))
    policy = found["ValidatingAdmissionPolicy hall-validatingadmissionpolicy-bedplate-separation-pods"]
    (rule,) = policy.inputs["spec"]["matchConstraints"]["namespaceSelector"]["matchExpressions"]
    assert rule["operator"] == "NotIn"
    assert {"calico-system", "kube-system", "gpu-operator"} <= set(rule["values"])
    assert not any("own namespaces alone" in risk.text for risk in risks(planned(named)))


# Services.


def charts(changes: dict[str, Any] | None = None) -> set[str]:
    return {resource.inputs["chart"] for resource in resources(changes) if resource.token.endswith(":Release")}


def test_no_autoscaler_is_installed() -> None:
    assert charts() == {"gpu-operator"}


def test_what_runs_on_the_cluster_already_is_not_installed_again() -> None:
    assert charts({"clusters.hall.present_device_plugins": ["nvidia"]}) == set()


# The network that Bedplate makes for a fabric.

NETWORKS: dict[str, dict[str, Any]] = {
    "sriov": {"clusters.hall.fabric": RAILS, "clusters.hall.secondary_network": RAIL_OBJECTS},
    "sriov-infiniband": {
        "clusters.hall.fabric": RAILS | {"kind": "infiniband-sriov", "network_cards": "nvidia-infiniband"},
        "clusters.hall.secondary_network": {
            "interfaces": ["ibs1", "ibs2"],
            "virtual_functions": 8,
            "addresses": "10.225.0.0/16",
        },
    },
    "host-device": {
        "clusters.hall.fabric": RAILS | {"kind": "host-device"},
        "clusters.hall.secondary_network": {"addresses": "10.224.0.0/16"},
    },
    "macvlan": {
        "clusters.hall.fabric": RAILS | {"kind": "macvlan", "network": "rdma/rails"},
        "clusters.hall.secondary_network": {"interfaces": ["ens1f0"], "addresses": "10.224.0.0/16", "mtu": 9000},
    },
    "nv-ipam": {
        "clusters.hall.fabric": RAILS | {"kind": "macvlan"},
        "clusters.hall.secondary_network": {
            "interfaces": ["ens1f0"],
            "addresses": "10.224.0.0/16",
            "address_plugin": "nv-ipam",
            "addresses_per_node": 64,
        },
    },
    "ipoib": {
        "clusters.hall.fabric": {
            "kind": "infiniband-ipoib",
            "network_cards": "nvidia-infiniband",
            "per_node": 1,
            "network": "ib",
        },
        "clusters.hall.secondary_network": {"interfaces": ["ibs1f0"], "addresses": "10.224.0.0/16"},
    },
}


def network(changes: dict[str, Any]) -> list[dict[str, Any]]:
    plan = planned(changes)
    hall = plan.clusters["hall"].plan
    assert isinstance(hall, ExistingPlan)
    policies = [policy for pool in plan.node_pools for policy in node_policies(pool, hall)]
    return [*network_manifests(hall), *policies]


@pytest.mark.parametrize("name", NETWORKS)
def test_objects_of_the_secondary_network(name: str) -> None:
    check_golden(GOLDEN / f"network-{name}.yaml", network(NETWORKS[name]))


@pytest.mark.parametrize("name", ["host-device", "macvlan", "ipoib"])
def test_its_objects_are_what_the_network_operator_defines(name: str) -> None:
    for manifest in network(NETWORKS[name]):
        assert schema_problems(manifest) == []
        assert json.loads(manifest["spec"]["ipam"])["range"] == "10.224.0.0/16"


def test_definitions_are_found_by_their_group() -> None:
    """Else the test above would skip, and pass for whatever is written there."""
    if find_definition("mellanox.com", "NicClusterPolicy") is None:
        pytest.skip("the definitions of the network operator do not lie beside the clone")
    assert find_definition("mellanox.com", "MacvlanNetwork") is not None


def test_a_network_that_the_owner_made_is_not_made_again() -> None:
    assert network({"clusters.hall.fabric": RAILS}) == []
    assert network({"clusters.hall.fabric": INFINIBAND}) == []


def test_cards_are_divided_on_the_hosts_of_the_pool_alone() -> None:
    """The operator drains and changes every node that a policy selects."""
    found = [one for one in network(NETWORKS["sriov"]) if one["kind"] == "SriovNetworkNodePolicy"]
    assert [one["spec"]["nodeSelector"] for one in found] == [{"bedplate.dev/pool": "vision-dev-train"}]
    none = network(NETWORKS["sriov"] | {"node_pools.train.fabric": "none"})
    assert [one["kind"] for one in none] == ["SriovNetwork"]


def test_they_are_declared_once_what_defines_them_is_installed() -> None:
    found = by_label(resources(NETWORKS["macvlan"]))
    made = found["MacvlanNetwork hall-macvlannetwork-rails"]
    assert made.parent == "ClusterServices hall"
    assert "Release vision-dev-hall-gpu-operator" in made.depends_on
