"""Everything that a report says, decided: what comes out of it is only a matter of form."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Literal

from bedplate.cost.usage import not_counted
from bedplate.report.baseline import before_and_after
from bedplate.report.changes import groups
from bedplate.report.dangers import dangers
from bedplate.report.figures import figures, team_and_environment
from bedplate.report.model import CLUSTER, urn_name, urn_type
from bedplate.risks import risks

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bedplate.cost.caps import Caps
    from bedplate.cost.range import CostRange
    from bedplate.plan import StackPlan
    from bedplate.report.baseline import Resources
    from bedplate.report.changes import Group
    from bedplate.report.dangers import Danger
    from bedplate.report.figures import Figures
    from bedplate.report.model import Operation, Preview
    from bedplate.risks import Risk

Verdict = Literal["refused", "careful", "fine"]
"""Refused: it must not be merged as it is. Careful: it would lose something, or something could not be checked.
Fine: neither."""


@dataclass(frozen=True, slots=True)
class Summary:
    """A report before it is written down.

    `risks` is None where no stack file was given to find them, or one that cannot be planned; `unplanned` says why.
    """

    preview: Preview
    team: str
    environment: str
    figures: Figures
    dangers: tuple[Danger, ...]
    groups: tuple[Group, ...]
    assumptions: tuple[str, ...]
    not_counted: tuple[str, ...]
    risks: tuple[Risk, ...] | None
    unplanned: str
    resources: Resources

    @property
    def verdict(self) -> Verdict:
        """What a reviewer has to think of first."""
        if self.preview.broke_off or self.mandatory or self.figures.check.excesses:
            return "refused"
        doubts = self.dangers or self.unchecked or self.figures.newly_uncounted or self.unplanned
        return "careful" if doubts else "fine"

    @property
    def unchecked(self) -> tuple[str, ...]:
        """What could not be judged, in words: a guard that was not evaluated is no pass."""
        figures, preview = self.figures, self.preview
        doubts = {
            "the caps: no caps file was given": not figures.check.given,
            "the caps: the preview leaves out what stays as it is": figures.partial,
            "the caps: the cost after the change is unknown": figures.after is None,
            "the caps: some costs cannot be read": bool(figures.unreadable),
            "the policies: this form of output leaves their results out": not preview.sees_policies,
            "the policies: no pack ran": preview.sees_policies and not preview.policy_packs,
        }
        return tuple(words for words, applies in doubts.items() if applies)

    @property
    def mandatory(self) -> int:
        """How many violations stop the change."""
        return sum(violation.mandatory for violation in self.preview.violations)

    def count(self, operation: Operation) -> int:
        """Return how many real resources an operation is applied to."""
        return len(self.preview.of(operation))


def summarise(
    preview: Preview,
    *,
    base: Resources | None = None,
    caps: Caps | None = None,
    plan: StackPlan | None = None,
    unplanned: str = "",
    today: date | None = None,
    permitted: Sequence[str] = (),
) -> Summary:
    """Decide what a report says. `caps` are those of the base branch; `plan` is that of the changed stack file.

    `unplanned` says why that file has none. `permitted` are types that the platform team lets be without a price.
    `today` decides which prices hold; None is the day on which it runs.
    """
    team, environment = team_and_environment(preview.stack)
    before, after = before_and_after(preview, base)
    cost = figures(
        before,
        after,
        today=today or datetime.now(tz=UTC).date(),
        config=preview.config,
        permitted=permitted,
        caps=caps,
        team=team,
        environment=environment,
        plan=plan.cost if plan else None,
        failed=preview.broke_off,
        partial=base is None and not preview.sees_unchanged,
    )
    found = dangers(preview)
    return Summary(
        preview=preview,
        team=team,
        environment=environment,
        figures=cost,
        dangers=found,
        groups=groups(preview, found),
        assumptions=(*_beside_components(cost.after, plan), *_assumptions(cost.after)) if cost.after else (),
        not_counted=plan.cost.not_counted if plan else not_counted(dict.fromkeys(_clusters(after))),
        risks=tuple(risks(plan)) if plan else None,
        unplanned=unplanned,
        resources=after,
    )


def _clusters(resources: Resources) -> list[str]:
    return [urn_name(urn) for urn in resources if urn_type(urn) == CLUSTER]


def _beside_components(cost: CostRange, plan: StackPlan | None) -> list[str]:
    """Return what the plan counts and no component carries, so that nobody misses it in the figures."""
    if plan is None:
        return []
    counted = {line.owner for line in cost.lines}
    beside = [line for line in plan.cost.lines if line.owner not in counted]
    return [f"{line.owner}: {line.item} is in the plan of the stack file and not in these figures" for line in beside]


def _assumptions(cost: CostRange) -> list[str]:
    """Return what a reader must know before trusting the figures."""
    said = [f"{line.owner}: no price is known for {line.item}; it is left out of every sum" for line in cost.unpriced]
    known = [line for line in cost.lines if line.usd_per_hour is not None]
    declared = [line for line in known if line.confidence == "declared"]
    said += [f"{line.owner}: the price of {line.item} is what the stack file declares" for line in declared]
    undated = [line for line in known if line.as_of is None and line not in declared]
    said += [f"{line.owner}: the price of {line.item} has no date" for line in undated]
    said += [f"{line.owner}: {line.item}: {line.note}" for line in known if line.note]
    dates = {
        kind: sorted({line.as_of for line in known if line.as_of and line.kind == kind})
        for kind in ("machine", "service")
    }
    for kind, name in (("machine", "machines"), ("service", "disks, gateways and control planes")):
        days = dates[kind]
        if days:
            said.append(f"prices of {name} are of {days[0]}" + (f" to {days[-1]}" if days[-1] != days[0] else ""))
    return list(dict.fromkeys(said))
