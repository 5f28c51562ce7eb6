"""Fills the templates of the data files: `vpc-{hex17}`, `arn:aws:iam::{account}:role/{name}`.

Random parts come from a resource's seed, so that its identity and outputs are random between resources and
stay the same for one resource.
"""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING, Any

from bedplate.sdk_types import UNKNOWN, has_unknown

if TYPE_CHECKING:
    from collections.abc import Mapping

_FIELD = re.compile(r"\{([A-Za-z]+?)(\d*)((?:\.\w+)?)\}")
_RANDOM = frozenset({"hex", "HEX", "uuid", "number", "address", "time"})


def fill(template: Any, variables: Mapping[str, Any], seed: str) -> Any:
    """Return a template with its fields filled, to any depth; unknown where it needs an unknown.

    An empty seed stands for a resource that does not exist yet: whatever the cloud decides is unknown then,
    and only what was written without a field is known.
    """
    if isinstance(template, dict):
        return {name: fill(item, variables, seed) for name, item in template.items()}
    if isinstance(template, list):
        return [fill(item, variables, seed) for item in template]
    if not isinstance(template, str) or "{" not in template:
        return template
    if not seed:
        return UNKNOWN
    values = [_value(match, variables, seed) for match in _FIELD.finditer(template)]
    if any(has_unknown(value) for value in values):
        return UNKNOWN
    if len(values) == 1 and _FIELD.fullmatch(template):
        return values[0]
    filled = iter(values)
    return _FIELD.sub(lambda _: str(next(filled)), template)


def digits(seed: str, label: str = "") -> str:
    """Return 64 hexadecimal digits that follow from a resource's seed; another label gives other digits."""
    return hashlib.sha256(f"{seed}{label}".encode()).hexdigest()


def _value(match: re.Match[str], variables: Mapping[str, Any], seed: str) -> Any:
    name, length, label = match.groups()
    if name not in _RANDOM:
        return variables.get(name + length, "")
    random = digits(seed, label)
    if name in ("hex", "HEX"):
        return random[: int(length)] if name == "hex" else random[: int(length)].upper()
    if name == "uuid":
        return "-".join((random[:8], random[8:12], random[12:16], random[16:20], random[20:32]))
    if name == "number":
        return str(int(random, 16))[: int(length)]
    if name == "address":  # of the range for tests of network devices: nobody's (RFC 2544)
        return f"198.18.{int(random[:2], 16)}.{int(random[2:4], 16)}"
    return "2026-01-01T00:00:00Z"  # one moment for all: outputs follow from the seed alone
