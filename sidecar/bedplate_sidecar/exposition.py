"""Reads a few metrics out of a page in Prometheus' text format, and leaves the rest unparsed.

An engine's page has about a thousand lines, of which the watcher needs six, every few seconds: lines are chosen by
their first bytes before anything is parsed.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

SERIES = re.compile(
    rb"(?P<name>[a-zA-Z_:][a-zA-Z0-9_:]*)"
    rb"(?:\{(?:[^\"{}]|\"(?:[^\"\\]|\\.)*\")*\})?"
    rb"[ \t]+(?P<value>\S+)(?:[ \t]+-?\d+)?[ \t]*\Z"
)
"""A sample: name, labels (whose values may hold any character, quoted), value and perhaps a timestamp."""


def totals(page: bytes, names: Iterable[str]) -> dict[str, float]:
    """Return the sum of all series of each named metric; a metric that the page lacks has no key.

    Sums are over every label: one engine may serve several models, and counts each. A line that is not a sample is
    skipped, as Prometheus' comments are; a value that is not a number is NaN, which the caller sees in the sum.
    """
    prefixes = tuple(name.encode() for name in names)
    wanted = set(prefixes)
    sums: dict[str, float] = {}
    for line in page.split(b"\n"):
        if not line.startswith(prefixes):
            continue
        sample = SERIES.match(line.rstrip(b"\r"))
        if sample and sample["name"] in wanted:
            name = sample["name"].decode()
            sums[name] = sums.get(name, 0.0) + _number(sample["value"])
    return sums


def _number(text: bytes) -> float:
    """Return a value as Prometheus writes it: Go's floats, with NaN, +Inf and -Inf."""
    try:
        return float(text)
    except ValueError:
        return float("nan")
