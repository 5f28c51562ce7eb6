"""Units stand in the names of keys; helps those who write them elsewhere, or write another one."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING

from bedplate.errors import nearest

if TYPE_CHECKING:
    from collections.abc import Sequence

# Suffix of a key: what one of it is.
UNITS = {
    "gib": "GiB (2^30 bytes)",
    "gib_per_month": "GiB a month",
    "tib": "TiB (2^40 bytes)",
    "mib": "MiB (2^20 bytes)",
    "seconds": "seconds",
    "minutes": "minutes",
    "hours": "hours",
    "days": "days",
    "hours_per_month": "hours a month, at most 730",
    "percent": "percent",
}
_OTHER_SPELLINGS = ("gb", "tb", "mb", "gigabytes", "gibibytes", "terabytes", "size", "sec", "secs", "min", "mins", "s")
_SUFFIXES = sorted((*UNITS, *_OTHER_SPELLINGS), key=len, reverse=True)
_QUANTITY = re.compile(r"\s*[0-9][0-9.,_]*\s*[A-Za-z%]+\s*")


def unit_of(key: str) -> str:
    """Return the unit in a key's name, described, or nothing."""
    return UNITS.get(_split(key)[1], "")


def key_with_unit(written: str, allowed: Sequence[str]) -> str:
    """Return the key that was meant by one without its unit or with another: `root_disk_gib` by `disk_gb`."""
    stem, _ = _split(written)
    stems = {_split(key)[0]: key for key in allowed if unit_of(key)}
    if stem in stems:
        return stems[stem]
    containing = [key for known, key in stems.items() if stem in known.split("_")]
    return containing[0] if len(containing) == 1 else stems.get(nearest(stem, stems), "")


def unit_hint(key: str, value: object) -> str:
    """Return what to write instead of a quantity with a unit (`200GB`), or nothing."""
    unit = unit_of(key)
    if not unit or not isinstance(value, str) or not _QUANTITY.fullmatch(value):
        return ""
    return f"The unit is in the name: give a whole number of {unit}, without one."


@lru_cache
def _split(key: str) -> tuple[str, str]:
    for suffix in _SUFFIXES:
        if key.lower().endswith(f"_{suffix}"):
            return key[: -len(suffix) - 1], suffix
    return key, ""
