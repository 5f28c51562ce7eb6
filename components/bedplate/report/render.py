"""A summary as one Markdown comment: what decides first, what explains folded below it."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING
from urllib.parse import quote

from bedplate.report.changes_section import changes_section
from bedplate.report.cost_sections import cap_section, cost_lines_section, figures_lines
from bedplate.report.fit import MOST_CHARACTERS, Row, Section, fit
from bedplate.report.text import code, fenced, in_html, prose
from bedplate.report.topology import topology
from bedplate.report.words import counted, listed, sentence, summary_of_counts

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bedplate.report.summary import Summary

SYMBOLS = {"refused": "⛔", "careful": "⚠️", "fine": "✅"}
MOST_ERRORS = 5
MOST_LOSSES = 20
NO_STACK_FILE = "they come from the plan of a stack file (`--stack-file`)"


def marker(stack: str, project: str) -> str:
    """Return the hidden first line by which the comment of a stack is found again."""
    return f"<!-- bedplate-report {quote(project, safe='')}/{quote(stack, safe='')} -->"


def render(summary: Summary, most: int = MOST_CHARACTERS, *, commit: str = "") -> str:
    """Return the comment; it is never longer than `most` bytes, and the most important parts of it are kept.

    `commit` is the one that was previewed: a comment stays when a later run ends before it has a preview.
    """
    last = [Section(("", f"<sub>Preview of {code(commit, 40)}.</sub>"))] if commit else []
    return fit([*_sections(summary), *last], most) + "\n"


def _sections(summary: Summary) -> Iterator[Section]:
    yield _headline(summary)
    yield from _errors(summary)
    yield from cap_section(summary)
    yield from _dangers(summary)
    yield from _policies(summary)
    yield from cost_lines_section(summary.figures)
    yield from changes_section(summary)
    yield from _risks(summary)
    yield from _assumptions(summary)
    yield from topology(summary)


def _headline(summary: Summary) -> Section:
    preview = summary.preview
    title = f"### {SYMBOLS[summary.verdict]} {code(preview.stack)}: {_verdict(summary)}"
    owner = f"team {code(summary.team)}, {code(summary.environment)}"
    facts = [owner, summary_of_counts(summary), _policy_word(summary)]
    lines = [marker(preview.stack, preview.project), title, "", " · ".join(facts), "", *figures_lines(summary.figures)]
    return Section(tuple(lines))


def _verdict(summary: Summary) -> str:
    reasons = []
    if summary.preview.broke_off:
        reasons.append("the preview failed")
    if summary.mandatory:
        reasons.append(f"{counted(summary.mandatory, 'mandatory violation')}")
    if summary.figures.check.excesses:
        reasons.append("over its cap" if summary.figures.check.cap else "no cap allows it")
    if not reasons and summary.dangers:
        reasons.append(f"{counted(len(summary.dangers), 'loss', 'losses')} to look at first")
    if summary.unchecked and not summary.preview.broke_off:
        reasons.append("not all of it could be checked")
    if summary.figures.newly_uncounted:
        reasons.append(f"{counted(len(summary.figures.newly_uncounted), 'new resource')} without a price")
    if summary.unplanned and not summary.preview.broke_off:
        reasons.append("the stack file cannot be planned here")
    return ", ".join(reasons) or ("ready for review" if summary.groups else "no changes")


def _policy_word(summary: Summary) -> str:
    preview = summary.preview
    if not preview.sees_policies:
        return "policy results **unknown**: this form of output leaves them out"
    if not preview.policy_packs:
        return "**no policy pack** ran"
    packs = listed([code(pack) for pack in preview.policy_packs])
    if preview.violations:
        return f"{counted(len(preview.violations), 'policy violation')} ({packs})"
    return f"policies of {packs} " + ("ran on what was previewed" if preview.broke_off else "passed")


def _errors(summary: Summary) -> Iterator[Section]:
    if not summary.preview.broke_off:
        return
    shown = summary.preview.errors[:MOST_ERRORS]
    lines = ["", "#### The preview failed", ""]
    if not shown:
        lines.append("The engine says no more than that. Its own output is in the job's log.")
    for message in shown:
        lines += fenced(message)
    hidden = len(summary.preview.errors) - len(shown)
    if hidden:
        lines += ["", f"_… and {hidden} more errors in the job's log._"]
    yield Section(tuple(lines))


def _dangers(summary: Summary) -> Iterator[Section]:
    if not summary.dangers:
        return
    head: tuple[str, ...] = ("", "#### What would be lost", "")
    if len(summary.dangers) > MOST_LOSSES:
        kinds = Counter((danger.what, danger.step.kind) for danger in summary.dangers)
        told = [f"{what}: {number:,} {code(kind)}" for (what, kind), number in kinds.items()]
        head = (*head, f"In all: {'; '.join(told[:MOST_LOSSES])}.", "")
    rows = tuple(
        Row(
            f"- **{danger.what}**: {code(danger.step.kind)} {code(danger.step.name)} {prose(danger.happens, 200)}. "
            f"Lost: {prose(danger.loses)}."
        )
        for danger in summary.dangers
    )
    yield Section(head, rows, noun="losses", most_rows=MOST_LOSSES)


def _policies(summary: Summary) -> Iterator[Section]:
    violations = summary.preview.violations
    if not violations:
        return
    rows = []
    for one in violations:
        level = "" if one.mandatory else " (advice)"
        fix = f" **Fix:** {prose(one.fix)}" if one.fix else ""
        about = "" if not one.resource or one.resource in one.message else f" {code(one.resource)}"
        rows.append(Row(f"- **{prose(one.rule, 100)}**{level}{about}: {prose(one.message)}{fix}"))
    yield Section(("", "#### Policies", ""), tuple(rows), noun="violations")


def _risks(summary: Summary) -> Iterator[Section]:
    if not summary.risks:
        return
    rows = tuple(
        Row(f"- {code(risk.subject)}: {prose(risk.text)}. {prose(sentence(risk.remedy))}") for risk in summary.risks
    )
    yield _folded(f"{counted(len(rows), 'risk')} although nothing is wrong", rows, "risks")


def _assumptions(summary: Summary) -> Iterator[Section]:
    unreadable = [Row(f"- **not counted**: {prose(text)}") for text in summary.figures.unreadable]
    said = [Row(f"- {prose(text)}") for text in summary.assumptions]
    rows = (*unreadable, *said, Row(f"- not counted: {prose('; '.join(summary.not_counted))}"))
    if summary.risks is None:
        unplanned = f"the stack file cannot be planned: {prose(summary.unplanned)}" if summary.unplanned else ""
        rows = (*rows, Row(f"- capacity risks are not shown: {unplanned or NO_STACK_FILE}"))
    yield _folded("What these figures assume, and what they leave out", rows, "assumptions")


def _folded(title: str, rows: tuple[Row, ...], noun: str) -> Section:
    before = ("", f"<details><summary>{in_html(title)}</summary>", "")
    return Section(before, rows, ("", "</details>"), noun=noun)
