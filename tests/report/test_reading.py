"""What is not a whole preview of one stack is refused with its reason, never reported as an empty one."""

from __future__ import annotations

import json
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bedplate.errors import BedplateError, InputError, UsageError
from bedplate.report.baseline import parse_base
from bedplate.report.reading import parse_preview, read_text
from bedplate.report.render import render
from bedplate.report.summary import summarise
from bedplate.report.twin import report_json
from tests.report.previews import (
    CAPS,
    DATA,
    ROOT,
    STACK,
    cost,
    end,
    error,
    lines,
    pool,
    preview,
    state,
    step,
    urn,
    violation,
)

BUCKET = urn("aws:s3/bucket:Bucket", "data")
CREATED = step(BUCKET, "create", None, state())
DOCUMENT = (DATA / "pool-grown-document.json").read_text(encoding="utf-8")

REFUSED = {
    "an empty file": ("", "it is empty: the preview did not run"),
    "white space": (" \n\n", "it is empty"),
    "no resources": (lines(end()), "it has no resources: nothing was previewed"),
    "the stack alone": (lines(step(ROOT, "create", None, state()), end()), "it has no resources"),
    "a document without steps": (json.dumps({"steps": [], "changeSummary": {}}), "it has no resources"),
    "a stream without its end": (lines(CREATED), "it is truncated: the event that ends a preview (summaryEvent)"),
    "a line cut in the middle": (lines(CREATED, end())[:-20], "f:2: the last line is truncated"),
    "a document cut in the middle": (DOCUMENT[:3000], "the JSON document is truncated"),
    "output for people": (
        "Previewing update (dev)\n\n + bucket\n",
        "f:1: this is no JSON: is it the output for people",
    ),
    "standard error between the events": (
        f"warning: x\n{lines(CREATED, end())}",
        "f:1: this is no JSON: is it the output for people, or mixed with standard error?",
    ),
    "a JSON list": ("[]", "this is no JSON"),
    "another JSON document": ('{"name": "bedplate"}', "this is no preview"),
    "a state": ((DATA / "state.json").read_text(encoding="utf-8"), "a state is what --base takes"),
    "an update": (lines(CREATED, end(is_preview=False)), "these are the events of an update"),
    "two previews": (lines(CREATED, end(), CREATED, end()), "it holds 2 previews"),
    "two stacks": (
        lines(CREATED, step(urn("a:b:C", "x", stack="vision-prod"), "create"), end()),
        "it mixes stacks (bedplate/vision-dev and bedplate/vision-prod)",
    ),
    "a URN that is none": (lines(step("urn:pulumi:a::b::c:d:E::f", "create"), CREATED, end()), "it mixes stacks"),
    "events of another shape": (
        lines({"sequence": 1, "resourcePreEvent": {"metadata": {"urn": BUCKET}}}, end()),
        "it is not what the engine writes (KeyError",
    ),
    "another kind of event line": ('{"a": 1}\n{"b": 2}\n', "f:1: this is no event of a preview"),
}


@pytest.mark.parametrize(("text", "message"), REFUSED.values(), ids=REFUSED)
def test_what_is_no_whole_preview_is_refused(text: str, message: str) -> None:
    with pytest.raises(InputError) as refused:
        parse_preview(text, "f")
    assert refused.value.exit_code == 2
    assert message in refused.value.message
    assert "PULUMI_ENABLE_STREAMING_JSON_PREVIEW=1" in refused.value.message


def test_a_file_that_is_not_there() -> None:
    with pytest.raises(UsageError, match="cannot be read"):
        read_text(Path("/nowhere/preview.json"))


def test_a_file_that_is_no_text(tmp_path: Path) -> None:
    (tmp_path / "preview.json").write_bytes(b"\xff\xfe{")
    with pytest.raises(UsageError, match="is no text"):
        read_text(tmp_path / "preview.json")


def test_a_stack_that_is_destroyed_is_a_preview() -> None:
    gone = preview(step(BUCKET, "delete", state(), None))
    assert [(one.operation, one.after) for one in gone.steps] == [("delete", None)]


OPERATIONS = {
    ("create",): "create",
    ("same",): "same",
    ("update",): "update",
    ("delete",): "delete",
    ("import",): "import",
    ("refresh", "same"): "same",
    ("refresh", "update"): "update",
    ("refresh",): "not reached",
    ("delete-replaced", "replace", "create-replacement"): "replace",
    ("create-replacement", "replace", "delete-replaced"): "replace",
    ("import-replacement",): "replace",
    ("refresh", "delete"): "delete",
}


