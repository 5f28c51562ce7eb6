"""The network cards of every AWS machine type that speaks EFA: one row per type, from the catalog."""

from __future__ import annotations

import pytest

from bedplate import catalog
from bedplate.catalog import MachineType
from bedplate.node_pools.fabric import decide_fabric, network_interfaces

EFA_TYPES = [machine for machine in catalog.machines("aws").values() if machine.efa_interfaces]


@pytest.mark.parametrize("machine", EFA_TYPES, ids=lambda machine: machine.name)
def test_every_card_that_speaks_efa_is_used_once_and_none_other(machine: MachineType) -> None:
    cards = network_interfaces(machine)
    efa = [card for card in cards if card.kind == "efa-only"]
    assert len(efa) == machine.efa_interfaces
    assert len({card.network_card for card in efa}) == len(efa), "at most one EFA device per card"
    assert len({(card.network_card, card.device) for card in cards}) == len(cards), "no place is taken twice"
    assert machine.network_cards is None or max(card.network_card for card in cards) < machine.network_cards


@pytest.mark.parametrize("machine", EFA_TYPES, ids=lambda machine: machine.name)
def test_ip_traffic_goes_over_one_plain_interface_on_card_0(machine: MachineType) -> None:
    plain = [card for card in network_interfaces(machine) if card.kind == "interface"]
    assert [(card.network_card, card.device) for card in plain] == [(0, 0)]


@pytest.mark.parametrize(
    ("name", "interfaces", "first_efa"),
    [
        ("p4d.24xlarge", 5, (0, 1)),
        ("p5.48xlarge", 33, (0, 1)),
        ("p5en.48xlarge", 17, (0, 1)),
        ("p6-b200.48xlarge", 9, (0, 1)),
        ("p6-b300.48xlarge", 17, (1, 0)),  # 17 cards, 16 of them EFA: card 0 carries IP traffic only
        ("trn2.48xlarge", 17, (0, 1)),
        ("g6.8xlarge", 2, (0, 1)),
    ],
)
def test_layouts(name: str, interfaces: int, first_efa: tuple[int, int]) -> None:
    machine = catalog.machine("aws", name)
    assert machine is not None
    cards = network_interfaces(machine)
    assert len(cards) == interfaces
    assert (cards[1].network_card, cards[1].device) == first_efa


@pytest.mark.parametrize(
    ("declared", "names", "fabric"),
    [
        (None, ["p5.48xlarge"], "required"),
        (None, ["g6.8xlarge"], "none"),  # one card: not worth binding the pool to one zone
        (None, ["m7i.2xlarge"], "none"),
        (None, ["p5.48xlarge", "g6.8xlarge"], "none"),
        ("required", ["g6.8xlarge"], "required"),
        ("none", ["p5.48xlarge"], "none"),
    ],
)
def test_which_pools_use_the_fabric(declared: str | None, names: list[str], fabric: str) -> None:
    machines = [machine for name in names if (machine := catalog.machine("aws", name))]
    assert decide_fabric(declared, machines) == fabric  # type: ignore[arg-type]
