"""The callers of an endpoint and their keys, as one configuration value holds them."""

from __future__ import annotations

import re

ONLY_CALLER = "caller"
SHORTEST_KEY = 16
"""Characters: of base64, 96 bits, which nobody guesses over a network. What is shorter was made by a person, or is
part of a key that was read wrongly."""

_NAME = re.compile(r"[a-z0-9]([a-z0-9.-]{0,61}[a-z0-9])?")
_VISIBLE = re.compile(r"[!-~]+")


def parse_api_keys(text: str) -> dict[str, str]:
    """Return keys by caller, from lines `caller=key`; a single line without a name is the key of the only caller.

    Raises ValueError, which never shows a key.

    >>> parse_api_keys("web=9f2c41d07ab85e63\\nbatch=Zm9yLWV4YW1wbGU==")
    {'web': '9f2c41d07ab85e63', 'batch': 'Zm9yLWV4YW1wbGU=='}
    >>> parse_api_keys("Zm9yLWV4YW1wbGU==")
    {'caller': 'Zm9yLWV4YW1wbGU=='}
    """
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    if not lines:
        raise ValueError("the API keys are empty")
    if len(lines) == 1 and _is_key_alone(lines[0]):
        return {ONLY_CALLER: _checked(lines[0], 1)}
    keys: dict[str, str] = {}
    for number, line in enumerate(lines, 1):
        caller, separator, key = line.partition("=")
        if not separator or not key or not _NAME.fullmatch(caller):
            raise ValueError(f"line {number} of the API keys is not caller=key, with a caller in lower case")
        if caller in keys or key in keys.values():
            raise ValueError(f"line {number} of the API keys repeats a caller or a key")
        keys[caller] = _checked(key, number)
    return keys


def _is_key_alone(line: str) -> bool:
    """Tell whether a line is a key without a caller: it has no `=`, or only those that end a text in base64.

    A caller whose key was forgotten ends with one `=` too: what could be a caller's name is none's key.
    """
    name, _, rest = line.partition("=")
    if rest.strip("="):
        return False
    return not line.endswith("=") or bool(rest) or not _NAME.fullmatch(name)


def _checked(key: str, number: int) -> str:
    """Return a key that can be sent as a bearer token and not be guessed; raises ValueError."""
    if not _VISIBLE.fullmatch(key):
        raise ValueError(f"line {number} of the API keys has a key with white space or letters beyond ASCII in it")
    if len(key) < SHORTEST_KEY or not key.strip("="):
        raise ValueError(f"line {number} of the API keys has a key of less than {SHORTEST_KEY} characters")
    return key
