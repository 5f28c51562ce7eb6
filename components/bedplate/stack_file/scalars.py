"""What an unquoted word of a stack file means, and which words are refused because YAML readers disagree.

The engine reads stack files with gopkg.in/yaml.v3 3.0.1 (its `resolve.go`), writes them anew and reads them again,
so that `2.0` and `1e3` arrive as whole numbers. Other tools follow YAML 1.1 (PyYAML, Ansible) or the core schema of
YAML 1.2. A word is accepted when all of them and the second reading agree; any other could mean something else to
the editor, to the reviewer's tool or to the engine than to the person who wrote it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

Value = str | int | float | bool | None

LARGEST_INTEGER = 2**63 - 1
EXACT_DIGITS = 15
"""Decimal digits that a 64-bit float keeps in any case (DBL_DIG)."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a word is refused, and what to write instead."""

    message: str
    hint: str


_NULLS = frozenset({"", "~", "null", "Null", "NULL"})
_BOOLEANS = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}
_SWITCHES = {"y": "true", "yes": "true", "on": "true", "n": "false", "no": "false", "off": "false"}

_INTEGER = re.compile(r"0|-?[1-9][0-9]*")
_HEXADECIMAL = re.compile(r"0x[0-9a-fA-F]+")
_FLOAT = re.compile(r"-?(0|[1-9][0-9]*)\.[0-9]*[1-9]")

_DATE = re.compile(r"[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}([Tt \t].*)?")
_SEXAGESIMAL = re.compile(r"[-+]?[0-9][0-9_]*(:[0-9]{1,2})+(\.[0-9_]*)?")
_NOT_FINITE = re.compile(r"[-+]?\.(inf|nan)", re.IGNORECASE)
_OCTAL = re.compile(r"[-+]?0[oO]?[0-9_]+")
_BINARY = re.compile(r"[-+]?0[bB][01_]+")
_NUMBER = re.compile(r"[-+]?(0[xX][0-9a-fA-F_]+|([0-9][0-9_]*(\.[0-9_]*)?|\.[0-9][0-9_]*)([eE][-+]?[0-9]+)?)", re.ASCII)


def resolve(text: str) -> Value | Refusal:
    """Return the value of an unquoted word, or why it is refused."""
    if text in _NULLS:
        return None
    if text in _BOOLEANS:
        return _BOOLEANS[text]
    if _INTEGER.fullmatch(text) or _HEXADECIMAL.fullmatch(text):
        return _integer(text)
    if _FLOAT.fullmatch(text):
        return _float(text)
    return _ambiguous(text) or text


def _integer(text: str) -> int | Refusal:
    # The digits are counted first: converting thousands of them takes quadratic time, and Python refuses it.
    if len(text) <= len(str(-LARGEST_INTEGER)) and abs(value := int(text, 0)) <= LARGEST_INTEGER:
        return value
    return Refusal(f"{_shown(text)} does not fit into 64 bits", f"Put it in quotes if it is text: {_quoted(text)}.")


def _float(text: str) -> float | Refusal:
    if len(text.lstrip("-").replace(".", "").lstrip("0")) <= EXACT_DIGITS:
        return float(text)
    return Refusal(
        f"{_shown(text)} has more than {EXACT_DIGITS} digits, which a floating-point number does not keep",
        f"Put it in quotes if it is text: {_quoted(text)}.",
    )


def _ambiguous(text: str) -> Refusal | None:
    """Return why a word is refused that is neither a plain number nor, for some reader, plain text."""
    if text.lower() in _SWITCHES:
        value = _SWITCHES[text.lower()]
        return Refusal(
            f"{text!r} is {value} to YAML 1.1 readers and text to the engine",
            f'Write {value}, or "{text}" in quotes if it is text.',
        )
    if text.lower() in ("true", "false"):
        return Refusal(f"{text!r} is text to every YAML reader", f"Write {text.lower()}, or quote it if it is text.")
    if text in ("=", "<<"):
        return Refusal(f"{text!r} has a meaning of its own in YAML 1.1", f"Put it in quotes: {_quoted(text)}.")
    return _ambiguous_number(text)


def _ambiguous_number(text: str) -> Refusal | None:
    shown, quoted = _shown(text), _quoted(text)
    if _NOT_FINITE.fullmatch(text):
        return Refusal(
            f"{shown} is not a finite number", "Write a finite number; leave the key out if there is no limit."
        )
    if _DATE.fullmatch(text):
        return Refusal(f"{shown} is a point in time to the engine, which rewrites it", f"Put it in quotes: {quoted}.")
    if _SEXAGESIMAL.fullmatch(text):
        return Refusal(
            f"{shown} is a number in base 60 to YAML 1.1 readers and text to the engine",
            f"Put it in quotes: {quoted}.",
        )
    if _OCTAL.fullmatch(text) and len(text.lstrip("+-")) > 1:
        return Refusal(
            f"{shown} is an octal number to some YAML readers and decimal or text to others",
            f"Write the number without the leading zero, or {quoted} in quotes if it is text.",
        )
    if _BINARY.fullmatch(text):
        return Refusal(
            f"{shown} is a binary number to some YAML readers and text to others",
            f"Write the number in decimal, or {quoted} in quotes if it is text.",
        )
    if _NUMBER.fullmatch(text):
        return _unusual_number(text)
    return None


def _unusual_number(text: str) -> Refusal:
    """Say what is unusual about a number that is written neither as a plain integer nor as a plain float."""
    shown, quoted = _shown(text), f"or {_quoted(text)} in quotes if it is text."
    if "_" in text:
        plain = text.replace("_", "")
        return Refusal(f"{shown}: not every YAML reader takes underscores in numbers", f"Write {plain}, {quoted}")
    if text.startswith("+"):
        return Refusal(f"{shown}: YAML readers disagree about a leading plus", f"Write {text[1:]}, {quoted}")
    if "e" in text.lower() and "x" not in text.lower():
        return Refusal(
            f"{shown} is a number to some YAML readers and text to others", f"Write it without exponent, {quoted}"
        )
    if text.lstrip("-").startswith("."):
        plain = text.replace(".", "0.", 1)
        return Refusal(
            f"{shown}: YAML readers disagree about a number without its first digit", f"Write {plain}, {quoted}"
        )
    if "." in text:
        plain = text.rstrip("0").rstrip(".") or "0"
        return Refusal(
            f"{shown} is the number {_shown(plain)}: what stands behind it is lost",
            f"Write {_quoted(text)} in quotes if it is a version or other text, {plain} if it is a number.",
        )
    return Refusal(f"{shown} is not written as YAML readers agree to read a number", f"Write it in decimal, {quoted}")


def _shown(text: str) -> str:
    return text if len(text) <= 40 else f"{text[:40]}…"


def _quoted(text: str) -> str:
    return f'"{_shown(text)}"'
