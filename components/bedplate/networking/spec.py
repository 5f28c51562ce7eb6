"""What a team may write about a cluster's network."""

from __future__ import annotations

import ipaddress
from typing import Literal

from pydantic import Field, field_validator

from bedplate.stack_file.model import Cidr, StrictModel

SMALLEST_PREFIX, LARGEST_PREFIX = 19, 16


class NetworkSpec(StrictModel):
    """The network of a cluster that this stack creates."""

    cidr: Cidr = Field(
        default="10.0.0.0/16",
        description="Private IPv4 range of the whole network, /16 to /19. Pods take addresses from it, so give a "
        "range that no peered network uses.",
    )
    nat: Literal["per-zone", "single"] = Field(
        default="per-zone",
        description="`per-zone`: a NAT gateway in every zone, so a zone can fail alone. `single`: one for all; "
        "cheaper, but the loss of its zone cuts the others off, and traffic from them pays the cross-zone price. "
        "Google Cloud's is one for the region in both cases, with two addresses or one.",
    )

    @field_validator("cidr")
    @classmethod
    def _private_and_large_enough(cls, value: str) -> str:
        network = ipaddress.IPv4Network(value)
        if not network.is_private:
            raise ValueError(f"{value} is not a private range (10.0.0.0/8, 172.16.0.0/12 or 192.168.0.0/16)")
        if not LARGEST_PREFIX <= network.prefixlen <= SMALLEST_PREFIX:
            raise ValueError(f"{value} must be between /{LARGEST_PREFIX} and /{SMALLEST_PREFIX}")
        return value
