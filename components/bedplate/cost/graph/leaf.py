"""One resource on its way to cost lines: where it stands, and lines at the catalog's prices."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

from bedplate import catalog
from bedplate.cost.graph.resources import UndecidedError, want
from bedplate.cost.range import HOURS_PER_MONTH, CostLine
from bedplate.errors import printable

if TYPE_CHECKING:
    from datetime import date

    from bedplate.cost.graph.resources import Graph, Resource

ZONE = re.compile(r"([a-z]{2}(?:-[a-z]+)+-\d+)[a-z]")
"""An availability zone's name: its region and a letter."""

MAX_IS_EXPECTED = "no expected use declared: counted at max"


@dataclass(frozen=True)
class Leaf:
    """A resource with what is around it. `owner` is where it is declared, `today` decides which prices hold."""

    resource: Resource
    graph: Graph
    owner: str
    today: date

    def region(self) -> str:
        """Return the region of an AWS resource; raises `UndecidedError` when nothing tells it."""
        own = self.resource.inputs.get("region") or self.resource.outputs.get("region")
        if isinstance(own, str) and own in catalog.regions("aws"):
            return own
        want(self.resource.inputs, "region")  # undecided where the program leaves it open
        for told in (self._region_of_arn(), self._region_of_zone(), self._region_of_provider()):
            if told in catalog.regions("aws"):
                return told
        raise UndecidedError("region is not known")

    def _region_of_arn(self) -> str:
        parts = str(self.resource.outputs.get("arn", "")).split(":")
        return parts[3] if len(parts) > 3 else ""

    def _region_of_zone(self) -> str:
        match = ZONE.fullmatch(str(self.resource.properties.get("availabilityZone", "")))
        return match[1] if match else ""

    def _region_of_provider(self) -> str:
        return str(self.graph.of_provider(self.resource, "region") or "")

    def service(
        self,
        service: str,
        item: str,
        unit: str,
        count: int = 1,
        *,
        each: int = 1,
        baseline: int | None = None,
        note: str = "",
    ) -> CostLine:
        """Return a line of `count` units that each need `each` of a service of the catalog, at rest `baseline`."""
        price = catalog.service_price("aws", self.region(), service)
        hourly = None
        if price is not None:
            hourly = each * (price.usd if price.unit == "hour" else price.usd / HOURS_PER_MONTH)
        return CostLine(
            owner=self.owner,
            kind="service",
            item=f"{item} {self.resource.name}",
            unit=unit,
            usd_per_hour=hourly,
            baseline_units=count if baseline is None else baseline,
            expected_unit_hours=count * HOURS_PER_MONTH,
            max_units=count,
            source=price.source if price else "",
            as_of=price.as_of if price else None,
            confidence="dated" if price else "unknown",
            note=note if price else f"no price of {service} in {self.region()}",
            service=service,
        )

    def machine(self, machine: str, count: int, baseline: int, note: str = "") -> CostLine:
        """Return a line of up to `count` machines at the on-demand price, which is also the most that spot costs."""
        price = catalog.price("aws", self.region(), machine, "on-demand")
        return CostLine(
            owner=self.owner,
            kind="machine",
            item=f"{printable(machine)} of {self.resource.name}",
            unit="node",
            usd_per_hour=price.usd_per_hour if price else None,
            baseline_units=baseline,
            expected_unit_hours=count * HOURS_PER_MONTH,
            max_units=count,
            source=price.source if price else "",
            as_of=price.as_of if price else None,
            confidence="unknown" if price is None else "dated" if price.as_of else "undated",
            note=note if price else f"no on-demand price in {self.region()}",
        )

    def unknown(self, reason: str) -> CostLine:
        """Return a line that says that the resource may cost money, and why nobody can tell how much."""
        return unknown_line(self.owner, f"{printable(self.resource.type)} {self.resource.name}", reason)


def unknown_line(owner: str, item: str, reason: str) -> CostLine:
    """Return a line without a price: what it stands for may cost any amount."""
    return CostLine(
        owner=owner,
        kind="service",
        item=item,
        unit="resource",
        usd_per_hour=None,
        baseline_units=1,
        expected_unit_hours=Decimal(HOURS_PER_MONTH),
        max_units=1,
        source="",
        as_of=None,
        confidence="unknown",
        note=printable(reason),
    )
