"""What follows from a fabric, one row per machine type and kind."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bedplate.catalog import MachineType
from bedplate.fabrics.choice import FabricQuestion, Refused, choose
from bedplate.fabrics.kinds import FabricChoice
from bedplate.fabrics.model import FabricPlan
from bedplate.fabrics.plan import plan_fabric
from bedplate.fabrics.spec import OwnFabricSpec
from bedplate.fabrics.versions import at_least
from tests.fabrics.machines import accelerated, machine


def plan(provider: str, name: str, declared: FabricChoice = "required", version: str = "1.35") -> FabricPlan:
    return plan_fabric(FabricQuestion(provider, machine(provider, name), declared, version))


@pytest.mark.parametrize(
    ("provider", "name", "version", "kind"),
    [
        ("aws", "p4d.24xlarge", "1.35", "efa"),
        ("aws", "p5.48xlarge", "1.35", "efa"),
        ("aws", "p6-b300.48xlarge", "1.35", "efa"),
        ("aws", "trn1.32xlarge", "1.35", "efa"),
        ("aws", "g6.8xlarge", "1.35", "efa"),
        ("gcp", "a3-highgpu-8g", "1.35", "tcpx"),
        ("gcp", "a3-megagpu-8g", "1.35", "tcpxo"),
        ("gcp", "a3-ultragpu-8g", "1.35", "roce-dranet"),
        ("gcp", "a3-ultragpu-8g", "1.34", "roce-multivpc"),  # 1.34 may be a build before 1.34.1-gke.1829001
        ("gcp", "a3-ultragpu-8g", "1.33", "roce-multivpc"),
        ("gcp", "a4-highgpu-8g", "1.34.1-gke.1829001", "roce-dranet"),
        ("gcp", "a4-highgpu-8g", "1.34.1-gke.1829000", "roce-multivpc"),
        ("gcp", "a4x-highgpu-4g", "1.35", "roce-dranet"),
        ("gcp", "ct6e-standard-4t", "1.35", "ici"),
        ("gcp", "tpu7x-standard-4t", "1.35", "ici"),
        ("azure", "Standard_ND96isr_H100_v5", "1.35", "infiniband-sriov"),
        ("azure", "Standard_ND96isr_MI300X_v5", "1.35", "infiniband-sriov"),
        ("azure", "Standard_ND128isr_GB300_v6", "1.35", "infiniband-sriov"),
    ],
)
def test_what_required_means(provider: str, name: str, version: str, kind: str) -> None:
    assert plan(provider, name, version=version).kind == kind


@pytest.mark.parametrize(
    ("name", "devices"),
    [
        ("p5.48xlarge", 32),
        ("p5en.48xlarge", 16),
        ("p6-b300.48xlarge", 16),
        ("p6e-gb200.36xlarge", 4),
        ("g6.8xlarge", 1),
    ],
)
def test_efa_is_advertised_once_per_card_that_speaks_it(name: str, devices: int) -> None:
    found = plan("aws", name)
    assert found.resources == {"vpc.amazonaws.com/efa": devices}
    assert sum(card.kind == "efa-only" for card in found.interfaces) == devices
    assert found.single_zone


@pytest.mark.parametrize(
    ("name", "version", "networks", "mtu", "cluster_mtu", "installer"),
    [
        ("a3-highgpu-8g", "1.35", ["vpc1", "vpc2", "vpc3", "vpc4"], 8244, 8244, "tcpx"),
        # No ninth network for the node's own traffic: it would take the place of a card.
        ("a3-megagpu-8g", "1.35", [f"vpc{number}" for number in range(1, 9)], 8244, 8244, "tcpxo"),
        ("a3-ultragpu-8g", "1.33", ["gvnic-1", *(f"rdma-{number}" for number in range(8))], 8896, 0, "gib"),
        ("a4-highgpu-8g", "1.33", ["gvnic-1", *(f"rdma-{number}" for number in range(8))], 8896, 0, "gib"),
        ("a4x-highgpu-4g", "1.33", ["gvnic-1", *(f"rdma-{number}" for number in range(4))], 8896, 0, "gib"),
        ("a3-ultragpu-8g", "1.35", [], 0, 0, "gib"),
    ],
)
def test_networks_of_nodes_on_google_cloud(
    name: str, version: str, networks: list[str], mtu: int, cluster_mtu: int, installer: str
) -> None:
    gcp = plan("gcp", name, version=version).gcp
    assert gcp is not None
    assert [subnet.object_name for network in gcp.networks for subnet in network.subnets] == networks
    assert {network.mtu for network in gcp.networks} == ({mtu} if mtu else set())
    assert (gcp.cluster_mtu, gcp.installer) == (cluster_mtu, installer)
    assert gcp.multi_networking is bool(networks)
    assert gcp.accelerator_network_profile == ("" if networks else "auto"), "never both"


def test_every_tcpxo_network_is_a_vpc_of_its_own_and_rdma_cards_share_one() -> None:
    mega, ultra = plan("gcp", "a3-megagpu-8g").gcp, plan("gcp", "a3-ultragpu-8g", version="1.33").gcp
    assert mega is not None
    assert ultra is not None
    assert [len(network.subnets) for network in mega.networks] == [1] * 8
    assert len({network.suffix for network in mega.networks}) == 8
    assert [(len(network.subnets), network.device_mode) for network in ultra.networks] == [
        (1, "NetDevice"),
        (8, "RDMA"),
    ]
    assert [network.network_profile for network in ultra.networks] == ["", "vpc-roce"]
    pods = [subnet.pod_interface for network in ultra.networks for subnet in network.subnets]
    assert pods == ["", *(f"eth{number}" for number in range(2, 10))]


def test_claims_where_gke_makes_the_networks() -> None:
    found = plan("gcp", "a4x-highgpu-4g")
    assert (found.device_class, found.claimed_devices) == ("mrdma.google.com", 4)
    assert found.node_labels == {"cloud.google.com/gke-networking-dra-driver": "true"}
    assert not found.resources


@pytest.mark.parametrize(
    ("name", "declared", "resources", "feature", "plugin"),
    [
        ("Standard_ND96isr_H100_v5", "required", {"rdma/ib": 8}, "Registered", "sriov"),
        ("Standard_ND96isr_H100_v5", "infiniband-shared", {"rdma/shared_ib": 63}, "Registered", "shared"),
        ("Standard_ND96asr_v4", "infiniband-ipoib", {}, "Registered", "ipoib"),
        ("Standard_ND128isr_NDR_GB200_v6", "required", {"rdma/ib": 4}, "Unregistered", "sriov"),
        ("Standard_ND128isr_GB300_v6", "required", {"rdma/ib": 4}, "Unregistered", "sriov"),
    ],
)
def test_infiniband_on_azure(
    name: str, declared: FabricChoice, resources: dict[str, int], feature: str, plugin: str
) -> None:
    found = plan("azure", name, declared)
    assert found.azure is not None
    assert (dict(found.resources), found.azure.infiniband_feature, found.azure.device_plugin) == (
        resources,
        feature,
        plugin,
    )
    assert (found.secondary is not None) is (plugin == "ipoib")


@pytest.mark.parametrize(
    ("provider", "name", "nodes", "topology"),
    [
        ("aws", "p6e-gb200.36xlarge", 18, ""),
        ("gcp", "a4x-highgpu-4g", 18, "1x72"),
        ("azure", "Standard_ND128isr_GB300_v6", 18, ""),
    ],
)
def test_nvlink_reaches_beyond_the_node_whatever_the_fabric(
    provider: str, name: str, nodes: int, topology: str
) -> None:
    choices: tuple[FabricChoice, ...] = ("required", "none")
    for declared in choices:
        domain = plan(provider, name, declared).nvlink
        assert domain is not None
        assert (domain.nodes, domain.topology, domain.stop_host_imex) == (nodes, topology, True)


def test_nvlink_ends_at_the_node_elsewhere() -> None:
    assert plan("aws", "p5.48xlarge").nvlink is None
    assert plan("gcp", "a4-highgpu-8g").nvlink is None


OWN = OwnFabricSpec(kind="infiniband-sriov", network_cards="nvidia-infiniband", resource="rdma/ib", per_node=8)


def own(spec: OwnFabricSpec, declared: FabricChoice = "required") -> FabricPlan:
    return plan_fabric(FabricQuestion("existing", machine("azure", "Standard_ND96isr_H100_v5"), declared, "0.0", spec))


def test_an_existing_cluster_gets_what_its_owner_says_and_nothing_is_installed() -> None:
    found = own(OWN)
    assert (found.kind, dict(found.resources), found.device_plugin) == ("infiniband-sriov", {"rdma/ib": 8}, "")
    assert found.secondary is None
    assert not found.single_zone, "its nodes stand where they stand"


@pytest.mark.parametrize(("kind", "interfaces"), [("sriov-vf", 8), ("host-device", 8), ("macvlan", 1)])
def test_interfaces_by_multus(kind: str, interfaces: int) -> None:
    spec = OwnFabricSpec(
        kind=kind,  # type: ignore[arg-type]
        network_cards="nvidia-ethernet",
        resource="nvidia.com/sriov",
        per_node=8,
        network="rdma/gpu-net",
    )
    secondary = own(spec).secondary
    assert secondary is not None
    assert (secondary.name, secondary.interfaces) == ("rdma/gpu-net", interfaces)


@pytest.mark.parametrize("one", accelerated(), ids=lambda one: f"{one.cloud}-{one.name}")
def test_every_machine_type_has_a_plan_or_a_reason(one: MachineType) -> None:
    question = FabricQuestion(one.cloud, one, "required", "1.36")
    found = choose(question)
    if isinstance(found, Refused):
        assert found.message
        assert found.hint or found.allowed
        with pytest.raises(LookupError):
            plan_fabric(question)
        return
    decided = plan_fabric(question)
    assert decided.kind == found
    asked = [*decided.resources.values(), decided.claimed_devices, len(decided.gcp.networks if decided.gcp else ())]
    assert found in ("ici", "infiniband-ipoib") or any(asked), "pods have a way to ask for the cards"


@pytest.mark.parametrize("one", accelerated(), ids=lambda one: f"{one.cloud}-{one.name}")
def test_facts_that_nobody_gave_are_refused(one: MachineType) -> None:
    nameless = replace(one, fabric="")
    assert isinstance(choose(FabricQuestion(one.cloud, nameless, "required", "1.36")), Refused)
    if one.fabric not in ("", "none", "ici"):
        cardless = replace(one, fabric_interfaces=None, efa_cards=())
        assert isinstance(choose(FabricQuestion(one.cloud, cardless, "required", "1.36")), Refused)


numbers = st.integers(min_value=0, max_value=9_999_999)


@given(numbers, numbers, numbers, numbers)
def test_versions_are_ordered_by_number_and_a_minor_version_is_its_first_build(
    minor: int, patch: int, build: int, more: int
) -> None:
    full = f"1.{minor}.{patch}-gke.{build}"
    assert at_least(full, full)
    assert at_least(f"1.{minor}.{patch}-gke.{build + more}", full)
    assert at_least(f"1.{minor + 1}", full)
    assert at_least(f"1.{minor}", full) is (patch == build == 0)


@given(st.text(max_size=12).filter(lambda text: not text.lstrip("v").replace(".", "").isdecimal()))
def test_what_is_no_version_never_passes(text: str) -> None:
    with pytest.raises(ValueError, match="not a Kubernetes version"):
        at_least(text, "1.34")
    with pytest.raises(ValueError, match="not a Kubernetes version"):
        at_least("1.34", text)
