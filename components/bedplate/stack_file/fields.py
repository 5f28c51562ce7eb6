"""Finds one's way in the models: which model, type and words stand behind a field path."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import NoneType, UnionType
from typing import TYPE_CHECKING, Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel, Tag
from pydantic.fields import FieldInfo

from bedplate.stack_file.model import Wording

if TYPE_CHECKING:
    from bedplate.errors import FieldPath


@dataclass(frozen=True, slots=True)
class Kind:
    """A type of the models, without the wrapping that says nothing about the value."""

    annotation: Any
    metadata: tuple[Any, ...] = ()

    @property
    def model(self) -> type[BaseModel] | None:
        """The model, when the value is a mapping with known keys."""
        return self.annotation if isinstance(self.annotation, type) and issubclass(self.annotation, BaseModel) else None

    @property
    def keys(self) -> tuple[str, ...]:
        """The keys that a model knows."""
        return tuple(keys_of(self.model)) if self.model else ()

    @property
    def words(self) -> tuple[Any, ...]:
        """The values of a `Literal`."""
        return get_args(self.annotation) if get_origin(self.annotation) is Literal else ()

    @property
    def wording(self) -> str:
        """What a text must look like, in words."""
        return next((item.text for item in self.metadata if isinstance(item, Wording)), "")

    @property
    def members(self) -> tuple[Kind, ...]:
        """The alternatives of a union; one's own kind when there is no union."""
        if get_origin(self.annotation) not in (Union, UnionType):
            return (self,)
        return tuple(kind_of(member) for member in get_args(self.annotation) if member is not NoneType)

    @property
    def tag(self) -> str:
        """The name under which pydantic speaks of this member of a union."""
        tags = (item.tag for item in self.metadata if isinstance(item, Tag))
        return next(tags, getattr(self.annotation, "__name__", ""))

    @property
    def key(self) -> Kind | None:
        """The kind of the keys of a mapping with free keys."""
        return kind_of(get_args(self.annotation)[0]) if get_origin(self.annotation) is dict else None

    def below(self, part: str | int) -> Kind | None:
        """Return the kind of a key's value or of an item."""
        if self.model:
            field = keys_of(self.model).get(str(part))
            return kind_of(field.annotation, *field.metadata) if field else None
        arguments = get_args(self.annotation)
        if get_origin(self.annotation) is dict:
            return kind_of(arguments[1])
        return kind_of(arguments[0]) if get_origin(self.annotation) in (tuple, list) else None


def keys_of(model: type[BaseModel]) -> dict[str, FieldInfo]:
    """Return the keys that users write and the fields behind them; `from` is a word that Python keeps for itself."""
    return {field.alias or name: field for name, field in model.model_fields.items()}


def kind_of(annotation: Any, *metadata: Any) -> Kind:
    """Return the kind of an annotation: `Annotated` opened, `X | None` read as X."""
    while True:
        if get_origin(annotation) is Annotated:
            annotation, *inner = get_args(annotation)
            for item in inner:
                metadata = (*metadata, *(item.metadata if isinstance(item, FieldInfo) else (item,)))
            continue
        if get_origin(annotation) in (Union, UnionType):
            members = [member for member in get_args(annotation) if member is not NoneType]
            if len(members) == 1:
                annotation = members[0]
                continue
        return Kind(annotation, metadata)


@dataclass(frozen=True, slots=True)
class Location:
    """Where an error of pydantic stands, in the user's terms; kinds are None where the models know nothing."""

    path: FieldPath
    kind: Kind | None
    above: Kind | None
    """The kind of the mapping or list that holds it."""
    is_key: bool = False
    """The error is about the key, not about its value."""


def resolve_location(location: tuple[str | int, ...], root: type[BaseModel]) -> Location:
    """Return an error location without the parts that pydantic adds: members of unions, and `[key]` markers."""
    path: list[str | int] = []
    kind: Kind | None = Kind(root)
    above: Kind | None = None
    for part in location:
        if part == "[key]":
            return Location(tuple(path), above.key if above else None, above, is_key=True)
        members = kind.members if kind else ()
        if len(members) > 1:
            kind = next((member for member in members if member.tag == part), None)
            continue
        path.append(part)
        kind, above = (kind.below(part) if kind else None), kind
    return Location(tuple(path), kind, above)


def value_at(data: object, path: FieldPath) -> object:
    """Return the value at a path of plain data, or None."""
    for part in path:
        if isinstance(data, Mapping):
            data = data.get(part)
        elif isinstance(data, (list, tuple)) and isinstance(part, int) and part < len(data):
            data = data[part]
        else:
            return None
    return data
