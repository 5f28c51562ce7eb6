"""Reports as reviewers see them: one golden file per change that the engine previewed (record.py made them).

`BEDPLATE_UPDATE_GOLDEN=1 pytest tests/report` rewrites them. Read the difference as a reviewer would.
"""

from __future__ import annotations

import json
import os
import re
from pathlib import Path

import pytest

from bedplate.plan import plan_stack
from bedplate.report.baseline import parse_base
from bedplate.report.figures import rows
from bedplate.report.reading import parse_preview
from bedplate.report.render import render
from bedplate.report.summary import Summary, summarise
from bedplate.report.twin import report_json
from tests.report.previews import (
    CAPS,
    DATA,
    ROOT,
    STACK,
    cost,
    error,
    pool,
    preview,
    recorded,
    state,
    step,
    thousand,
    urn,
    violation,
)
from tests.support.stacks import L4, stack

GOLDEN = Path(__file__).parent / "golden"

RECORDED = {
    "first-preview": "ready for review",
    "no-change": "no changes",
    "pool-grown": "ready for review",
    "pool-removed": "1 loss to look at first",
    "machine-changed": "1 loss to look at first",
    "offer-changed": "2 losses to look at first",
    "over-cap": "2 mandatory violations, over its cap",
    "refused-by-the-program": "the preview failed",
    "separation-violation": "6 mandatory violations",
    "cluster-renamed": "13 losses to look at first",
    "network-replaced": "6 losses to look at first",
    "unknown-values": "11 mandatory violations, not all of it could be checked",
}


def check(name: str, text: str) -> None:
    """Compare a report with its golden file, or rewrite the file."""
    path = GOLDEN / name
    if os.environ.get("BEDPLATE_UPDATE_GOLDEN"):
        GOLDEN.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
    assert path.exists(), f"{name} is missing: run with BEDPLATE_UPDATE_GOLDEN=1 and review it"
    assert path.read_text(encoding="utf-8") == text, "run with BEDPLATE_UPDATE_GOLDEN=1 and review the difference"


@pytest.mark.parametrize(("name", "verdict"), RECORDED.items(), ids=RECORDED)
def test_a_recorded_preview(name: str, verdict: str) -> None:
    comment = render(summarise(recorded(name), caps=CAPS))
    assert comment.splitlines()[1].endswith(f"`{STACK}`: {verdict}")
    check(f"{name}.md", comment)


def test_a_thousand_resources() -> None:
    comment = render(summarise(parse_preview(thousand(), "preview.json"), caps=CAPS))
    assert len(comment.encode()) < 64_000
    check("a-thousand-resources.md", comment)


def test_risks_and_the_cost_of_a_preview_that_failed_come_from_the_plan() -> None:
    plan = plan_stack(stack({"node_pools.l4.nodes.max": 100}))
    summary = summarise(recorded("refused-by-the-program"), caps=CAPS, plan=plan)
    comment = render(summary)
    assert summary.figures.after == plan.cost
    assert comment.splitlines()[1].endswith("the preview failed, over its cap")
    assert "the cost after it is that of the plan of the stack file" in comment
    assert "#### Over the cap" in comment
    assert "Raise them before the first" in comment


def test_what_the_plan_counts_and_no_component_carries_is_named() -> None:
    plan = plan_stack(stack({"node_pools.other": L4}))
    comment = render(summarise(recorded("pool-grown"), caps=CAPS, plan=plan))
    assert (
        "- node\\_pools.other: g6.2xlarge on-demand is in the plan of the stack file and not in these figures"
        in comment
    )


def test_the_twin_for_machines() -> None:
    twin = report_json(summarise(recorded("pool-grown"), caps=CAPS))
    assert twin["cost"]["figures"]["max_per_hour"] == {
        "prior": "116.82",
        "proposed": "118.82",
        "delta": "2.00",
        "headroom": "11.18",
    }
    check("pool-grown.json", json.dumps(twin, indent=2) + "\n")


FORMS = {
    "a stream of events": ("pool-grown", None),
    "a document that shows what stays": ("pool-grown-document-with-sames", None),
    "a document and the state": ("pool-grown-document", "state.json"),
    "a document and a preview of what was before": ("pool-grown-document", "no-change.jsonl"),
}


