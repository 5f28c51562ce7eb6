"""What AKS refuses of an agent pool: combinations that the provider's types let pass.

Rules and message texts: hashicorp/terraform-provider-azurerm#19355 and #31129, which quote the service. Read 2026-11.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bedplate.simulation.requests import Refusal

if TYPE_CHECKING:
    from bedplate.simulation.requests import Request

AGENT_POOL = "azure-native:containerservice:AgentPool"
NEVER_OF_SPOT = {"maxSurge": "max surge", "maxUnavailable": "maxUnavailable"}
"""Settings for upgrades that a spot pool cannot have, and what AKS calls them when it says so."""


def refuse_agent_pool(request: Request) -> None:
    """Raise what AKS says of an agent pool that it does not make; anything else passes."""
    if request.token != AGENT_POOL or request.inputs.get("scaleSetPriority") != "Spot":
        return
    settings = request.inputs.get("upgradeSettings") or {}
    for setting, called in NEVER_OF_SPOT.items():
        if settings.get(setting) is not None:
            raise _invalid(f"agentPoolProfile.upgradeSettings.{setting}", f"Spot pools can't set {called}.")


def _invalid(parameter: str, details: str) -> Refusal:
    said = f"The value of parameter {parameter} is invalid. Error details: {details}"
    return Refusal(f'Code="InvalidParameter" Message="{said}"')
