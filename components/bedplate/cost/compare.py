"""What a change costs: two cost ranges side by side."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bedplate.cost.range import CostLine, CostRange


@dataclass(frozen=True, slots=True)
class LineChange:
    """A cost line that a change adds, removes or alters. One of the two is None when the line is new or gone."""

    before: CostLine | None
    after: CostLine | None

    @property
    def line(self) -> CostLine:
        """The line that names owner and item: the new one where there is one."""
        line = self.after or self.before
        if line is None:
            raise ValueError("a change has a line before or after it")
        return line

    @property
    def max_per_hour(self) -> Decimal:
        """By how much the line raises the cost of an hour with everything up, in US dollars."""
        return _max(self.after) - _max(self.before)

    @property
    def baseline_per_month(self) -> Decimal:
        """By how much the line raises the cost of a month at rest, in US dollars."""
        return _baseline(self.after) - _baseline(self.before)


def changed_lines(before: CostRange, after: CostRange) -> list[LineChange]:
    """Return the lines that differ, those that cost most more first."""
    old, new = _by_place(before), _by_place(after)
    changes = [LineChange(old.get(key), new.get(key)) for key in {**old, **new} if old.get(key) != new.get(key)]
    return sorted(changes, key=lambda change: (-change.max_per_hour, change.line.owner, change.line.item))


def _by_place(cost: CostRange) -> dict[tuple[str, str, int], CostLine]:
    """Return lines by owner, item and their number among equals: two offers of a pool may have the same disk."""
    lines: dict[tuple[str, str, int], CostLine] = {}
    seen: Counter[tuple[str, str]] = Counter()
    for line in cost.lines:
        name = line.owner, line.item
        lines[*name, seen[name]] = line
        seen[name] += 1
    return lines


def _max(line: CostLine | None) -> Decimal:
    return line.max_units * (line.usd_per_hour or Decimal(0)) if line else Decimal(0)


def _baseline(line: CostLine | None) -> Decimal:
    return line.baseline_per_month if line else Decimal(0)
