"""The network cards of an AWS node: which interfaces a launch template lists, from the facts of the machine type."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bedplate.fabrics.model import NetworkInterface

if TYPE_CHECKING:
    from bedplate.catalog import MachineType


def network_interfaces(machine: MachineType) -> tuple[NetworkInterface, ...]:
    """Return every interface of a node that uses EFA on all the cards that the catalog lists for it.

    Card 0 carries the node's IP traffic on a plain interface. It carries EFA beside it, on a device of its own, if it
    speaks EFA at all: card 0 of p6-b300 does not. All other cards are `efa-only`: with plain `efa` the node's
    configuration would wait for addresses on them and the node would not join.

    The cards of p6e-gb200 share physical ones in pairs, and pairs share an accelerator: AWS advises one `efa-only`
    interface for each accelerator, on cards 1, 5, 9 and 13, which reaches the full 1,600 Gbit/s.
    Sources: terraform-aws-eks #3653, aws-parallelcluster #7143 and #7262, the EC2 user guide on multiple network cards.
    """
    primary = NetworkInterface(network_card=0, device=0, kind="interface")
    return (
        primary,
        *(
            NetworkInterface(network_card=card, device=1 if card == 0 else 0, kind="efa-only")
            for card in machine.efa_cards
        ),
    )
