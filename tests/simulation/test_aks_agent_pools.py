from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import pytest

from bedplate.simulation.aks_agent_pools import AGENT_POOL, refuse_agent_pool
from bedplate.simulation.requests import Instance, Refusal, Request
from tests.simulation.clouds import Sandbox
from tests.support.stacks import changed

if TYPE_CHECKING:
    from pathlib import Path

    from bedplate.simulation.world_file import World

POOL: dict[str, Any] = {
    "agentPoolName": "it",
    "vmSize": "Standard_NC24ads_A100_v4",
    "upgradeSettings": {"maxSurge": "0", "maxUnavailable": "1", "drainTimeoutInMinutes": 30.0},
}
SPOT = {"scaleSetPriority": "Spot"}


def refuse(inputs: dict[str, Any], token: str = AGENT_POOL) -> None:
    nowhere = cast("World", None)  # what AKS says of an agent pool depends on nothing else
    refuse_agent_pool(Request(token, inputs, nowhere))


@pytest.mark.parametrize(
    "inputs",
    [POOL, POOL | {"scaleSetPriority": "Regular"}, POOL | SPOT | {"upgradeSettings": None}, {"agentPoolName": "it"}],
)
def test_what_aks_makes_passes(inputs: dict[str, Any]) -> None:
    refuse(inputs)


def test_other_resources_pass() -> None:
    refuse(POOL | SPOT, token="azure-native:containerservice:ManagedCluster")


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"maxSurge": "0"}, "Spot pools can't set max surge"),
        ({"maxSurge": "33%", "drainTimeoutInMinutes": 30.0}, "Spot pools can't set max surge"),
        ({"maxUnavailable": "1"}, "Spot pools can't set maxUnavailable"),
        ({"maxUnavailable": "0"}, "Spot pools can't set maxUnavailable"),
    ],
)
def test_a_spot_pool_says_nothing_of_how_many_nodes_an_upgrade_replaces(settings: dict[str, Any], said: str) -> None:
    with pytest.raises(Refusal, match=said):
        refuse(changed(POOL, {**SPOT, "upgradeSettings": settings}))


def test_the_simulated_cloud_asks_these_rules(tmp_path: Path) -> None:
    place = {"resourceGroupName": "g", "resourceName": "c"}
    with pytest.raises(Refusal, match="Spot pools can't set max surge"):
        Sandbox(tmp_path).create(AGENT_POOL, "pool", Instance("azure-native"), **place, **POOL, **SPOT)
