"""What cannot be had on GKE, each with what the plan says about it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from bedplate import catalog
from bedplate.node_pools import preconditions
from bedplate.node_pools.gcp_preconditions import RULES
from bedplate.node_pools.gcp_versions import first_gpudirect_version, may_be_older
from bedplate.preconditions import stack_problems
from tests.support.gcp import H100, RESERVATION, RESERVED, TPU, gcp_stack
from tests.support.stacks import REMOVED

IT = ("node_pools", "it")
OFFER = (*IT, "offers", 0)


def reserved(**changes: Any) -> dict[str, Any]:
    reservation = {key: value for key, value in (RESERVATION | changes).items() if value is not REMOVED}
    return RESERVED | {"offers": [RESERVED["offers"][0] | {"reservation": reservation}]}


def offers(*capacities: str, machine: str = "a3-ultragpu-8g", **pool: Any) -> dict[str, Any]:
    wanted = [{"machine": machine, "capacity": capacity} for capacity in capacities]
    return {"machine": REMOVED, "zones": ["us-central1-b"], "offers": wanted, **pool}


def rack(nodes: int, **changes: Any) -> dict[str, Any]:
    """A pool of GB200 from a reservation that holds as many as may run."""
    machine = "a4x-highgpu-4g"
    reservation = RESERVATION | {"name": "gb200", "machine": machine, "nodes": nodes, "usd_per_node_hour": 120}
    offer = {"machine": machine, "capacity": "reservation", "reservation": reservation}
    return {"machine": REMOVED, "zones": REMOVED, "nodes": {"min": 0, "max": nodes}, "offers": [offer], **changes}


def reserved_part(name: str) -> dict[str, Any]:
    pool = rack(18)
    pool["offers"][0]["reservation"]["name"] = name
    return pool


REFUSED: list[tuple[str, dict[str, Any], tuple[str | int, ...], str]] = [
    (
        "_reservation_name",
        reserved(name="projects/acme-ai/h200"),
        (*OFFER, "reservation", "name"),
        "'projects/acme-ai/h200' is no name of a reservation",
    ),
    (
        "_reservation_name",
        reserved(name="h200/blocks/1"),
        (*OFFER, "reservation", "name"),
        "'h200/blocks/1' is no name of a reservation",
    ),
    (
        "_reservation_name",
        reserved(name="gb200/reservationSubBlocks/s-1"),
        (*OFFER, "reservation", "name"),
        "'gb200/reservationSubBlocks/s-1' is no name of a reservation",
    ),
    (
        "_reservation_has_a_zone",
        reserved(zone=REMOVED),
        (*OFFER, "reservation"),
        "h200 stands in one zone, and nodes in any other would wait for it forever",
    ),
    (
        "_reservation_without_a_policy",
        reserved(compact=True),
        (*OFFER, "reservation", "compact"),
        "h200 was made with a compact placement policy, and takes only nodes of the very same policy, which Bedplate "
        "has no way to name",
    ),
    (
        "_reservation_interval",
        reserved(maintenance_interval="recurrent"),
        (*OFFER, "reservation", "maintenance_interval"),
        "h200 has recurrent maintenance, and nodes of GKE are maintained either periodically or as needed: GKE refuses "
        "them as 'Invalid value for reservationAffinity' (xpk #476)",
    ),
    (
        "_queued_rests_at_zero",
        offers("queued", nodes={"min": 1, "max": 2}),
        (*IT, "nodes", "min"),
        "queued machines come when a job asks for all of them at once, so 1 of them cannot always run",
    ),
    (
        "_queued_is_the_only_offer",
        offers("on-demand", "queued"),
        (*IT, "offers", 1, "capacity"),
        "queued machines are asked for by a ProvisioningRequest, which knows one node pool and no order",
    ),
    (
        "_queued_is_not_tested",
        offers("queued", acceptance_test={}),
        (*IT, "acceptance_test"),
        "queued machines start for a ProvisioningRequest, which the acceptance test does not make: it would wait until "
        "its time is up, and call the fabric bad",
    ),
    (
        "_slice_is_the_only_offer",
        offers("spot", "flex-start", machine="ct6e-standard-4t", tpu_topology="4x4", nodes={"min": 0, "max": 4}),
        (*IT, "offers"),
        "a slice of shape 4x4 is one piece, and GKE cannot begin it on one offer and finish it on another",
    ),
    (
        "_nodes_are_shielded",
        offers("reservation", machine="a4x-maxgpu-4g-metal", fabric="none")
        | {
            "offers": [
                {
                    "machine": "a4x-maxgpu-4g-metal",
                    "capacity": "reservation",
                    "reservation": RESERVATION | {"machine": "a4x-maxgpu-4g-metal"},
                }
            ]
        },
        (*OFFER, "machine"),
        "a4x-maxgpu-4g-metal is bare metal without Shielded nodes, and Bedplate starts no others",
    ),
    (
        "_fabric_has_addresses",
        {"nodes": {"min": 0, "max": 125}, "cidr": "10.0.0.0/19"},
        (*IT, "nodes", "max"),
        "each network of the fabric has addresses for 124 nodes, and 125 may run",
    ),
    (
        "_nodes_fit_one_nvlink_domain",
        rack(40),
        (*IT, "nodes", "max"),
        "NVLink joins 18 nodes of a4x-highgpu-4g, one placement policy (1x72) holds no more, and 40 may run",
    ),
    (
        "_nodes_fit_one_nvlink_domain",
        rack(40) | {"offers": [rack(40)["offers"][0] | {"max": 19}]},
        (*OFFER, "max"),
        "NVLink joins 18 nodes of a4x-highgpu-4g, one placement policy (1x72) holds no more, and 19 may run",
    ),
    (
        "_version_has_gpudirect",
        {"version": "1.32"},
        (*IT, "fabric"),
        "tcpxo needs GKE 1.32.11-gke.1174000, and the cluster's 1.32 may be older",
    ),
]


def problems(pool: dict[str, Any]) -> list[tuple[tuple[str | int, ...], str]]:
    changes: dict[str, Any] = {}
    if cidr := pool.pop("cidr", None):
        changes["clusters.usc1.network"] = {"cidr": cidr}
    if version := pool.pop("version", None):
        changes["clusters.usc1.kubernetes_version"] = version
    return [(problem.field, problem.message) for problem in stack_problems(gcp_stack(changes, **pool))]


@pytest.mark.parametrize(("rule", "pool", "field", "message"), REFUSED)
def test_refused(rule: str, pool: dict[str, Any], field: tuple[str | int, ...], message: str) -> None:
    assert (field, message) in problems(dict(pool))


def test_every_rule_has_a_case_or_a_test_of_its_own() -> None:
    cases = {rule for rule, *_ in REFUSED} | {"_accelerator_has_a_name"}
    assert cases == {rule.__name__ for rule in RULES}


def test_an_accelerator_without_a_name_on_gke_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    known = catalog.machine("gcp", "a3-megagpu-8g")
    assert known is not None
    unnamed = replace(known, accelerator_label="")
    monkeypatch.setattr(preconditions, "known_machine", lambda *_: unnamed)
    message = "no source says by which name GKE knows the H100 of a3-megagpu-8g"
    assert ((*IT, "machine"), message) in problems({})


@pytest.mark.parametrize(
    "pool",
    [
        {},
        RESERVED,
        TPU,
        offers("flex-start", acceptance_test={}),
        offers("queued"),
        offers("spot", "on-demand"),
        rack(18),
        rack(40, fabric="none"),  # no pod joins NVLink, so no policy holds the nodes together
        reserved_part("gb200/reservationBlocks/b-1/reservationSubBlocks/s-1"),
        reserved_part("projects/acme-two/reservations/gb200/reservationBlocks/b-1/reservationSubBlocks/s-1"),
    ],
)
def test_what_can_be_had_passes(pool: dict[str, Any]) -> None:
    assert problems(dict(pool)) == []


@pytest.mark.parametrize(
    ("fabric", "version", "first", "older"),
    [
        ("tcpxo", "1.32", "1.32.11-gke.1174000", True),
        ("tcpxo", "1.32.10-gke.9999999", "1.32.11-gke.1174000", True),
        ("tcpxo", "1.32.11-gke.1174000", "1.32.11-gke.1174000", False),
        ("tcpxo", "1.26.15-gke.1", "1.28.15-gke.3163000", True),
        ("tcpx", "1.27.16-gke.2874000", "1.27.16-gke.2874000", False),
        ("tcpx", "1.27.16-gke.2873999", "1.27.16-gke.2874000", True),
    ],
)
def test_a_version_below_the_first_that_has_a_fabric_is_older(
    fabric: str, version: str, first: str, older: bool
) -> None:
    assert first_gpudirect_version(fabric, version) == first
    assert may_be_older(version, first) is older


@pytest.mark.parametrize(
    ("fabric", "version"), [("tcpxo", "1.35"), ("tcpx", "1.30"), ("roce-dranet", "1.20"), ("none", "1.20")]
)
def test_a_fabric_that_every_build_has_needs_no_first_one(fabric: str, version: str) -> None:
    assert first_gpudirect_version(fabric, version) == ""


def test_a_misspelt_version_lets_nothing_pass() -> None:
    with pytest.raises(ValueError, match="is not a Kubernetes version"):
        first_gpudirect_version("tcpxo", "v1-27")


def test_two_pools_cannot_both_name_networks_of_a_cluster() -> None:
    stack = gcp_stack({"node_pools.other": H100 | {"machine": "a3-highgpu-8g"}})
    found = {problem.field: problem.message for problem in stack_problems(stack)}
    message = "pods of 'it' name the networks of their fabric already, and a cluster has one set of such names"
    assert found[("node_pools", "other", "fabric")] == message


def test_networks_that_gke_makes_stand_beside_any_others() -> None:
    dranet = {key: value for key, value in (H100 | RESERVED).items() if value is not REMOVED}
    assert stack_problems(gcp_stack({"node_pools.other": dranet})) == []
