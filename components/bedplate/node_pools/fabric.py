"""The network cards of a node: which interfaces a launch template lists, as a pure function of the machine type."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from bedplate.catalog import MachineType
    from bedplate.fabrics.kinds import FabricChoice
    from bedplate.node_pools.spec import Fabric


@dataclass(frozen=True, slots=True)
class NetworkInterface:
    """One interface of a launch template. `efa-only` carries EFA traffic and takes no IP address."""

    network_card: int
    device: int
    kind: Literal["interface", "efa-only"]


def decide_fabric(declared: FabricChoice | None, machines: list[MachineType]) -> Fabric:
    """Return the declared fabric; without one, `required` when every machine has several cards that speak EFA.

    Such machines are built to be used together, and their further cards stay idle without EFA. A machine with one
    card gains less than it loses by being bound to one zone.
    """
    if declared is not None:
        return "none" if declared == "none" else "required"
    return "required" if all((machine.efa_interfaces or 0) > 1 for machine in machines) else "none"


def network_interfaces(machine: MachineType) -> tuple[NetworkInterface, ...]:
    """Return every interface of a node that uses EFA on all the cards that speak it.

    Card 0 carries the node's IP traffic on a plain interface. It carries EFA beside it, on a device of its own, if it
    speaks EFA at all: card 0 of p6-b300 does not. All other cards are `efa-only`: with plain `efa` the node's
    configuration would wait for addresses on them and the node would not join.
    Sources: terraform-aws-eks #3653, aws-parallelcluster #7143 and #7262.
    """
    primary = NetworkInterface(network_card=0, device=0, kind="interface")
    return (
        primary,
        *(
            NetworkInterface(network_card=card, device=1 if card == 0 else 0, kind="efa-only")
            for card in machine.efa_cards
        ),
    )
