"""A comment is never too long, whatever the preview, and what is cut is counted."""

from __future__ import annotations

import re

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bedplate.report.fit import MOST_CHARACTERS, Row, Section, fit
from bedplate.report.reading import parse_preview
from bedplate.report.render import render
from bedplate.report.summary import summarise
from tests.report.previews import CAPS, cost, error, pool, preview, recorded, state, step, thousand, urn, violation

OPS = ["create", "update", "delete", "replace", "same"]
TYPES = ["aws:kms/key:Key", "aws:eks/nodeGroup:NodeGroup", "a:b:C", "kubernetes:core/v1:Namespace"]
NAMES = st.text(min_size=1, max_size=300)


@st.composite
def previews(draw: st.DrawFn) -> str:
    """Return a comment for a preview with few kinds of things, and as many of each as is wanted."""
    many = draw(st.sampled_from([0, 1, 30, 400]))
    name = draw(NAMES)
    events = [pool("base", "same", {"cost": cost()}, {"cost": cost()})]
    for number in range(many):
        of = f"{name}{number}"
        events.append(pool(of, "update", {"cost": cost(of)}, {"cost": cost(of, nodes=number + 5, item=name)}))
        diff: dict[str, object] = {f"{name}[{index}]": {} for index in range(draw(st.sampled_from([0, 3, 9])))}
        leaf = urn(draw(st.sampled_from(TYPES)), of, "bedplate:index:NodePool")
        events.append(step(leaf, draw(st.sampled_from(OPS)), state(), state(), detailedDiff=diff, keys=[name]))
        events.append(violation(f"rule-{number}: {name * 4}. Fix: {name * 4}"))
    events += [error(name * 40 + str(number)) for number in range(draw(st.sampled_from([0, 1, 50])))]
    return render(summarise(preview(*events), caps=CAPS))


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(previews())
def test_no_preview_makes_a_comment_too_long(comment: str) -> None:
    assert len(comment.encode()) <= MOST_CHARACTERS
    assert comment.startswith("<!-- bedplate-report bedplate/vision-dev -->\n### ")
    assert comment.count("<details>") == comment.count("</details>")
    # Whatever a message holds, the fence around it is longer, and closed.
    for fence in re.findall(r"^(`{3,})text$", comment, re.MULTILINE):
        assert re.search(rf"^{fence}$", comment, re.MULTILINE)


@pytest.mark.parametrize("most", [6_000, 8_000, 10_000])
def test_the_headline_and_the_worst_loss_survive_the_shortest_comment(most: int) -> None:
    comment = render(summarise(parse_preview(thousand(), "p"), caps=CAPS), most)
    assert len(comment.encode()) <= most
    assert "| **everything up, a month** |" in comment
    assert "- **data**: `Key` `pool00-02` is deleted" in comment
    assert re.search(r"_… and \d+ more losses\._", comment)
    assert re.search(r"_… and \d+ more changes\._", comment)


def test_all_changes_are_shown_or_counted() -> None:
    summary = summarise(recorded("cluster-renamed"), caps=CAPS)
    comment = render(summary, 5_000)
    rows = comment.partition("#### Changes")[2]
    hidden = int(re.findall(r"_… and (\d+) more changes", rows)[0])
    counted = sum(map(int, re.findall(r"(?:^  - \w+ |, )(\d+) `", rows, flags=re.MULTILINE)))
    named = len(re.findall(r"^  - \w+ `", rows, flags=re.MULTILINE))
    assert hidden > 0
    assert hidden + counted + named == sum(len(group.steps) for group in summary.groups) > 100


def test_the_first_sections_keep_their_rows() -> None:
    rows = tuple(Row("x" * 9) for _ in range(10))
    text = fit([Section(("a",), rows, noun="as"), Section(("b",), rows, ("e",), noun="bs")], 170)
    assert len(text.encode()) <= 170
    first, second = text.split("b\n")
    assert first.count("xxx") > second.count("xxx")
    assert "more bs._\ne" in text


def test_headings_at_the_end_are_given_up() -> None:
    rows = (Row("heading", 0), Row("x" * 50, 3), Row("next", 0), Row("y" * 90, 2))
    assert fit([Section(("a",), rows, noun="things")], 100) == f"a\nheading\n{'x' * 50}\n\n_… and 2 more things._"


def test_an_optional_section_disappears_as_a_whole() -> None:
    assert fit([Section(("a",)), Section(("b" * 50,), optional=True), Section(("c",))], 30) == "a\nc"
    assert fit([Section(("a",)), Section(("b" * 50,), optional=True)], 300).endswith("b")


def test_a_section_that_fits_is_whole() -> None:
    assert fit([Section(("a",), (Row("r"),), ("z",))], 100) == "a\nr\nz"
