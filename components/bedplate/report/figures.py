"""What a change costs: the ranges before and after it, from the cost lines that components carry."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

from bedplate.cost.caps import excesses
from bedplate.cost.compare import changed_lines
from bedplate.cost.range import CostRange
from bedplate.cost.wire import from_wire
from bedplate.report.beside import lines_beside
from bedplate.report.model import COMPONENT_PREFIX, UNKNOWN, urn_name, urn_type
from bedplate.sdk_types.tokens import plain_type

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from datetime import date

    from bedplate.cost.caps import Cap, Caps, Excess
    from bedplate.cost.compare import LineChange
    from bedplate.cost.range import CostLine
    from bedplate.report.baseline import Resources


CENT = Decimal("0.01")
MOST = Decimal(10**9)
"""More than anything costs an hour, or than there are nodes."""


@dataclass(frozen=True, slots=True)
class CapCheck:
    """The cap of the team, as the file of the base branch has it. `given` is false when no file was named."""

    given: bool
    cap: Cap | None
    excesses: tuple[Excess, ...] = ()


@dataclass(frozen=True, slots=True)
class Figures:
    """The cost before and after a change.

    `partial` means that the preview leaves out what stays, so that sums are those of the changed components alone.
    `planned` means that the preview failed, and the cost after it is the plan's. `after` is None when neither
    is known. `unreadable` says of which components the cost cannot be told, and why; `uncounted` names resources
    beside the components whose cost nobody can tell, so that they are in no sum, and `newly_uncounted` those that the
    change adds.
    """

    before: CostRange
    after: CostRange | None
    lines: tuple[LineChange, ...]
    unreadable: tuple[str, ...]
    check: CapCheck
    uncounted: tuple[str, ...] = ()
    newly_uncounted: tuple[str, ...] = ()
    partial: bool = False
    planned: bool = False


@dataclass(frozen=True, slots=True)
class Row:
    """One figure before and after, with the cap on it where there is one, in US dollars."""

    name: str
    before: Decimal
    after: Decimal | None
    cap: int | None = None

    @property
    def left(self) -> Decimal | None:
        """What is left under the cap; negative when it is passed."""
        return None if self.cap is None or self.after is None else self.cap - self.after


def rows(figures: Figures) -> tuple[Row, ...]:
    """Return the figures of the headline, the largest commitment last."""
    hourly, monthly = (
        (figures.check.cap.hourly_usd, figures.check.cap.monthly_usd) if figures.check.cap else (None, None)
    )
    return (
        _row("at rest, a month", figures, lambda cost: cost.baseline_per_month),
        _row("expected, a month", figures, lambda cost: cost.expected_per_month),
        _row("everything up, an hour", figures, lambda cost: cost.max_per_hour, hourly),
        _row("everything up, a month", figures, lambda cost: cost.max_per_month, monthly),
    )


def _row(name: str, figures: Figures, figure: Callable[[CostRange], Decimal], cap: int | None = None) -> Row:
    """Return a figure in whole cents: sums of the same lines in another order differ far behind the point."""
    after = None if figures.after is None else figure(figures.after).quantize(CENT)
    return Row(name, figure(figures.before).quantize(CENT), after, cap)


def figures(
    before: Resources,
    after: Resources,
    *,
    today: date,
    config: Mapping[str, Any] | None = None,
    permitted: Sequence[str] = (),
    caps: Caps | None,
    team: str,
    environment: str,
    plan: CostRange | None = None,
    failed: bool = False,
    partial: bool = False,
) -> Figures:
    """Return what a change costs. Of a failed preview only `plan` tells what it would have cost.

    `config` is the stack's. `permitted` are patterns of types that the platform team lets be without a price.
    """
    old, unreadable_before = _carried(before)
    new, unreadable = _carried(after)
    old_beside, new_beside = lines_beside(before, today, config), lines_beside(after, today, config)
    old = CostRange((*old.lines, *_priced(old_beside)))
    known: CostRange | None = CostRange((*new.lines, *_priced(new_beside)))
    if failed:  # what is there costs on, and no plan knows of it
        known = CostRange((*plan.lines, *_priced(old_beside)), plan.not_counted) if plan else None
    uncounted, uncounted_before = _unpriced(new_beside), set(_unpriced(old_beside))
    cap = caps.of(team, environment) if caps else None
    over = excesses(known, cap, team, environment) if caps and known and not partial else []
    return Figures(
        before=old,
        after=known,
        lines=tuple(changed_lines(old, known)) if known else (),
        unreadable=(*(f"before the change, {text}" for text in unreadable_before), *(() if failed else unreadable)),
        check=CapCheck(caps is not None, cap, tuple(over)),
        uncounted=uncounted,
        newly_uncounted=tuple(
            text for text in uncounted if text not in uncounted_before and not _is_permitted(text, permitted)
        ),
        partial=partial,
        planned=failed and plan is not None,
    )


def _priced(lines: Iterable[CostLine]) -> Iterator[CostLine]:
    return (line for line in lines if line.usd_per_hour is not None)


def _is_permitted(text: str, patterns: Sequence[str]) -> bool:
    token = plain_type(text.partition(" ")[0])
    return any(fnmatchcase(token, pattern) for pattern in patterns)


def _unpriced(lines: Iterable[CostLine]) -> tuple[str, ...]:
    return tuple(f"{line.item}: {line.note}" for line in lines if line.usd_per_hour is None)


def _carried(resources: Resources) -> tuple[CostRange, tuple[str, ...]]:
    """Return the cost of components, and those whose cost cannot be read: they are never counted as nothing."""
    lines: list[CostLine] = []
    unreadable: list[str] = []
    for urn, state in resources.items():
        wire = state.property("cost")
        if wire is None or not urn_type(urn).startswith(COMPONENT_PREFIX):
            continue
        try:
            lines += _sensible(from_wire(wire))
        except (KeyError, TypeError, ValueError, ArithmeticError, AttributeError):
            why = "is not known before the update" if wire == UNKNOWN else "is not what Bedplate's components declare"
            unreadable.append(f"the cost of {urn_type(urn).rpartition(':')[2]} {urn_name(urn)} {why}")
    return CostRange(tuple(lines)), tuple(unreadable)


def _sensible(lines: tuple[CostLine, ...]) -> tuple[CostLine, ...]:
    """Return the lines; raises ValueError for amounts that nothing costs: a negative one would hide another."""
    for line in lines:
        amounts = (line.usd_per_hour or 0, line.baseline_units, line.expected_unit_hours, line.max_units, line.hours)
        for amount in amounts:
            if not 0 <= amount <= MOST:
                raise ValueError(f"{amount} is no amount")
    return lines


def team_and_environment(stack: str) -> tuple[str, str]:
    """Return whose stack it is, which its name says: what a component claims is the pull request's own word.

    >>> team_and_environment("vision-dev")
    ('vision', 'dev')
    """
    team, _, environment = stack.rpartition("-")
    return team, environment
