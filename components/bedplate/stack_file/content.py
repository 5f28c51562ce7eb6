"""Rules on values wherever they stand in a stack: nothing empty, no secrets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from bedplate.errors import FieldPath, Problem
from bedplate.stack_file.credentials import credential, secret_name

if TYPE_CHECKING:
    from collections.abc import Iterator


def content_problems(value: object, path: FieldPath = ()) -> Iterator[Problem]:
    """Yield what is wrong with a value of a stack and all below it, whatever the models say about it."""
    if value is None:
        yield Problem(
            "has no value", path, hint="Write one; where there is a default, leave the key out instead.", decides=True
        )
    elif isinstance(value, Mapping):
        yield from _mapping_problems(value, path)
    elif isinstance(value, str):
        kind = credential(value)
        if kind:
            yield _plain_secret(f"holds {kind} in plain text", path)
    elif isinstance(value, Sequence):
        for index, below in enumerate(value):
            yield from content_problems(below, (*path, index))


def _mapping_problems(value: Mapping[Any, object], path: FieldPath) -> Iterator[Problem]:
    if list(value) == ["secure"]:  # to the engine this is not a mapping but a secret
        yield _secure_inside(path, about_key=False)
        return
    for key, below in value.items():
        field = (*path, str(key))
        if key == "secure":
            yield _secure_inside(field, about_key=True)
        elif key != "secret" and secret_name(str(key)) and isinstance(below, str) and below:
            yield _plain_secret("is named as a secret and holds plain text", field)
        else:
            yield from content_problems(below, field)


def _secure_inside(path: FieldPath, *, about_key: bool) -> Problem:
    return Problem(
        "a secure value cannot stand inside bedplate:stack: the engine decrypts it before the program sees it, and it "
        "would reach the state in plain text",
        path,
        hint=_how_to_store(path),
        about_key=about_key,
        decides=True,
    )


def _plain_secret(message: str, path: FieldPath) -> Problem:
    return Problem(message, path, hint=_how_to_store(path), decides=True)


def _how_to_store(path: FieldPath) -> str:
    words = [part for part in path if isinstance(part, str) and part.isidentifier() and part != "secure"]
    name = "_".join(words[-2:]) or "my_secret"
    return f"Store it with `pulumi config set --secret bedplate:{name}` and name it here: {{secret: {name}}}."
