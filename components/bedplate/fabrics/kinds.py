"""The names of fabrics, as they stand in stack files, plans and pages."""

from __future__ import annotations

from typing import Literal

FabricKind = Literal[
    "none",
    "efa",
    "tcpx",
    "tcpxo",
    "roce-multivpc",
    "roce-dranet",
    "infiniband-sriov",
    "infiniband-shared",
    "infiniband-ipoib",
    "sriov-vf",
    "host-device",
    "macvlan",
    "ici",
]
"""The network between accelerators of different nodes, and how pods reach it."""

FabricChoice = Literal["required", FabricKind]
"""What a pool may ask for: a kind by name, or `required` for the one that its machines are built for."""
