"""Zones of the simulated AWS account: names (`us-east-2a`) and ids (`use2-az1`).

Which letter a zone has differs from account to account; the simulated account gives letters in the order of the
ids. The ids come from the catalog.
"""

from __future__ import annotations

import string
from functools import cache
from typing import TYPE_CHECKING

from bedplate import catalog

if TYPE_CHECKING:
    from collections.abc import Mapping


@cache
def zone_ids(region: str) -> Mapping[str, str]:
    """Return the zone ids of a region by zone name; empty for a region that the catalog does not know."""
    if region not in catalog.regions("aws"):
        return {}
    known = sorted(catalog.zones("aws", region))
    return {f"{region}{letter}": zone for letter, zone in zip(string.ascii_lowercase, known, strict=False)}


def zone_name(zone: str) -> str:
    """Return the name of a zone that is given by name or by id, or an empty string where it is not known."""
    return next((name for name, known in all_zones().items() if zone in (name, known)), "")


def zone_id(zone: str) -> str:
    """Return the id of a zone that is given by name or by id, or an empty string where it is not known."""
    return all_zones().get(zone_name(zone), "")


@cache
def all_zones() -> Mapping[str, str]:
    """Return the ids of all zones by name."""
    return {name: zone for region in catalog.regions("aws") for name, zone in zone_ids(region).items()}
