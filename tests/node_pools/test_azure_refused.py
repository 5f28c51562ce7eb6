"""What no pool on Azure can be: each rule trips, and says what to do."""

from __future__ import annotations

from typing import Any

import pytest

from bedplate.errors import dotted
from bedplate.preconditions import stack_problems
from tests.support.azure import CLUSTER, H100, RESERVATIONS, SYSTEM, azure_stack
from tests.support.stacks import REMOVED, changed, spec

TWO_OFFERS = {
    "node_pools.h100.machine": REMOVED,
    "node_pools.h100.offers": [
        {"machine": "Standard_ND96isr_H100_v5", "capacity": "spot"},
        {"machine": "Standard_ND96isr_H100_v5"},
    ],
}
GRACE: dict[str, Any] = {
    "cluster": "eus",
    "role": "inference",
    "machine": "Standard_ND128isr_NDR_GB200_v6",
    "nodes": {"min": 0, "max": 1},
}
ON_134: dict[str, Any] = {"clusters.eus.kubernetes_version": "1.34", "node_pools.h100": REMOVED}


def bought(capacity: str, machine: str = "Standard_ND96isr_H100_v5", **reservation: Any) -> dict[str, Any]:
    offer: dict[str, Any] = {"machine": machine, "capacity": capacity}
    if reservation:
        offer["reservation"] = {"name": RESERVATIONS, "machine": machine, "nodes": 2, **reservation}
    return {"node_pools.h100.machine": REMOVED, "node_pools.h100.offers": [offer]}


REFUSED: list[tuple[dict[str, Any], str, str]] = [
    ({"node_pools.h100.zones": ["1"]}, "h100.zones", "does not know which zones of eastus have"),
    ({"node_pools.h100.zones": ["7"]}, "h100.zones[0]", "'7' is not among the cluster's zones"),
    (TWO_OFFERS, "h100.offers", "InfiniBand connects the machines of one scale set, and each of the 2 offers"),
    (bought("reservation", zone="1"), "h100.offers[0].capacity", "is not sold as reservation"),
    (bought("capacity-block", zone="1"), "h100.offers[0].capacity", "is not sold as capacity-block"),
    (bought("flex-start"), "h100.offers[0].capacity", "is not sold as flex-start"),
    (bought("queued"), "h100.offers[0].capacity", "is not sold as queued"),
    (
        {"node_pools.a100.offers.0.reservation.name": "cr-0123456789abcdef0"},
        "a100.offers[0].reservation.name",
        "is no capacity reservation group of Azure",
    ),
    (
        {"node_pools.a100.offers.0.reservation.name": RESERVATIONS.replace("1111-2222", "9999-2222")},
        "a100.offers[0].reservation.name",
        "belongs to another subscription",
    ),
    (
        {"node_pools.a100.offers.0.reservation.ends": "2027-01-31"},
        "a100.offers[0].reservation.ends",
        "stands, and is paid, until somebody deletes it",
    ),
    (
        {"node_pools.a100.offers.0.reservation.zone": "4"},
        "a100.offers[0].reservation.zone",
        "stands in 4, and the cluster in",
    ),
    (
        {"node_pools.a100.offers.0.reservation.machine": "Standard_NC48ads_A100_v4"},
        "a100.offers[0].reservation.machine",
        "no node of it would start",
    ),
    ({"node_pools.h100.huge_pages_2mi": 1024}, "h100.huge_pages_2mi", "AKS has no setting for huge pages"),
    (
        {"node_pools.h100.machine": "Standard_ND96is_H100_v5", "node_pools.h100.fabric": "required"},
        "h100.machine",
        "is Standard_ND96isr_H100_v5 without its InfiniBand cards",
    ),
    (
        {"node_pools.gb200": GRACE},
        "gb200",
        "AKSInfinibandSupport unregistered, and h100 needs it registered",
    ),
    (ON_134 | {"node_pools.gb200": GRACE}, "gb200.machine", "needs Ubuntu 24.04, which AKS gives to nodes from"),
    (
        ON_134 | {"node_pools.gb200": changed(GRACE, {"machine": REMOVED, "offers": [{"machine": GRACE["machine"]}]})},
        "gb200.offers[0].machine",
        "and the cluster runs 1.34",
    ),
    ({"clusters.eus.drivers": "cloud"}, "h100.fabric", "InfiniBand cards reach GPU memory"),
    ({"clusters.eus.drivers": "host"}, "h100.machine", "drivers: host is not possible"),
    ({"node_pools.h100.machine": "Standard_ND96isr_MI300X_v5"}, "h100.machine", "is not offered in eastus"),
]  # fmt: skip


