"""Makes a report fit: sections give up their last rows, the least important section first."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

MOST_CHARACTERS = 64_000
"""How long a comment may get. GitHub refuses more than 65,536; what it counts is not documented, so this is kept in
bytes of UTF-8, of which there are never fewer than characters."""


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a section. `things` is how many things it tells of; a heading tells of none."""

    text: str
    things: int = 1


@dataclass(frozen=True, slots=True)
class Section:
    """A part of a report. `before` and `after` are always kept; rows are cut from the end.

    `noun` is what one thing is called, for “and 12 more …”. A section without rows is kept whole. `optional` ones
    disappear altogether where there is no space for all of them. No more than `most_rows` are shown even where there is
    space: nobody reads them.
    """

    before: tuple[str, ...]
    rows: tuple[Row, ...] = ()
    after: tuple[str, ...] = ()
    noun: str = "rows"
    optional: bool = False
    most_rows: int = 100


def fit(sections: Sequence[Section], most: int = MOST_CHARACTERS) -> str:
    """Return the sections as text of at most `most` bytes, the first sections being the most important."""
    fixed = [_size(_text(section, 0)) for section in sections if not section.optional]
    left = most - sum(fixed)
    texts = []
    for section in sections:
        if section.optional:
            whole = _text(section, section.most_rows)
            kept = whole if _size(whole) <= left else ""
            left -= _size(kept)
        else:
            kept = _text(section, _rows_within(section, left + _size(_text(section, 0))))
            left -= _size(kept) - _size(_text(section, 0))
        texts.append(kept)
    return "\n".join(filter(None, texts))


def _rows_within(section: Section, most: int) -> int:
    """Return how many rows fit; headings at the end are given up, for they would tell of nothing."""
    wanted = min(len(section.rows), section.most_rows)
    if _size(_text(section, wanted)) <= most:
        return wanted
    left = most - _size(_text(section, 0))
    count = 0
    for row in section.rows[:wanted]:
        left -= _size(row.text)
        if left < 0:
            break
        count += 1
    while count and not section.rows[count - 1].things:
        count -= 1
    return count


def _text(section: Section, count: int) -> str:
    """Return a section with its first rows, and how much is left out."""
    hidden = sum(row.things for row in section.rows[count:])
    more = ("", f"_… and {hidden:,} more {section.noun}._") if hidden else ()
    return "\n".join([*section.before, *(row.text for row in section.rows[:count]), *more, *section.after])


def _size(text: str) -> int:
    return len(text.encode()) + 1  # the end of its last line
