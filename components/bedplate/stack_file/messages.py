"""Pydantic's errors as problems: the path that the user wrote, in words that say what may stand there."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from bedplate.errors import FieldPath, Problem, nearest
from bedplate.stack_file.fields import Location, keys_of, resolve_location, value_at
from bedplate.stack_file.units import key_with_unit, unit_hint, unit_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pydantic import BaseModel, ValidationError
    from pydantic_core import ErrorDetails

UNKNOWN_KEY = "unknown key"

_NUMBER_TEXT = re.compile(r"-?[0-9]+(\.[0-9]+)?")


def model_problems(error: ValidationError, data: object, root: type[BaseModel]) -> Iterator[Problem]:
    """Yield one problem per error of a validation of `data` by the model `root`."""
    for detail in error.errors(include_url=False):
        if detail["type"] == "default_factory_not_called":  # follows from another error of the same mapping
            continue
        location = resolve_location(detail["loc"], root)
        value = location.path[-1] if location.is_key else value_at(data, location.path)
        yield _problem(detail, location, value)


def _problem(detail: ErrorDetails, location: Location, value: Any) -> Problem:
    context, path = detail.get("ctx", {}), location.path
    match detail["type"]:
        case "rule":
            return Problem(context["message"], (*path, *context["field"]))
        case "choice":
            return _no_such_kind((*path, context["field"]), value[context["field"]], context)
        case "value_error":
            return Problem(str(context["error"]), path)
        case "missing":
            return _missing(location)
        case "extra_forbidden":
            return _unknown_key(location)
        case "literal_error" | "enum":
            return _not_among(location, value)
        case "string_pattern_mismatch" | "string_too_long" | "string_too_short":
            return _wrong_text(location, value, context)
        case _:
            return _wrong_value(detail, path, value, context)


def _missing(location: Location) -> Problem:
    model = location.above.model if location.above else None
    field = keys_of(model).get(str(location.path[-1])) if model else None
    return Problem("is required and missing", location.path, hint=(field.description or "") if field else "")


def _unknown_key(location: Location) -> Problem:
    allowed, written = location.above.keys if location.above else (), str(location.path[-1])
    meant, hint = nearest(written, allowed), ""
    with_unit = key_with_unit(written, allowed)
    if with_unit and meant in ("", with_unit):
        meant, hint = with_unit, f"Units are in the names: {with_unit} is in {unit_of(with_unit)}."
    return Problem(UNKNOWN_KEY, location.path, allowed=allowed, nearest=meant, hint=hint, about_key=True)


def _not_among(location: Location, value: Any) -> Problem:
    words = location.kind.words if location.kind else ()
    allowed = tuple(str(word) for word in words)
    hint = ""
    if isinstance(value, str) and value in allowed and not all(isinstance(word, str) for word in words):
        hint = f"Write it without quotes: {value}."
    meant = nearest(value, allowed) if isinstance(value, str) and not hint else ""
    message = f"{_shown(value)} is not possible here"
    return Problem(message, location.path, allowed=allowed, nearest=meant, hint=hint, about_key=location.is_key)


def _no_such_kind(path: FieldPath, written: Any, context: dict[str, Any]) -> Problem:
    """Answer for a union whose members are told apart by the value of one of their keys."""
    allowed, other_names = context["allowed"], context.get("other_names", {})
    meant = other_names.get(written.casefold()) or nearest(written, allowed) if isinstance(written, str) else ""
    return Problem(f"{_shown(written)} is not possible here", path, allowed=allowed, nearest=meant)


def _wrong_text(location: Location, value: Any, context: dict[str, Any]) -> Problem:
    subject = f"the name {_shown(value)}" if location.is_key else _shown(value)
    if location.kind and location.kind.wording:
        message = f"{subject} must be {location.kind.wording}"
    elif "pattern" in context:
        message = f"{subject} does not match {context['pattern']}"
    elif "max_length" in context:
        message = f"{subject} has {len(str(value))} characters; at most {context['max_length']} are possible"
    else:
        message = f"{subject} has {len(str(value))} characters; at least {context['min_length']} are needed"
    return Problem(message, location.path, about_key=location.is_key)


_EXPECTED = {
    "string_type": "text",
    "int_type": "a whole number",
    "int_from_float": "a whole number",
    "int_parsing": "a whole number",
    "float_type": "a number",
    "finite_number": "a finite number",
    "decimal_type": "a number",
    "decimal_parsing": "a number",
    "date_type": "a day such as 2026-12-31",
    "date_parsing": "a day such as 2026-12-31",
    "date_from_datetime_parsing": "a day such as 2026-12-31",
    "date_from_datetime_inexact": "a day such as 2026-12-31",
    "bool_type": "true or false",
    "tuple_type": "a list",
    "list_type": "a list",
    "dict_type": "a mapping",
    "model_type": "a mapping",
    "model_attributes_type": "a mapping",
}
_BOUNDS = {
    "greater_than_equal": ("ge", "at least"),
    "greater_than": ("gt", "above"),
    "less_than_equal": ("le", "at most"),
    "less_than": ("lt", "below"),
}


def _wrong_value(detail: ErrorDetails, path: FieldPath, value: Any, context: dict[str, Any]) -> Problem:
    error = detail["type"]
    if error in _EXPECTED:
        return Problem(
            f"must be {_EXPECTED[error]}, not {_described(value)}", path, hint=_type_hint(error, path, value)
        )
    if error in _BOUNDS:
        limit, words = _BOUNDS[error]
        return Problem(f"must be {words} {context[limit]}, not {value}", path)
    if error == "too_short":
        return Problem(f"needs at least {_counted(context['min_length'])}, and has {context['actual_length']}", path)
    if error == "too_long":
        return Problem(f"takes at most {_counted(context['max_length'])}, and has {context['actual_length']}", path)
    return Problem(detail["msg"], path)


def _type_hint(error: str, path: FieldPath, value: Any) -> str:
    key = next((part for part in reversed(path) if isinstance(part, str)), "")
    if error == "string_type" and isinstance(value, (int, float, bool)):
        return f'Put it in quotes: "{str(value).lower() if isinstance(value, bool) else value}".'
    if error.startswith(("int", "float")) and isinstance(value, str):
        if _NUMBER_TEXT.fullmatch(value):
            return f"Write it without quotes: {value}."
        return unit_hint(key, value)
    if error == "bool_type" and isinstance(value, str) and value.lower() in ("true", "false"):
        return f"Write it without quotes: {value.lower()}."
    if error in ("tuple_type", "list_type") and isinstance(value, (str, int)):
        return f"Write it as a list: [{_shown(value)}]."
    return ""


def _described(value: Any) -> str:
    match value:
        case None:
            return "empty"
        case bool():
            return str(value).lower()
        case int() | float():
            return f"the number {value}"
        case str():
            return f"the text {_shown(value)}"
        case Mapping():
            return "a mapping"
        case _:
            return "a list"


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:60]}…"


def _counted(number: int) -> str:
    return "one entry" if number == 1 else f"{number} entries"
