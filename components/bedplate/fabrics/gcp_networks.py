"""The further networks of a pool's nodes on Google Cloud."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bedplate.fabrics.facts import GcpNetworkFact, gcp_networks
from bedplate.fabrics.model import GcpFabric, GcpNetwork, GcpSubnet

if TYPE_CHECKING:
    from typing import Literal

    from bedplate.fabrics.kinds import FabricKind

INSTALLERS: dict[FabricKind, Literal["tcpx", "tcpxo", "gib"]] = {
    "tcpx": "tcpx",
    "tcpxo": "tcpxo",
    "roce-multivpc": "gib",
    "roce-dranet": "gib",
}


def gcp_fabric(kind: FabricKind, cards: int) -> GcpFabric:
    """Return what GKE needs for a fabric over `cards` network cards of a node."""
    if kind == "roce-dranet":
        return GcpFabric(accelerator_network_profile="auto", installer=INSTALLERS[kind])
    facts = gcp_networks(kind)
    return GcpFabric(
        networks=tuple(network for fact in facts for network in _networks(fact, cards)),
        cluster_mtu=max((fact.cluster_mtu for fact in facts), default=0),
        multi_networking=bool(facts),
        installer=INSTALLERS.get(kind, ""),
    )


def _networks(fact: GcpNetworkFact, cards: int) -> tuple[GcpNetwork, ...]:
    subnets = cards if fact.subnets is None else fact.subnets
    return tuple(
        GcpNetwork(
            suffix=f"{fact.suffix}-{index + 1}" if fact.networks > 1 else fact.suffix,
            device_mode=fact.device_mode,
            mtu=fact.mtu,
            network_profile=fact.network_profile,
            subnets=tuple(_subnet(fact, index * subnets + number) for number in range(subnets)),
        )
        for index in range(fact.networks)
    )


def _subnet(fact: GcpNetworkFact, number: int) -> GcpSubnet:
    return GcpSubnet(
        suffix=f"{fact.suffix}-{number + 1}" if fact.networks > 1 or fact.subnets is None else fact.suffix,
        object_name=f"{fact.object}{fact.first_object + number}",
        pod_interface="" if fact.first_interface is None else f"eth{fact.first_interface + number}",
    )
