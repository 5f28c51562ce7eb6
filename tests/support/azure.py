"""Stacks on Azure for tests: small, valid, and changed one field at a time."""

from __future__ import annotations

from typing import Any

from bedplate.stack import StackSpec
from tests.support.stacks import changed, spec

SUBSCRIPTION = "11111111-2222-3333-4444-555555555555"
ADMINISTRATORS = "99999999-8888-7777-6666-555555555555"
RESERVATIONS = (
    f"/subscriptions/{SUBSCRIPTION}/resourceGroups/held/providers/Microsoft.Compute/capacityReservationGroups/a100"
)

CLUSTER: dict[str, Any] = {
    "provider": "azure",
    "region": "eastus",
    "subscription": SUBSCRIPTION,
    "administrators": [ADMINISTRATORS],
    "runner_access": ["203.0.113.0/24"],
}
SYSTEM: dict[str, Any] = {
    "cluster": "eus",
    "role": "general",
    "machine": "Standard_D8ds_v5",
    "nodes": {"min": 2, "max": 6},
}
H100: dict[str, Any] = {
    "cluster": "eus",
    "role": "training",
    "machine": "Standard_ND96isr_H100_v5",
    "nodes": {"min": 0, "max": 2},
    "root_disk_gib": 512,
}
A100: dict[str, Any] = {
    "cluster": "eus",
    "role": "inference",
    "nodes": {"min": 1, "max": 4},
    "offers": [
        {
            "machine": "Standard_NC24ads_A100_v4",
            "capacity": "reservation",
            "max": 2,
            "reservation": {"name": RESERVATIONS, "machine": "Standard_NC24ads_A100_v4", "nodes": 2, "zone": "2"},
        },
        {"machine": "Standard_NC24ads_A100_v4", "capacity": "spot"},
        {"machine": "Standard_NC24ads_A100_v4"},
    ],
}
STACK: dict[str, Any] = {
    "team": "vision",
    "environment": "dev",
    "clusters": {"eus": CLUSTER},
    "node_pools": {"system": SYSTEM, "h100": H100, "a100": A100},
}


def azure_stack(changes: dict[str, Any] | None = None) -> StackSpec:
    """Return the stack above with values changed by dotted path."""
    return spec(changed(STACK, changes or {}))
