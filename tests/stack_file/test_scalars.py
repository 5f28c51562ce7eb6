"""Unquoted words against the engine's own reader.

tests/data/scalars-yaml-v3.csv was written by gopkg.in/yaml.v3 3.0.1: each word read, marshalled and read again, as the
engine does with a stack file. The last column says what Bedplate does with the word.
"""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
import yaml

from bedplate.stack_file.scalars import Refusal, resolve

TABLE = list(csv.DictReader((Path(__file__).parent.parent / "data" / "scalars-yaml-v3.csv").open(newline="")))
KINDS = {type(None): "null", bool: "bool", int: "int", float: "float", str: "str"}


def in_go(value: object) -> str:
    """Return a value as Go prints it."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    return str(value)


@pytest.mark.parametrize("row", TABLE, ids=lambda row: row["text"])
def test_word_is_read_as_the_engine_reads_it_or_refused(row: dict[str, str]) -> None:
    value = resolve(row["text"])
    if row["bedplate"] == "refused":
        assert isinstance(value, Refusal)
        assert value.hint
        return
    assert not isinstance(value, Refusal)
    assert KINDS[type(value)] == row["engine_kind"]
    same = float(row["engine_value"]) == value if isinstance(value, float) else row["engine_value"] == in_go(value)
    assert same


@pytest.mark.parametrize("row", [row for row in TABLE if row["bedplate"] == "read"], ids=lambda row: row["text"])
def test_yaml_1_1_readers_agree_with_what_is_read(row: dict[str, str]) -> None:
    assert yaml.safe_load(f"k: {row['text']}\n")["k"] == resolve(row["text"])


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("20:00", 'Put it in quotes: "20:00".'),
        ("on", 'Write true, or "on" in quotes if it is text.'),
        ("1.30", 'Write "1.30" in quotes if it is a version or other text, 1.3 if it is a number.'),
        ("2.0", 'Write "2.0" in quotes if it is a version or other text, 2 if it is a number.'),
        ("012", 'Write the number without the leading zero, or "012" in quotes if it is text.'),
        ("1_000", 'Write 1000, or "1_000" in quotes if it is text.'),
        ("+7", 'Write 7, or "+7" in quotes if it is text.'),
        ("1e3", 'Write it without exponent, or "1e3" in quotes if it is text.'),
        ("2024-01-01", 'Put it in quotes: "2024-01-01".'),
        (".nan", "Write a finite number; leave the key out if there is no limit."),
    ],
)
def test_refusal_says_what_to_write(text: str, hint: str) -> None:
    value = resolve(text)
    assert isinstance(value, Refusal)
    assert value.hint == hint


def test_a_long_number_is_not_printed_whole() -> None:
    value = resolve("1" * 5000)
    assert isinstance(value, Refusal)
    assert len(value.message) < 100
