"""What a team may write about the network of an AKS cluster."""

from __future__ import annotations

import ipaddress
from typing import Literal, Self

from pydantic import Field, model_validator

from bedplate.networking.spec import NetworkSpec
from bedplate.stack_file.model import Cidr, wrong

LARGEST_POD_PREFIX, SMALLEST_POD_PREFIX = 9, 20
LARGEST_SERVICE_PREFIX, SMALLEST_SERVICE_PREFIX = 12, 24
"""AKS: "Configure Azure CNI Overlay networking", service addresses; a /24 of the pods' range belongs to one node."""


class AzureNetworkSpec(NetworkSpec):
    """The network of an AKS cluster.

    Pods have addresses of a range of their own, which nothing outside the cluster sees.
    """

    nat: Literal["single"] = Field(
        default="single",
        description="A subnet of Azure spans the zones of its region and has one NAT gateway, in a zone of Azure's "
        "choice: the loss of that zone cuts all nodes off from the internet.",
    )
    pods_cidr: Cidr = Field(
        default="10.244.0.0/16",
        description="Range of pod addresses, /9 to /20; each node takes a /24 of it, so /16 is room for 256 nodes.",
    )
    services_cidr: Cidr = Field(
        default="10.245.0.0/16", description="Range of the addresses of Kubernetes services, /12 to /24."
    )

    @model_validator(mode="after")
    def _ranges_are_apart(self) -> Self:
        ranges = {"cidr": self.cidr, "pods_cidr": self.pods_cidr, "services_cidr": self.services_cidr}
        for name, (largest, smallest) in {
            "pods_cidr": (LARGEST_POD_PREFIX, SMALLEST_POD_PREFIX),
            "services_cidr": (LARGEST_SERVICE_PREFIX, SMALLEST_SERVICE_PREFIX),
        }.items():
            network = ipaddress.IPv4Network(ranges[name])
            if not network.is_private:
                raise wrong(f"{network} is not a private range", name)
            if not largest <= network.prefixlen <= smallest:
                raise wrong(f"{network} must be between /{largest} and /{smallest}", name)
        names = list(ranges)
        for index, name in enumerate(names):
            for other in names[:index]:
                if ipaddress.IPv4Network(ranges[name]).overlaps(ipaddress.IPv4Network(ranges[other])):
                    raise wrong(f"{name} {ranges[name]} overlaps {other} {ranges[other]}", name)
        return self
