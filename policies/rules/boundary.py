"""Turns properties, as the policy SDK hands them out, into plain values.

The SDK hides them behind proxies: touching an unknown value raises `UnknownValueError`, and when that leaves a rule,
the SDK turns even a mandatory policy into advice and the deployment goes on. The proxies are also no dicts and lists
(`isinstance` and `==` say no). So everything passes through here once, before any rule sees it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pulumi_policy.proxy import UnknownValueError

from bedplate.sdk_types.values import UNKNOWN, is_unknown

SCALARS = (str, float, bool, type(None))


def plain(value: object) -> Any:
    """Return a value as plain dicts and lists in which everything unknown is `UNKNOWN`. Never raises for an unknown."""
    if type(value) in SCALARS:  # most values; asking whether they are mappings takes longer
        return UNKNOWN if is_unknown(value) else value
    if isinstance(value, Mapping):
        return {str(key): _plain_item(value, key) for key in value}
    if isinstance(value, Sequence):
        return [_plain_item(value, index) for index in range(len(value))]
    return value


def _plain_item(container: Any, key: object) -> Any:
    try:
        return plain(container[key])
    except UnknownValueError:
        return UNKNOWN
