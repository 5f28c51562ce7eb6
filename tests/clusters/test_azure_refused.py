"""What no AKS cluster can be: each rule trips, and says what to do."""

from __future__ import annotations

from typing import Any

import pytest

from bedplate.clouds import azure_names
from bedplate.errors import dotted
from bedplate.preconditions import stack_problems
from tests.support.azure import azure_stack

REFUSED: list[tuple[dict[str, Any], str, str]] = [
    ({"clusters.eus.system_machine": "Standard_D4ds"}, "system_machine", "is no machine type of azure"),
    ({"clusters.eus.system_machine": "Standard_ND96isr_MI300X_v5"}, "system_machine", "is not offered in eastus"),
    ({"clusters.eus.system_machine": "Standard_D2s_v5"}, "system_machine", "asks for 4 processors"),
    ({"clusters.eus.system_machine": "Standard_NC24ads_A100_v4"}, "system_machine", "which AKS's own parts do not use"),
    ({"clusters.eus.zones": ["1", "2"]}, "zones", "does not know which zones of eastus have Standard_D4ds_v5"),
    ({"clusters.eus.zones": ["1", "4"]}, "zones[1]", "'4' is no zone of eastus"),
    (
        {"clusters.eus.network": {"pods_cidr": "10.244.0.0/20"}, "node_pools.h100.nodes.max": 9},
        "network",
        "room for 16",
    ),
    ({"clusters.eus.region": "eastus9"}, "region", "is no region of azure"),
]


@pytest.mark.parametrize(("changes", "field", "message"), REFUSED)
def test_refused(changes: dict[str, Any], field: str, message: str) -> None:
    found = [(dotted(problem.field), problem.message) for problem in stack_problems(azure_stack(changes))]
    assert any(at == f"clusters.eus.{field}" and message in said for at, said in found), found


def test_the_stack_of_these_tests_is_right_by_itself() -> None:
    assert stack_problems(azure_stack()) == []


def test_two_pools_of_the_same_short_name_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(azure_names, "DIGEST_LENGTH", 0)
    changes = {"node_pools.own-h100": {"cluster": "eus", "role": "training", "machine": "Standard_ND96isr_H100_v5",
               "nodes": {"min": 0, "max": 1}}}  # fmt: skip
    found = {dotted(problem.field): problem.message for problem in stack_problems(azure_stack(changes))}
    assert "call one of them something else" in found["node_pools.own-h100"]