@pytest.mark.parametrize(("changes", "field", "message"), REFUSED)
def test_refused(changes: dict[str, Any], field: str, message: str) -> None:
    found = [(dotted(problem.field), problem.message) for problem in stack_problems(azure_stack(changes))]
    where = {at for at, text in found if message in text}
    assert where, found
    assert f"node_pools.{field}" in where, found


@pytest.mark.parametrize("fabric", [{}, {"fabric": "none"}], ids=["fabric", "fabric: none"])
def test_an_old_cluster_is_one_problem_of_a_grace_machine(fabric: dict[str, Any]) -> None:
    """The way out of NVLink's rule, `fabric: none`, is none from 22.04."""
    (found,) = stack_problems(azure_stack(ON_134 | {"node_pools.gb200": GRACE | fabric}))
    assert "needs Ubuntu 24.04" in found.message
    assert found.hint == "Set kubernetes_version of clusters.eus to 1.35 or newer."


def test_two_subscriptions_have_a_feature_each() -> None:
    other = azure_stack().model_dump(mode="json", exclude_unset=True)["clusters"]["eus"]
    changes = {
        "clusters.eus2": other | {"subscription": "22222222-3333-4444-5555-666666666666"},
        "node_pools.system2": {"cluster": "eus2", "role": "general", "machine": "Standard_D8ds_v5",
                               "nodes": {"min": 1, "max": 2}},
        "node_pools.gb200": GRACE | {"cluster": "eus2"},
    }  # fmt: skip
    assert stack_problems(azure_stack(changes)) == []


OWN, OTHER = "11111111-2222-3333-4444-555555555555", "22222222-3333-4444-5555-666666666666"
SEVERAL: list[tuple[dict[str, str], str, str, bool]] = [
    # The clusters of the platform stack with their subscriptions, those of the pools, whether they contradict.
    ({"eus": OWN}, "eus", "eus", True),
    ({"eus": OWN, "eus2": OWN}, "eus", "eus2", True),
    ({"eus": OWN, "eus2": OTHER}, "eus", "eus2", False),
    ({"eus": OWN}, "eus", "own", True),
    ({"eus": OTHER}, "eus", "own", False),
]


@pytest.mark.parametrize(("subscriptions", "of_h100", "of_grace", "contradict"), SEVERAL)
def test_clusters_of_a_platform_stack_have_the_features_of_their_subscriptions(
    subscriptions: dict[str, str], of_h100: str, of_grace: str, contradict: bool
) -> None:
    installs = {"device_plugins": ["nvidia", "nvidia-dra", "rdma-sriov"]}
    platform = {
        "team": "platform",
        "environment": "dev",
        "clusters": {name: CLUSTER | installs | {"subscription": one} for name, one in subscriptions.items()},
        "node_pools": {f"system-{name}": SYSTEM | {"cluster": name} for name in subscriptions},
    }
    team = {
        "team": "vision",
        "environment": "dev",
        "clusters": {name: {"stack": "platform-dev", "name": name} for name in subscriptions} | {"own": CLUSTER},
        "node_pools": {
            "system": SYSTEM | {"cluster": "own"},
            "h100": H100 | {"cluster": of_h100},
            "gb200": GRACE | {"cluster": of_grace},
        },
    }
    found = [problem.message for problem in stack_problems(spec(team), {"platform-dev": spec(platform)})]
    message = "gb200 needs the subscription's feature AKSInfinibandSupport unregistered, and h100 needs it registered"
    assert found == [message] * contradict
