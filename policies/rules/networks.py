"""Which networks are so broad that naming them names everybody."""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING

from rules.reading import UndecidedError

if TYPE_CHECKING:
    from collections.abc import Iterable

NARROWEST_OF_ALL = {4: 8, 6: 16}
"""Prefix lengths below these name everybody, or a large part of it: 0.0.0.0/0, and 0.0.0.0/1 beside 128.0.0.0/1. The
largest network that one organization has is a /8 (10.0.0.0/8, and early assignments)."""


def names_everybody(networks: Iterable[str | None]) -> bool:
    """Return whether one of the networks is as good as all; raises `UndecidedError` for what is no network."""
    found = [_network(network) for network in networks if network]
    return any(network.prefixlen < NARROWEST_OF_ALL[network.version] for network in found)


def _network(text: str) -> ipaddress.IPv4Network | ipaddress.IPv6Network:
    try:
        return ipaddress.ip_network(text, strict=False)
    except ValueError:
        raise UndecidedError(f"{text!r} is no network") from None
