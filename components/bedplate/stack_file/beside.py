"""Reads the YAML files that stand beside stack files (caps, parameters of policies, comparisons) as strictly as those.

The engine reads none of them, so nothing rewrites a day, or an amount that ends in a zero: they need no quotes here.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, TypeVar

from pydantic import BaseModel, ValidationError

from bedplate.errors import InputError, Problem
from bedplate.stack_file.document import Document, is_empty
from bedplate.stack_file.load import in_file
from bedplate.stack_file.messages import model_problems
from bedplate.stack_file.scalars import resolve
from bedplate.stack_file.source import decode_source
from bedplate.stack_file.tree import Entry, MappingNode, ScalarNode, read_tree
from bedplate.stack_file.values import plain_data

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from bedplate.errors import FieldPath
    from bedplate.stack_file.scalars import Refusal, Value

_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_AMOUNT = re.compile(r"-?(0|[1-9][0-9]{0,8})\.[0-9]{1,6}")
"""Few enough digits that a float keeps them all."""

Model = TypeVar("Model", bound=BaseModel)


def parse_beside(
    model: type[Model], file: str, content: bytes, check: Callable[[Model], Iterable[Problem]] | None = None
) -> Model:
    """Return what a file says; `check` yields what the model cannot know is wrong.

    Raises `InputError` with every problem, at its line.
    """
    source = decode_source(file, content)
    root = read_tree(source)
    keys = tuple(model.model_fields)
    if root is None or is_empty(root):
        raise InputError([Problem("the file is empty", file=file, line=1, column=1, allowed=keys)])
    if not isinstance(root, MappingNode):
        problem = source.problem(f"must be a mapping that starts with `{keys[0]}:`", root.place)
        raise InputError([problem])
    problems: list[Problem] = []
    data = plain_data(source, root, (), problems, _meaning)
    document = Document(source, Entry(ScalarNode("", False, root.place), root), data, tuple(problems), complete=True)
    found = list(_without_value(data, ()))
    read = None
    try:
        read = model.model_validate_json(json.dumps(data))
    except ValidationError as error:
        found += model_problems(error, data, model)
    if read is not None and check is not None:
        found += check(read)
    if refused := in_file(document, found):
        raise InputError(refused)
    assert read is not None  # noqa: S101 - what the model refuses is a problem
    return read


def _meaning(text: str) -> Value | Refusal:
    if _DAY.fullmatch(text):
        return text
    return float(text) if _AMOUNT.fullmatch(text) else resolve(text)


def _without_value(value: object, path: FieldPath) -> Iterator[Problem]:
    """A limit that somebody forgot to fill in must not be no limit."""
    if value is None:
        hint = "Write one; where there is a default, leave the key out instead."
        yield Problem("has no value", path, hint=hint, decides=True)
    elif isinstance(value, dict):
        for key, below in value.items():
            yield from _without_value(below, (*path, key))
    elif isinstance(value, list):
        for index, below in enumerate(value):
            yield from _without_value(below, (*path, index))
