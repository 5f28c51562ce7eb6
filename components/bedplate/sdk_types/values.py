"""Values as the engine passes them between programs, providers and policies.

Constants of the wire format: `sdk/go/common/resource/plugin/rpc.go` and `sdk/go/common/resource/sig` of
pulumi/pulumi v3.250.0, read 2026-08.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypeGuard

UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
"""Stands for a value that is only known after the update; a provider sees it for every type."""

_UNKNOWNS = frozenset(
    {
        UNKNOWN,
        "1c4a061d-8072-4f0a-a4cb-0ff528b18fe7",  # boolean
        "3eeb2bf0-c639-47a8-9e75-3b44932eb421",  # number
        "6a19a0b0-7e62-4c92-b797-7f8e31da9cc2",  # array
        "030794c1-ac77-496b-92df-f27374a8bd58",  # asset
        "e48ece36-62e2-4504-bad9-02848725956a",  # archive
        "dd056dcd-154b-4c76-9bd3-c8f88648b5ff",  # object
    }
)

SIGNATURE = "4dabf18193072939515e22adb298388d"
"""The key that marks a map as a special value; its content says which one."""

_SECRET = "1b47061264138c4ac30d75fd1eb44270"  # noqa: S105  a format constant, not a password
_OUTPUT_VALUE = "d0e6a833031e9bbcd3f4e8bde6ca49a4"


def is_unknown(value: object) -> bool:
    """Return whether a value stands for one that is known only after the update."""
    return isinstance(value, str) and value in _UNKNOWNS


def has_unknown(value: object) -> bool:
    """Return whether a value is unknown or holds an unknown anywhere inside."""
    if isinstance(value, Mapping):
        return any(has_unknown(item) for item in value.values())
    if is_list(value):
        return any(has_unknown(item) for item in value)
    return is_unknown(value)


def is_list(value: object) -> TypeGuard[Sequence[object]]:
    """Return whether a value is a list, also when it comes as another kind of sequence."""
    return isinstance(value, Sequence) and not isinstance(value, (str, bytes))


def unwrap(value: object) -> object:
    """Take the mark of a secret, or of an output, off a value; an output without a value is unknown."""
    while isinstance(value, Mapping) and SIGNATURE in value:
        kind = value[SIGNATURE]
        if kind not in (_SECRET, _OUTPUT_VALUE):
            return value
        value = value.get("value", UNKNOWN)
    return value


def is_special(value: object) -> bool:
    """Return whether a value is an asset, an archive or a reference to a resource."""
    return isinstance(value, Mapping) and SIGNATURE in value
