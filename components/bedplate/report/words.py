"""Small words of a report: counts, lists and amounts as people write them."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from bedplate.cost.summary import dollars, signed_dollars
from bedplate.report.model import CHANGING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bedplate.report.summary import Summary

CENT = Decimal("0.01")
PAST = {
    "replace": "replaced",
    "delete": "deleted",
    "update": "updated",
    "import": "imported",
    "create": "created",
    "same": "unchanged",
}


def counted(number: int, noun: str, nouns: str = "") -> str:
    """Return a number with its noun.

    >>> counted(1, "loss", "losses"), counted(2, "risk")
    ('1 loss', '2 risks')
    """
    return f"{number:,} {noun if number == 1 else nouns or f'{noun}s'}"


def listed(words: Sequence[str]) -> str:
    """Return words as a list in a sentence.

    >>> listed(["a", "b", "c"])
    'a, b and c'
    """
    return " and ".join(filter(None, [", ".join(words[:-1]), *words[-1:]]))


def sentence(text: str) -> str:
    """Return text as a sentence of its own.

    >>> sentence("raise them before")
    'Raise them before.'
    """
    return f"{text[:1].upper()}{text[1:]}."


def summary_of_counts(summary: Summary) -> str:
    """Return how many resources are replaced, deleted, updated, created and left alone."""
    counts = {operation: summary.count(operation) for operation in CHANGING}
    said = [f"**{number:,} {PAST[operation]}**" for operation, number in counts.items() if number]
    unchanged = summary.count("same")
    if unchanged and not summary.preview.broke_off:
        said.append(f"{unchanged:,} unchanged")
    if summary.preview.broke_off:
        return f"{', '.join(said)} until it failed" if said else "nothing was previewed"
    return ", ".join(said) or "nothing changes"


def amount(value: Decimal | None) -> str:
    """Return an amount in US dollars, or that it is unknown."""
    return "unknown" if value is None else dollars(value.quantize(CENT))


def difference(before: Decimal, after: Decimal | None) -> str:
    """Return by how much an amount changes, to the cent."""
    if after is None:
        return "unknown"
    change = after.quantize(CENT) - before.quantize(CENT)
    return signed_dollars(change) if change else "±$0"
