"""Between protobuf structs, as the engine sends them, and plain Python values."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from google.protobuf import struct_pb2

from bedplate.sdk_types.values import unwrap

if TYPE_CHECKING:
    from bedplate.simulation.world_file import Properties


def properties_of(struct: struct_pb2.Struct) -> Properties:
    """Return a struct as a dictionary; secrets come without their mark, whole numbers as integers."""
    return {name: _plain(value) for name, value in struct.fields.items()}


def struct_of(properties: Properties) -> struct_pb2.Struct:
    """Return a dictionary as a struct."""
    struct = struct_pb2.Struct()
    struct.update(properties)
    return struct


def _plain(value: struct_pb2.Value) -> Any:
    kind = value.WhichOneof("kind")
    if kind == "struct_value":
        return unwrap(properties_of(value.struct_value))
    if kind == "list_value":
        return [_plain(item) for item in value.list_value.values]
    if kind == "number_value":
        number = value.number_value
        return int(number) if number.is_integer() else number
    if kind in ("null_value", None):
        return None
    return getattr(value, kind)
