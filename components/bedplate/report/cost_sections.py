"""The money in a report: the figures against the caps, and the lines that changed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bedplate.cost.summary import unit_price
from bedplate.report.figures import rows
from bedplate.report.fit import Row, Section
from bedplate.report.text import code, prose
from bedplate.report.words import amount, difference, sentence

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from decimal import Decimal

    from bedplate.cost.compare import LineChange
    from bedplate.cost.range import CostLine
    from bedplate.report.figures import Figures
    from bedplate.report.figures import Row as Figure
    from bedplate.report.summary import Summary

MOST_LINES = 30
MOST_UNCOUNTED = 5
NO_CAPS = "_The caps were not checked: no caps file was given (`--caps`)._"
PARTIAL = (
    "_This preview leaves out what stays as it is, so these are the changed components alone, not the stack. "
    "Make it as events (`PULUMI_ENABLE_STREAMING_JSON_PREVIEW=1`), or give the state as `--base`._"
)
PLANNED = "_The preview failed; the cost after it is that of the plan of the stack file._"
UNKNOWN_AFTER = "_The preview failed, so the cost after it is unknown. `--stack-file` would tell the plan's._"


def figures_lines(figures: Figures) -> list[str]:
    """Return the table of figures with what must be known to read it."""
    return [*_figures_table(figures), *_remarks(figures)]


def _figures_table(figures: Figures) -> list[str]:
    lines = ["| | before | after | change | cap | left |", "|:--|--:|--:|--:|--:|--:|"]
    capped = figures.check.cap is not None
    for row in rows(figures):
        name = f"**{row.name}**" if row.name.startswith("everything up") else row.name
        cells = [name, amount(row.before), amount(row.after), difference(row.before, row.after)]
        cells += ["" if row.cap is None else f"${row.cap:,}", _left(row, partial=figures.partial)] if capped else []
        lines.append(f"| {' | '.join(cells)} |")
    if not capped:
        lines[:2] = ["| | before | after | change |", "|:--|--:|--:|--:|"]
    return lines


def _left(row: Figure, *, partial: bool) -> str:
    if row.cap is None or row.left is None:
        return ""
    if partial:
        return "unknown"
    text = f"{amount(row.left)} ({row.left / row.cap:.0%})".replace("$-", "−$").replace("(-", "(−")
    return f"**{text}**" if row.left < 0 else text


def _remarks(figures: Figures) -> list[str]:
    said = []
    if figures.unreadable:
        said.append(f"**Incomplete:** {'; '.join(prose(text) for text in figures.unreadable[:3])}.")
    if figures.after and figures.after.unpriced:
        said.append("**Incomplete:** some prices are unknown and left out, so the real cost is higher.")
    if figures.uncounted:
        said.append(_uncounted(figures.uncounted))
    if figures.partial:
        said.append(PARTIAL)
    if figures.planned:
        said.append(PLANNED)
    elif figures.after is None:
        said.append(UNKNOWN_AFTER)
    if not figures.check.given:
        said.append(NO_CAPS)
    return [line for text in said for line in ("", text)]


def _uncounted(texts: Sequence[str]) -> str:
    shown = "; ".join(prose(text, 200) for text in texts[:MOST_UNCOUNTED])
    more = len(texts) - MOST_UNCOUNTED
    return f"**Not in these figures**, because no price is known: {shown}{f'; and {more} more' if more > 0 else ''}."


def cap_section(summary: Summary) -> Iterator[Section]:
    """Yield the caps that are passed, with the smallest cut, unless a policy or the program says the same."""
    told = " ".join([*(one.message for one in summary.preview.violations), *summary.preview.errors])
    found = [excess for excess in summary.figures.check.excesses if excess.message not in told]
    if found:
        lines = tuple(Row(f"- {prose(sentence(excess.message))} {prose(sentence(excess.remedy))}") for excess in found)
        yield Section(("", "#### Over the cap", ""), lines, noun="reasons")


def cost_lines_section(figures: Figures) -> Iterator[Section]:
    """Yield the table of cost lines that a change adds, removes or alters."""
    if not figures.lines:
        return
    head = (
        "",
        "#### Cost lines that change",
        "",
        "| declared in | item | up to | $ an hour each | everything up, an hour | at rest, a month |",
        "|:--|:--|--:|--:|--:|--:|",
    )
    yield Section(head, tuple(Row(_line(change)) for change in figures.lines), noun="cost lines", most_rows=MOST_LINES)


def _line(change: LineChange) -> str:
    before, after = change.before, change.after
    cells = [
        code(change.line.owner, 60),
        prose(change.line.item, 80),
        _arrow(str(before.max_units if before else 0), str(after.max_units if after else 0)),
        _arrow(_each(before), _each(after)) if before and after else _each(change.line),
        difference(_zero(change), change.max_per_hour),
        difference(_zero(change), change.baseline_per_month),
    ]
    return f"| {' | '.join(cells)} |"


def _zero(change: LineChange) -> Decimal:
    return change.max_per_hour * 0


def _each(line: CostLine | None) -> str:
    return unit_price(line.usd_per_hour if line else None)


def _arrow(before: str, after: str) -> str:
    return before if before == after else f"{before} → {after}"
