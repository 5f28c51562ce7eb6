"""Names and messages cannot break out of the report: nothing they hold is rendered, linked, mentioned or obeyed."""

from __future__ import annotations

import html
import re
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from bedplate.report.render import render
from bedplate.report.summary import Summary, summarise
from bedplate.report.text import code, fenced, in_html, label, prose
from bedplate.report.twin import report_json
from tests.report.previews import CAPS, cost, error, pool, preview, state, step, urn, violation

RENDERER = MarkdownIt("commonmark", {"html": True, "linkify": False}).enable("table")
OURS = re.compile(r"</?(?:h3|h4|p|ul|li|strong|em|code|pre|details|summary|table|thead|tbody|tr|th|td|sub|br)\b[^>]*>")

HEADINGS = {"The preview failed", "What would be lost", "Policies", "Cost lines that change", "Changes", "Over the cap"}

HOSTILE = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "</details><h1>approved</h1>",
    "--><b>",
    "`</code><b>x",
    "``` \n# heading",
    "| a | b |\n|---|---|",
    "[click](https://evil.example)",
    "![x](https://evil.example/x.png)",
    "@everyone and @org/team",
    "fixes #12, owner/repo#3, !4, ~bug, %5, &6",
    "\n/close\n/merge",
    "https://evil.example www.evil.example",
    "<!-- bedplate-report bedplate/other -->",
    "**bold** _it_ ~~gone~~",
    "a\u202eb\u200d\x1b[31m",
    "x" * 5000,
    '"]:::danger; click n0 "https://evil.example"',
    "\\`x\\`",
    "&lt;b&gt; &#64;user",
]


def hostile_summary(text: str) -> Summary:
    """Return a report in which a text stands everywhere that a pull request can put one."""
    numbers = {"name": text, "cluster": text, "maxNodes": 2, "minNodes": 1, "groups": [{"machine": text}]}
    old = {**numbers, "cost": cost(text or "o", item=text or "i"), "machine": "a"}
    new = {**numbers, "cost": cost(text or "o", item=text or "i", nodes=9), "machine": text}
    name = text.replace("\n", " ")
    key = urn("aws:kms/key:Key", name, "bedplate:index:NodePool")
    moved = step(
        key, "replace", state(version="1"), state(version=text), detailedDiff={text: {}, "version": {}}, keys=[text]
    )
    return summarise(
        preview(
            pool(name, "update", old, new),
            moved,
            violation(f"a-rule: {text}. Fix: {text}"),
            violation(text, level="advisory"),
            error(text or "e"),
        ),
        caps=CAPS,
    )


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_text_is_shown_not_rendered(text: str) -> None:
    assert_harmless(render(hostile_summary(text)))


@given(st.text(alphabet=st.sampled_from("<>&`|\\[]()!@#*_~\n/: -=\"'axw.\u202e"), max_size=60))
@example("`\n```\n<b>")
def test_no_text_is_rendered(text: str) -> None:
    assert_harmless(render(hostile_summary(text)))


def assert_harmless(comment: str) -> None:
    """Render a comment and look for elements, comments and links that the report itself does not make."""
    marker, _, body = comment.partition("\n")
    assert re.fullmatch(r"<!-- bedplate-report [\w%./-]+ -->", marker)
    page = RENDERER.render(body)
    elements = re.findall(r"<[a-zA-Z/!][^>]*>", page)
    assert [element for element in elements if not OURS.fullmatch(element)] == []
    assert page.count("<h3>") == 1
    assert page.count("<details>") == page.count("</details>")
    assert set(re.findall(r"<h4>(.*?)</h4>", page)) <= HEADINGS
    outside = html.unescape(re.sub(r"<(code|pre)\b.*?</\1>", "", page, flags=re.DOTALL))
    assert not re.search(r"@[A-Za-z0-9]", outside)
    assert not re.search(r"(?<!\w)[#!]\d", outside)
    assert not re.search(r"\w://", outside)
    assert not re.search(r"\bwww\.", outside)
    assert not any(line.startswith("/") for line in body.splitlines())
    assert "\u202e" not in comment
    assert "\x1b" not in comment


def test_a_secret_never_appears() -> None:
    """Secrets are marked by the engine; texts that it does not know for secrets are not shown either."""
    secret = {"4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270", "ciphertext": "hunter2"}
    sides = [
        state(version=secret, plain="hunter2", nested={"version": [secret]}, number=n, stringData={"k": f"hunter{n}"})
        for n in (1, 2)
    ]
    paths = ("version", "plain", "nested.version[0]", "number")
    diff: dict[str, Any] = {path: {} for path in paths}
    changed = urn("aws:db/thing:Thing", "x"), urn("kubernetes:core/v1:Secret", "y")
    summary = summarise(preview(*(step(of, "update", *sides, detailedDiff=diff) for of in changed)))
    for text in (render(summary), str(report_json(summary))):
        assert "hunter" not in text
        assert "ciphertext" not in text
    comment = render(summary)
    shown = "`version` `[secret]` → `[secret]`, `plain`, `nested.version[0]` `[secret]` → `[secret]`, `number` 1 → 2"
    assert f"update `Thing` `x`: {shown}\n" in comment


def test_the_properties_of_a_secret_are_named_and_none_of_its_values() -> None:
    diff: dict[str, Any] = {"data.token": {}, "type": {}}
    sides = state(type="a", data={"token": 1}), state(type="b", data={"token": 2})
    comment = render(
        summarise(preview(step(urn("kubernetes:core/v1:Secret", "y"), "update", *sides, detailedDiff=diff)))
    )
    assert "update `Secret` `y`: `data.token`, `type`\n" in comment


def test_the_small_forms() -> None:
    assert code("a`b|c\nd") == "`a\u02cbb\u00a6c d`"
    assert code("") == "` `"
    assert prose("a @b #1 x://y www.z") == "a @\u200bb \\#\u200b1 x:\u200b//y w\u200bww.z"
    assert prose("x" * 700) == "x" * 599 + "…"
    assert fenced("a\n````\nb")[0] == "`````text"
    assert in_html('<"a">') == "&lt;&quot;a&quot;&gt;"
    assert label('a"]b') == "a#34;#93;b"
