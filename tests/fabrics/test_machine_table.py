"""The page of machine types: current, and true for every row."""

from __future__ import annotations

from pathlib import Path

import pytest

from bedplate.catalog import MachineType
from bedplate.fabrics.choice import FabricQuestion, Refused, choose
from bedplate.fabrics.environment import environment, fails_closed
from bedplate.fabrics.machine_table import CAPACITIES, fabric_words, machine_cells, machine_table
from bedplate.fabrics.plan import plan_fabric
from bedplate.fabrics.pods import pod_fabric
from tests.fabrics.machines import accelerated, machine

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "machines.md"


def test_the_page_is_current() -> None:
    assert PAGE.read_text(encoding="utf-8") == machine_table(), (
        "run: bedplate catalog table > docs/reference/machines.md"
    )


@pytest.mark.parametrize("one", accelerated(), ids=lambda one: f"{one.cloud}-{one.name}")
def test_row(one: MachineType) -> None:
    """What a row says of a fabric holds for the nodes, the pods and the autoscaler alike."""
    cells = machine_cells(one)
    assert len(cells) == 6 + len(CAPACITIES[one.cloud])
    assert f"| {' | '.join(cells)} |" in PAGE.read_text(encoding="utf-8")
    question = FabricQuestion(one.cloud, one, "required", "99.0")
    kind = choose(question)
    words = fabric_words(one)
    if isinstance(kind, Refused) or not fails_closed(kind, environment(kind, one)):
        assert words in ("none", "unknown", "not prepared")
        return
    assert words.startswith(kind)
    fabric = plan_fabric(question)
    pods = pod_fabric(fabric, one, "p")
    cards = int(cells[3]) if cells[3] else 0
    assert pods.closed_by
    match kind:
        case "efa":
            assert cards == len(one.efa_cards) == fabric.resources["vpc.amazonaws.com/efa"]
            assert one.network_cards is None or cards <= one.network_cards
        case "tcpx" | "tcpxo":
            assert fabric.gcp is not None
            assert cards == len(fabric.gcp.networks)
            assert pods.sidecar is not None
        case "roce-dranet":
            assert cards == fabric.claimed_devices
            assert [claim.name for claim in pods.claims] == (["rdma", "nvlink"] if fabric.nvlink else ["rdma"])
        case "infiniband-sriov":
            assert cards == fabric.resources["rdma/ib"]
            assert pods.capabilities == ("IPC_LOCK",)
        case _:
            assert kind == "ici"
            assert not pods.environment


@pytest.mark.parametrize(
    ("provider", "name", "words"),
    [
        ("aws", "p5.48xlarge", "efa"),
        ("aws", "inf2.48xlarge", "none"),
        ("aws", "dl2q.24xlarge", "unknown"),
        ("gcp", "a4x-maxgpu-4g-metal", "not prepared"),
        ("gcp", "a3-ultragpu-8g", "roce-dranet (or roce-multivpc)"),
        ("azure", "Standard_NC24ads_A100_v4", "unknown"),
        (
            "azure",
            "Standard_ND128isr_GB300_v6",
            "infiniband-sriov (or infiniband-shared); NVLink over 18 nodes",
        ),
    ],
)
def test_fabrics_in_words(provider: str, name: str, words: str) -> None:
    assert fabric_words(machine(provider, name)) == words
