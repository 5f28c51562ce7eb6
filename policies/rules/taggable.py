"""Which AWS resources cost money and take tags (policies/taggable.csv), and which tags their provider gives them."""

from __future__ import annotations

import csv
import json
from functools import cache
from typing import TYPE_CHECKING, Any

from bedplate.sdk_types.values import UNKNOWN, is_unknown
from rules.model import FOLDER

if TYPE_CHECKING:
    from collections.abc import Mapping


@cache
def taggable_types() -> frozenset[str]:
    """Return the type tokens of taggable.csv."""
    with (FOLDER / "taggable.csv").open(encoding="utf-8", newline="") as file:
        return frozenset(row["type"] for row in csv.DictReader(file))


def is_taggable(type_token: str) -> bool:
    """Return whether a type costs money and takes tags."""
    return type_token in taggable_types()


def inherited_tag(provider_properties: Mapping[str, Any], tag: str) -> Any:
    """Return a default tag of a provider: None where it has none, `UNKNOWN` where that is unknown.

    The SDKs hand nested values to a provider as JSON text; of a text that is none, nothing is known.
    """
    value: Any = provider_properties.get("defaultTags")
    for key in ("tags", tag):
        if is_unknown(value):
            return UNKNOWN
        if isinstance(value, str):
            try:
                value = json.loads(value)
            except ValueError:
                return UNKNOWN
        value = value.get(key) if isinstance(value, dict) else None
    return value
