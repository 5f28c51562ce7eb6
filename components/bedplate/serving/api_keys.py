"""The callers of an endpoint and their keys, as one configuration value holds them."""

from __future__ import annotations

import re

ONLY_CALLER = "caller"
_NAME = re.compile(r"[a-z0-9]([a-z0-9.-]{0,61}[a-z0-9])?")


def parse_api_keys(text: str) -> dict[str, str]:
    """Return keys by caller, from lines `caller=key`; a single line without a name is the key of the only caller.

    Raises ValueError, which never shows a key.

    >>> parse_api_keys("web=k1\\nbatch=k2")
    {'web': 'k1', 'batch': 'k2'}
    >>> parse_api_keys("k1")
    {'caller': 'k1'}
    """
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    if len(lines) == 1 and "=" not in lines[0]:
        return {ONLY_CALLER: lines[0]}
    keys: dict[str, str] = {}
    for number, line in enumerate(lines, 1):
        caller, separator, key = line.partition("=")
        if not separator or not key or not _NAME.fullmatch(caller):
            raise ValueError(f"line {number} of the API keys is not caller=key, with a caller in lower case")
        if caller in keys or key in keys.values():
            raise ValueError(f"line {number} of the API keys repeats a caller or a key")
        keys[caller] = key
    if not keys:
        raise ValueError("the API keys are empty")
    return keys
