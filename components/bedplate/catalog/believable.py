"""Which prices of a machine are believed where somebody declares one: a contract's, or that of own hardware."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from bedplate.catalog.guards import VCPU_USD_BOUNDS
from bedplate.catalog.machine_types import accelerators

if TYPE_CHECKING:
    from bedplate.catalog.model import MachineType

LEAST_SHARE_OF_ON_DEMAND = Decimal("0.28")
"""What the deepest public discount leaves of an on-demand price: EC2 Instance Savings Plans take up to 72 % off
(AWS, "Savings Plans pricing"). Capacity blocks lie between: p5en at $41.61 an hour is 66 % of its $63.30."""


def believable_usd_per_hour(machine: MachineType) -> tuple[Decimal, Decimal]:
    """Return the lowest and the highest price of a node that is believed, in US dollars an hour.

    The range of accelerators.csv holds for on-demand prices; a contract may take off what the deepest public discount
    does. A model without a range is held to the widest of all models: wide, but a cent an hour is outside it.
    """
    if not machine.accelerator:
        low, high = VCPU_USD_BOUNDS
        vcpus = machine.vcpus or 1
        return low * vcpus * LEAST_SHARE_OF_ON_DEMAND, high * vcpus
    models = accelerators()
    model = models[machine.accelerator]
    lows = [one.usd_per_hour_min for one in models.values() if one.usd_per_hour_min is not None]
    highs = [one.usd_per_hour_max for one in models.values() if one.usd_per_hour_max is not None]
    low = min(lows) if model.usd_per_hour_min is None else model.usd_per_hour_min
    high = max(highs) if model.usd_per_hour_max is None else model.usd_per_hour_max
    devices = machine.accelerator_count * Decimal(str(machine.accelerator_share))
    return low * devices * LEAST_SHARE_OF_ON_DEMAND, high * devices
