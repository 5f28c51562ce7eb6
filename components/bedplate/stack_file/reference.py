"""The reference page of the stack file, written from the models, so that it cannot say anything else than they do."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, get_origin

from annotated_types import Ge, Gt, Le, Lt
from pydantic_core import PydanticUndefined

from bedplate.stack import StackSpec
from bedplate.stack_file.document import STACK_KEY
from bedplate.stack_file.fields import Kind, keys_of, kind_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pydantic import BaseModel
    from pydantic.fields import FieldInfo

_TYPES = {str: "text", int: "whole number", float: "number", bool: "true or false"}
_BOUNDS = ((Ge, "ge", "≥ {}"), (Gt, "gt", "> {}"), (Le, "le", "≤ {}"), (Lt, "lt", "< {}"))


def reference_page() -> str:
    """Return `docs/reference/stack-file.md`."""
    lines = [
        "# The stack file",
        "",
        "Written by `bedplate schema --markdown` from the models; do not edit. What the file is, and why it is read so "
        "strictly, is in [the guide](../guide/stack-file.md).",
        "",
        f"Every key stands under `config:`, `{STACK_KEY}:`. Other keys than these are errors. Units are in the names.",
        "",
    ]
    for place, model in _models(StackSpec):
        lines += _section(place, model)
    return "\n".join(lines)


def _models(root: type[BaseModel]) -> Iterator[tuple[str, type[BaseModel]]]:
    """Yield each model once, with the place where it stands first, in the order of the file."""
    waiting: list[tuple[str, type[BaseModel]]] = [("", root)]
    seen: set[type[BaseModel]] = set()
    while waiting:
        place, model = waiting.pop(0)
        if model in seen:
            continue
        seen.add(model)
        yield place, model
        below = [
            (f"{place.partition(' ')[0]}.{name}".lstrip(".") + suffix, found)
            for name, field in keys_of(model).items()
            for suffix, found in _models_below(kind_of(field.annotation, *field.metadata))
        ]
        waiting = below + waiting


def _models_below(kind: Kind) -> Iterator[tuple[str, type[BaseModel]]]:
    for member in kind.members:
        if member.model:
            yield (f" ({member.tag})" if len(kind.members) > 1 else ""), member.model
        item = member.below(0) if get_origin(member.annotation) in (dict, tuple, list) else None
        if item:
            step = ".<name>" if get_origin(member.annotation) is dict else "[]"
            yield from ((step + suffix, model) for suffix, model in _models_below(item))


def _section(place: str, model: type[BaseModel]) -> Iterator[str]:
    yield f"## `{place or STACK_KEY}`"
    yield ""
    yield _joined(model.__doc__ or "")
    yield ""
    yield "| key | value | default | |"
    yield "|---|---|---|---|"
    for name, field in keys_of(model).items():
        kind = kind_of(field.annotation, *field.metadata)
        cells = (f"`{name}`", _value(kind), _default(field), _joined(field.description or ""))
        yield "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"
    yield ""


def _value(kind: Kind) -> str:
    if len(kind.members) > 1:
        return " or ".join(_value(member) for member in kind.members)
    if kind.model:
        first_sentence = _joined(kind.model.__doc__ or "").partition(". ")[0].rstrip(".")
        return first_sentence[:1].lower() + first_sentence[1:]
    if kind.words:
        return ", ".join(f"`{word}`" for word in kind.words)
    if kind.wording:
        return kind.wording
    item = kind.below(0)
    if item and get_origin(kind.annotation) is dict:
        return f"by name: {_value(item)}"
    if item:
        return f"list: {_value(item)}"
    return _TYPES.get(kind.annotation, "value") + _bounds(kind.metadata)


def _bounds(metadata: tuple[Any, ...]) -> str:
    texts = [
        text.format(getattr(item, name))
        for item in metadata
        for bound, name, text in _BOUNDS
        if isinstance(item, bound)
    ]
    return f" ({', '.join(texts)})" if texts else ""


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return "required"
    value = field.default
    if value is None or value is PydanticUndefined or value in ((), {}):
        return ""
    if hasattr(value, "model_fields_set"):
        return "its defaults"
    return f"`{str(value).lower() if isinstance(value, bool) else value}`"


def _joined(text: str) -> str:
    return " ".join(text.split())
