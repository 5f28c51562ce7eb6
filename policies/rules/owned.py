"""Nodes that exist already: what a pool says that they are and cost, and that nothing of a cloud hides behind them."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any

from bedplate import catalog
from bedplate.catalog.believable import believable_usd_per_hour
from bedplate.errors import UsageError
from bedplate.node_pools.existing import hardware_machine
from bedplate.node_pools.existing_spec import HardwareSpec
from rules.model import Resource, Rule, Surroundings
from rules.nodes import CLUSTER, NODE_POOL
from rules.reading import UndecidedError, need, want

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from bedplate.catalog import MachineType
    from bedplate.cost.range import CostLine

EXISTING = "existing"
OWNED = "owned"

CLOUDS = frozenset({"aws", "azure-native", "gcp"})
"""Packages whose resources a cloud sends a bill for."""


def group_machine(provider: str, group: Any) -> MachineType:
    """Return the machine of a pool's group: hardware that it describes, or one of the catalog.

    Raises `UndecidedError` for one that nobody knows.
    """
    if need(group, "capacity") == OWNED:
        return _described(group)
    name = need(group, "machine")
    try:
        found = catalog.machine(provider, name)
    except UsageError as error:
        raise UndecidedError(error.message) from None
    if found is None:
        raise UndecidedError(f"the catalog has no machine {name}")
    return found


def owned_groups(component: Resource) -> Mapping[str, Any]:
    """Return a pool's groups of nodes that exist already, by the item of their cost line."""
    if component.type != NODE_POOL:
        return {}
    groups = [group for group in need(component.properties, "groups") if need(group, "capacity") == OWNED]
    return {f"{need(group, 'machine')} {OWNED}": group for group in groups}


def price_problem(group: Any, line: CostLine) -> str:
    """Return what is wrong with the price of a line of nodes that exist already, else nothing."""
    declared = _price(group)
    if declared != line.usd_per_hour:
        return f"is counted at ${line.usd_per_hour} an hour; its hardware is declared at ${declared}"
    if line.as_of is not None:
        return f"has a declared price, which is of no day, and claims {line.as_of}"
    low, high = believable_usd_per_hour(_described(group))
    if not low <= declared <= high:
        return f"has a declared price of ${declared} an hour; believed is ${low:.2f} to ${high:.2f}"
    return ""


def bills_nobody_counts(resource: Resource, surroundings: Surroundings) -> Iterator[str]:
    """Below a cluster or a pool that exists already, nothing is created that a cloud sends a bill for."""
    for kind in {NODE_POOL, CLUSTER} & set(resource.ancestor_types):
        above = surroundings.nearest_ancestor(resource, kind)
        if above is not None and want(above.properties, "provider") == EXISTING:
            yield f"{resource.type} {resource.name} is created below {above.name}, which is said to exist already"


def _described(group: Any) -> MachineType:
    hardware = need(group, "hardware")
    described = HardwareSpec.model_construct(
        accelerator=want(hardware, "accelerator"),
        accelerators=int(want(hardware, "accelerators") or 0) or None,
        vcpus=int(need(hardware, "vcpus")),
        memory_gib=1.0,  # no rule asks for it
        usd_per_node_hour=float(_price(group)),
    )
    found = hardware_machine(described)
    if found is None:
        raise UndecidedError(f"the catalog has no accelerator {described.accelerator}")
    if found.name != need(group, "machine"):
        raise UndecidedError(f"{need(group, 'machine')} is not what its hardware is called, {found.name}")
    return found


def _price(group: Any) -> Decimal:
    text = need(group, "hardware", "usdPerNodeHour")
    try:
        return Decimal(str(text))
    except InvalidOperation:
        raise UndecidedError(f"{text!r} is no price") from None


RULES = (
    Rule(
        id="nodes-existing-create-nothing",
        family="nodes",
        waivable=False,
        demands="Below a cluster or a pool of provider `existing`, no resource of a cloud is created.",
        reason="Their price is the one that the stack file declares for hardware; a bill of a cloud is not in it.",
        fix="declare the cluster with the provider of its cloud",
        applies=lambda type_token: type_token.split(":")[0] in CLOUDS,
        check=bills_nobody_counts,
        reads_properties=False,
    ),
)
