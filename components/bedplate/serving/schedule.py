"""Words for days and time zones, as numbers that cron knows and zones that exist."""

from __future__ import annotations

from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

DAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
"""In cron's order: 0 is Sunday."""

WEEK = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
"""In the order in which people write ranges."""

MINUTES_PER_DAY = 24 * 60
_SURELY_EXISTS = "Europe/Paris"


def cron_days(words: str) -> tuple[int, ...]:
    """Return the days that are meant; raises ValueError for what names none.

    >>> cron_days("mon-fri")
    (1, 2, 3, 4, 5)
    >>> cron_days("sat,sun"), cron_days("fri-mon"), cron_days("daily")
    ((0, 6), (0, 1, 5, 6), (0, 1, 2, 3, 4, 5, 6))
    """
    if words == "daily":
        return tuple(range(7))
    found: set[str] = set()
    for part in words.split(","):
        first, _, last = part.partition("-")
        start, end = WEEK.index(first), WEEK.index(last or first)
        found |= {WEEK[(start + step) % 7] for step in range((end - start) % 7 + 1)}
    return tuple(sorted(DAYS.index(day) for day in found))


def minutes(time: str) -> int:
    """Return a time of day in minutes.

    >>> minutes("08:30")
    510
    """
    hours, _, rest = time.partition(":")
    return int(hours) * 60 + int(rest)


def known_timezone(name: str) -> bool:
    """Tell whether a time zone exists. On a machine without the database of time zones, none can be ruled out."""
    return _exists(name) or not _exists(_SURELY_EXISTS)


def _exists(name: str) -> bool:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return False
    return True