@pytest.mark.parametrize(("name", "base"), FORMS.values(), ids=FORMS)
def test_every_form_of_the_same_change_gives_the_same_money(name: str, base: str | None) -> None:
    found = summary_with_base(name, base)
    wanted = summarise(recorded("pool-grown"), caps=CAPS)
    assert rows(found.figures) == rows(wanted.figures)
    assert found.figures.lines == wanted.figures.lines
    assert [group.title for group in found.groups] == [group.title for group in wanted.groups]


def test_a_document_without_what_stays_shows_only_the_difference_and_says_so() -> None:
    summary = summary_with_base("pool-grown-document", None)
    comment = render(summary)
    assert "the changed components alone, not the stack" in comment
    assert "policy results **unknown**" in comment
    assert "| **everything up, an hour** | $4.00 | $6.00 | +$2.00 | $130 | unknown |" in comment
    assert summary.figures.check.excesses == ()


def summary_with_base(name: str, base: str | None) -> Summary:
    components = parse_base((DATA / base).read_text(encoding="utf-8"), base, STACK) if base else None
    return summarise(recorded(name), base=components, caps=CAPS)


def test_without_a_caps_file_the_report_says_so() -> None:
    summary = summarise(recorded("over-cap"))
    assert "The caps were not checked: no caps file was given" in render(summary)
    assert report_json(summary)["cost"]["caps_checked"] is False


def test_an_environment_without_a_cap_allows_nothing() -> None:
    summary = summarise(recorded("pool-grown"), caps=CAPS.model_copy(update={"teams": {}}))
    assert summary.verdict == "refused"
    assert "No spending cap is set for team vision in dev, so nothing may be created." in render(summary)


def test_a_cap_is_told_once_where_a_policy_tells_it() -> None:
    told = render(summarise(recorded("over-cap"), caps=CAPS))
    assert told.count("is $22.81 above the cap of $130.00") == 1
    assert "#### Over the cap" not in told
    refused = render(summarise(recorded("refused-by-the-program"), caps=CAPS))
    assert refused.count("is $22.81 above the cap of $130.00") == 1


def test_a_violation_names_its_resource_once() -> None:
    said = render(
        summarise(
            preview(
                step(urn("a:b:C", "web"), "create", None, state()),
                violation("no-tags: it has no tags. Fix: tag it.", of=urn("a:b:C", "web")),
                violation("too-wide: web is open. Fix: close it.", of=urn("a:b:C", "web")),
            )
        )
    )
    assert "- **no-tags** `web`: it has no tags. **Fix:** tag it.\n" in said
    assert "- **too-wide**: web is open. **Fix:** close it.\n" in said


def test_errors_without_resources_are_a_report_not_an_empty_comment() -> None:
    failed = preview(step(ROOT, "create"), error("Traceback: no"), result="failed")
    comment = render(summarise(failed, caps=CAPS))
    assert "the preview failed" in comment
    assert "Traceback: no" in comment
    assert summarise(failed, caps=CAPS).verdict == "refused"


NONSENSE = {
    "a negative price": {"usdPerHour": "-5"},
    "no number": {"usdPerHour": "NaN"},
    "too many": {"maxUnits": 10**12},
    "infinitely many": {"maxUnits": float("inf")},
}


@pytest.mark.parametrize("change", NONSENSE.values(), ids=NONSENSE)
def test_an_amount_that_nothing_costs_is_not_summed(change: dict[str, object]) -> None:
    odd = {"cost": [cost()[0] | change]}
    summary = summarise(
        preview(pool("odd", "create", None, odd), pool("l4", "same", {"cost": cost()}, {"cost": cost()}))
    )
    comment = render(summary)
    assert "**Incomplete:** the cost of NodePool odd is not what Bedplate's components declare." in comment
    assert "| **everything up, an hour** | $4.00 | $4.00 |" in comment
    assert "the caps: some costs cannot be read" in summary.unchecked


def test_a_cost_that_was_unreadable_before_is_named() -> None:
    odd = {"cost": [cost()[0] | {"maxUnits": -1}]}
    comment = render(summarise(preview(pool("odd", "update", odd, {"cost": cost()}))))
    assert "**Incomplete:** before the change, the cost of NodePool odd is not what" in comment


def test_no_recording_tells_of_the_machine_that_made_it() -> None:
    for path in DATA.iterdir():
        text = path.read_text(encoding="utf-8")
        assert not re.search(r"sourcePosition|stackTrace|file://|/tmp/|/home/|/root/", text), path.name
