"""The network cards of every AWS machine type that speaks EFA: one row per type, from the catalog."""

from __future__ import annotations

import pytest

from bedplate import catalog
from bedplate.catalog import MachineType
from bedplate.fabrics.cards import network_interfaces
from bedplate.fabrics.choice import default_choice

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
        ("trn1.32xlarge", 9, (0, 1)),
        ("trn1n.32xlarge", 17, (0, 1)),
        ("trn2.48xlarge", 17, (0, 1)),
        ("g6e.48xlarge", 5, (0, 1)),
        ("g6.8xlarge", 2, (0, 1)),
    ],
)
def test_layouts(name: str, interfaces: int, first_efa: tuple[int, int]) -> None:
    machine = catalog.machine("aws", name)
    assert machine is not None
    cards = network_interfaces(machine)
    assert len(cards) == interfaces
    assert (cards[1].network_card, cards[1].device) == first_efa


def test_one_card_per_accelerator_where_cards_share_accelerators() -> None:
    machine = catalog.machine("aws", "p6e-gb200.36xlarge")
    assert machine is not None
    efa = [(card.network_card, card.device) for card in network_interfaces(machine) if card.kind == "efa-only"]
    assert efa == [(1, 0), (5, 0), (9, 0), (13, 0)]


@pytest.mark.parametrize(
    ("provider", "names", "choice"),
    [
        ("aws", ["p5.48xlarge"], "required"),
        ("aws", ["g6.8xlarge"], "none"),  # one card: not worth binding the pool to one zone
        ("aws", ["m7i.2xlarge"], "none"),
        ("aws", ["p5.48xlarge", "g6.8xlarge"], "none"),
        ("gcp", ["a3-megagpu-8g"], "required"),
        ("gcp", ["ct6e-standard-4t"], "required"),
        ("gcp", ["g2-standard-48"], "none"),
        ("azure", ["Standard_ND96isr_H100_v5"], "required"),
        ("azure", ["Standard_NC24ads_A100_v4"], "none"),
    ],
)
def test_what_a_pool_asks_for_that_says_nothing(provider: str, names: list[str], choice: str) -> None:
    machines = [machine for name in names if (machine := catalog.machine(provider, name))]
    assert len(machines) == len(names)
    assert default_choice(provider, machines, None) == choice
