"""What a change costs: the ranges before and after it, from the cost lines that components carry."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import InvalidOperation
from typing import TYPE_CHECKING

from bedplate.cost.caps import excesses
from bedplate.cost.compare import changed_lines
from bedplate.cost.range import CostRange
from bedplate.cost.wire import from_wire
from bedplate.report.model import UNKNOWN, urn_name, urn_type

if TYPE_CHECKING:
    from decimal import Decimal

    from bedplate.cost.caps import Cap, Caps, Excess
    from bedplate.cost.compare import LineChange
    from bedplate.cost.range import CostLine
    from bedplate.report.baseline import Components


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
    is known. `unreadable` says of which components the cost cannot be told, and why.
    """

    before: CostRange
    after: CostRange | None
    lines: tuple[LineChange, ...]
    unreadable: tuple[str, ...]
    check: CapCheck
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
    before, after, cap = figures.before, figures.after, figures.check.cap
    hourly, monthly = (cap.hourly_usd, cap.monthly_usd) if cap else (None, None)
    return (
        Row("at rest, a month", before.baseline_per_month, after.baseline_per_month if after else None),
        Row("expected, a month", before.expected_per_month, after.expected_per_month if after else None),
        Row("everything up, an hour", before.max_per_hour, after.max_per_hour if after else None, hourly),
        Row("everything up, a month", before.max_per_month, after.max_per_month if after else None, monthly),
    )


def figures(
    before: Components,
    after: Components,
    *,
    caps: Caps | None,
    team: str,
    environment: str,
    plan: CostRange | None = None,
    failed: bool = False,
    partial: bool = False,
) -> Figures:
    """Return what a change costs. Of a failed preview only `plan` tells what it would have cost."""
    old, _ = _cost(before)
    new, unreadable = _cost(after)
    known = plan if failed else new
    cap = caps.of(team, environment) if caps else None
    over = excesses(known, cap, team, environment) if caps and known and not partial else []
    return Figures(
        before=old,
        after=known,
        lines=tuple(changed_lines(old, known)) if known else (),
        unreadable=() if failed else unreadable,
        check=CapCheck(caps is not None, cap, tuple(over)),
        partial=partial,
        planned=failed and plan is not None,
    )


def _cost(components: Components) -> tuple[CostRange, tuple[str, ...]]:
    """Return the cost of components, and those whose cost cannot be read: they are never counted as nothing."""
    lines: list[CostLine] = []
    unreadable: list[str] = []
    for urn, state in components.items():
        wire = state.property("cost")
        if wire is None:
            continue
        try:
            lines += from_wire(wire)
        except (KeyError, TypeError, ValueError, InvalidOperation, AttributeError):
            why = "is not known before the update" if wire == UNKNOWN else "is not what Bedplate's components declare"
            unreadable.append(f"the cost of {urn_type(urn).rpartition(':')[2]} {urn_name(urn)} {why}")
    return CostRange(tuple(lines)), tuple(unreadable)


def team_and_environment(stack: str) -> tuple[str, str]:
    """Return whose stack it is, which its name says: what a component claims is the pull request's own word.

    >>> team_and_environment("vision-dev")
    ('vision', 'dev')
    """
    team, _, environment = stack.rpartition("-")
    return team, environment
