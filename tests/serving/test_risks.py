"""What endpoints risk although nothing about them is wrong."""

from __future__ import annotations

from typing import Any

import pytest

from bedplate.risks import risks
from tests.support.endpoints import CHAT, planned_stack


def left_apart(nodes: dict[str, int], machine: str = "g6.12xlarge", **endpoints: dict[str, Any]) -> list[str]:
    """Return what the plan says of workers that stay apart, on a pool of machines with four accelerators."""
    pool = {"cluster": "use1", "role": "inference", "nodes": nodes, "machine": machine}
    others = {
        f"endpoints.{name}": CHAT | {"hostname": f"{name}.example.com", "scaling": {}} | changes
        for name, changes in endpoints.items()
    }
    plan = planned_stack({"node_pools.l4": pool, "chat.scaling": {}, "chat.workers": {"min": 1, "max": 1}} | others)
    return [risk.text for risk in risks(plan) if risk.subject == "node_pools.l4" and "stay where they are" in risk.text]


def workers(least: int, most: int) -> dict[str, Any]:
    return {"workers": {"min": least, "max": most}}


@pytest.mark.parametrize(
    ("nodes", "endpoint", "apart"),
    [
        ({"min": 1, "max": 4}, workers(3, 11), 3),  # and the one of chat: twelve at most, on three nodes
        ({"min": 1, "max": 4}, workers(2, 7), 2),  # two nodes hold all eight, so no third is ever started
        ({"min": 3, "max": 4}, workers(3, 11), 0),
        ({"min": 1, "max": 4}, workers(3, 3), 0),  # none goes, so none is left behind
        ({"min": 1, "max": 4}, workers(1, 3), 0),
    ],
)
def test_workers_that_scaling_down_leaves_on_nodes_of_their_own(
    nodes: dict[str, int], endpoint: dict[str, Any], apart: int
) -> None:
    texts = left_apart(nodes, other=endpoint)
    assert len(texts) == bool(apart)
    assert not apart or f"on {apart} nodes" in texts[0]
    assert not apart or f"the floor of {nodes['min']}" in texts[0]


def test_workers_that_fill_their_nodes_stand_where_they_must() -> None:
    assert left_apart({"min": 2, "max": 6}, machine="g6.2xlarge", other=workers(1, 3)) == []