@pytest.mark.parametrize(("said", "meant"), OPERATIONS.items(), ids=["+".join(said) for said in OPERATIONS])
def test_one_step_for_all_that_the_engine_says_of_a_resource(said: tuple[str, ...], meant: str) -> None:
    found = preview(*(step(BUCKET, op, state(a=1), state(a=2)) for op in said))
    assert [one.operation for one in found.steps] == [meant]


def test_what_an_interrupted_replacement_left_behind_is_not_the_resource() -> None:
    itself, left = step(BUCKET, "same", state(), state()), step(BUCKET, "delete", {**state(), "delete": True})
    for events in ((itself, left), (left, itself)):
        assert [one.operation for one in preview(*events).steps] == ["same"]
    assert [one.operation for one in preview(left).steps] == ["delete"]


def test_a_read_resource_is_no_change() -> None:
    assert preview(step(BUCKET, "read", None, state()), CREATED | {"sequence": 2}).steps[0].operation == "create"
    with pytest.raises(InputError, match="no resources"):
        preview(step(BUCKET, "read", None, state()))


@pytest.mark.parametrize(("level", "broke_off"), [("advisory", True), ("mandatory", False)])
def test_advice_does_not_explain_a_failure(level: str, broke_off: bool) -> None:
    found = preview(CREATED, violation("reliability-probes: none. Fix: add one.", level=level), result="failed")
    assert found.broke_off == broke_off


def test_violations_lose_the_description_above_them_and_come_mandatory_first() -> None:
    found = preview(
        CREATED,
        violation("Rules for advice.\nsome-advice: be kind. Fix: smile.\n", level="advisory"),
        violation("Rules for each resource.\n<{%fg 1%}>cost-of-x: too much. Fix: less.<{%reset%}>\n"),
        violation("Rules for each resource.\ncost-of-x: too much. Fix: less.\n"),
        violation("words of another pack"),
    ).violations
    assert [(one.rule, one.message, one.fix, one.mandatory) for one in found] == [
        ("cost-of-x", "too much.", "less.", True),
        ("resource", "words of another pack", "", True),
        ("some-advice", "be kind.", "smile.", False),
    ]


def test_violations_alone_do_not_break_a_preview_off() -> None:
    refused = preview(CREATED, violation("a-rule: no"), error("preview failed\n"), result="failed")
    assert (refused.broke_off, refused.errors) == (False, ())
    broken = preview(CREATED, violation("a-rule: no"), error("error: the provider died"), result="failed")
    assert (broken.broke_off, broken.errors) == (True, ("the provider died",))
    assert preview(CREATED, result="failed").broke_off


def test_a_base_of_another_stack_is_refused() -> None:
    other = lines(step(urn("a:b:C", "x", stack="vision-prod"), "create", None, state()), end())
    with pytest.raises(InputError, match="it is of stack vision-prod, and the preview of vision-dev"):
        parse_base(other, "base", STACK)
    with pytest.raises(InputError, match="of stack vision-dev, and the preview of other"):
        parse_base((DATA / "state.json").read_text(encoding="utf-8"), "base", "other")


DIFF = {"a": {"diffKind": "update"}}
SMALL = [
    pool("l4", "update", {"cost": cost(), "cluster": "use1", "groups": [{"machine": "m"}]}, {"cost": cost(nodes=9)}),
    step(urn("aws:kms/key:Key", "k"), "replace", state(a=1), state(a=2), detailedDiff=DIFF, keys=["a"]),
    violation("a-rule: no. Fix: yes."),
    error("it failed"),
    end(result="failed"),
]
JUNK = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from("ab"), inner, max_size=2),
    max_leaves=4,
)


def places(value: Any, path: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    """Return the paths of everything inside a value."""
    inside = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [found for key, item in inside for found in ((*path, key), *places(item, (*path, key)))]


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(places(SMALL)), JUNK)
def test_whatever_stands_anywhere_is_reported_or_refused(path: tuple[str | int, ...], junk: Any) -> None:
    """The artifact of a fork is anything at all: it may be refused, and never ends in a traceback."""
    events = deepcopy(SMALL)
    target: Any = events
    for part in path[:-1]:
        target = target[part]
    target[path[-1]] = junk
    try:
        summary = summarise(parse_preview("".join(f"{json.dumps(event)}\n" for event in events), "f"), caps=CAPS)
    except BedplateError:
        return
    assert render(summary).startswith("<!-- bedplate-report ")
    json.dumps(report_json(summary))
