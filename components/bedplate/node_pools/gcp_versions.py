"""From which version of GKE on GPUDirect works. Facts: catalog/data/gpudirect-versions.csv, by minor version."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from bedplate.catalog.tables import build, read
from bedplate.fabrics.versions import at_least

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bedplate.catalog.tables import Row


def first_gpudirect_version(fabric: str, version: str) -> str:
    """Return the first build of a version's minor version that has a fabric; empty where every build has it.

    A minor version that is older than all that the facts name has no such build: the first of them is returned, which
    no build of the older one reaches. Raises ValueError for what is no version.
    """
    known = _minimums().get(fabric, {})
    if not known:
        return ""
    minor = ".".join(version.split(".")[:2])
    if minor in known:
        return known[minor]
    oldest = min(known, key=_order)
    return known[oldest] if not at_least(minor, oldest) else ""


def may_be_older(version: str, first: str) -> bool:
    """Tell whether a cluster's version may be older than the first build that has something."""
    return not at_least(version, first)


def _order(minor: str) -> tuple[int, ...]:
    return tuple(int(part) for part in minor.split("."))


@cache
def _minimums() -> Mapping[str, Mapping[str, str]]:
    found: dict[str, dict[str, str]] = {}
    rows = read("gpudirect-versions.csv", ("fabric", "minor", "first", "source", "as_of"))
    for fabric, minor, first in build(rows, _row):
        found.setdefault(fabric, {})[minor] = first
    return found


def _row(row: Row) -> tuple[str, str, str]:
    row.source()
    row.required_day("as_of")
    return row.required("fabric"), row.required("minor"), row.required("first")
