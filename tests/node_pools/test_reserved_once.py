"""Whether two pools name one reservation: told by what the cloud knows it by, not by the words."""

from __future__ import annotations

from typing import Any

import pytest

from bedplate.errors import dotted
from bedplate.preconditions import stack_problems
from tests.support.azure import A100, RESERVATIONS
from tests.support.azure import CLUSTER as AKS
from tests.support.azure import SYSTEM as AKS_SYSTEM
from tests.support.gcp import CLUSTER as GKE
from tests.support.gcp import H100, RESERVATION
from tests.support.gcp import SYSTEM as GKE_SYSTEM
from tests.support.stacks import CLUSTER as EKS
from tests.support.stacks import SYSTEM as EKS_SYSTEM
from tests.support.stacks import spec


def on_gke(name: str, cluster: str = "usc1", zone: str = "us-central1-b") -> dict[str, Any]:
    reservation = RESERVATION | {"name": name, "zone": zone}
    offer = {"machine": "a3-ultragpu-8g", "capacity": "reservation", "reservation": reservation}
    pool = {key: value for key, value in H100.items() if key not in ("machine", "zones")}
    return pool | {"cluster": cluster, "offers": [offer]}


def on_aks(name: str) -> dict[str, Any]:
    (offer, *_) = A100["offers"]
    return A100 | {"offers": [offer | {"reservation": offer["reservation"] | {"name": name}}]}


def on_eks(name: str) -> dict[str, Any]:
    reservation = {"name": name, "machine": "p5.48xlarge", "nodes": 2, "zone": "use1-az1"}
    offer = {"machine": "p5.48xlarge", "capacity": "reservation", "reservation": reservation}
    return {"cluster": "use1", "role": "training", "nodes": {"min": 0, "max": 2}, "offers": [offer]}


GKE_CLUSTERS: dict[str, dict[str, Any]] = {
    "usc1": GKE,
    "again": GKE,
    "other": GKE | {"project": "acme-two"},
    "europe": GKE | {"region": "europe-west1"},
}


def stack(first: dict[str, Any], second: dict[str, Any]) -> dict[str, Any]:
    clusters: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
        "use1": (EKS, EKS_SYSTEM),
        "eus": (AKS, AKS_SYSTEM),
        **{name: (cluster, GKE_SYSTEM) for name, cluster in GKE_CLUSTERS.items()},
    }
    named = sorted({first["cluster"], second["cluster"]})
    return {
        "team": "vision",
        "environment": "dev",
        "clusters": {name: clusters[name][0] for name in named},
        "node_pools": {
            **{f"system-{name}": clusters[name][1] | {"cluster": name} for name in named},
            "first": first,
            "second": second,
        },
    }


def problems(first: dict[str, Any], second: dict[str, Any]) -> list[tuple[str, str]]:
    found = stack_problems(spec(stack(first, second)))
    return [(dotted(problem.field), problem.message) for problem in found]


BLOCK = "h200/reservationBlocks/b-1"
PART = f"{BLOCK}/reservationSubBlocks/s-1"

ONE = [
    (on_eks("cr-0123456789abcdef0"), on_eks("cr-0123456789abcdef0")),
    (on_aks(RESERVATIONS), on_aks(RESERVATIONS.replace("/held/", "/Held/").replace("/a100", "/A100"))),
    (on_gke("h200"), on_gke("h200")),
    (on_gke("h200"), on_gke("projects/acme-ai/reservations/h200")),
    (on_gke("h200"), on_gke("h200", "again")),
    (on_gke("projects/acme-ai/reservations/h200"), on_gke("projects/acme-ai/reservations/h200", "other")),
    (on_gke("h200"), on_gke("projects/acme-ai/reservations/h200", "other")),
    (on_gke("h200"), on_gke(BLOCK)),
    (on_gke(PART), on_gke(BLOCK)),
]
TWO = [
    (on_eks("cr-0123456789abcdef0"), on_eks("cr-0123456789abcdef1")),
    (on_aks(RESERVATIONS), on_aks(f"{RESERVATIONS}-2")),
    (on_gke("h200"), on_gke("h200", "other")),
    (on_gke("h200"), on_gke("h200", "europe", "europe-west1-b")),
    (on_gke("h200"), on_gke("h200-2")),
    (on_gke(BLOCK), on_gke("h200/reservationBlocks/b-2")),
    (on_gke(PART), on_gke(f"{BLOCK}/reservationSubBlocks/s-2")),
]


@pytest.mark.parametrize(("first", "second"), ONE)
def test_one_reservation_is_taken_once(first: dict[str, Any], second: dict[str, Any]) -> None:
    name = second["offers"][0]["reservation"]["name"]
    owner = "node_pools.first.offers[0].reservation"
    message = f"{name} is that of {owner} already; its machines are counted and taken once"
    assert problems(first, second) == [("node_pools.second.offers[0].reservation.name", message)]


@pytest.mark.parametrize(("first", "second"), TWO)
def test_two_reservations_are_two_whatever_they_are_called(first: dict[str, Any], second: dict[str, Any]) -> None:
    assert problems(first, second) == []
