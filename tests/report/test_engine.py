"""The report of a preview that the engine makes now: the recordings are checked against it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from bedplate.report.reading import parse_preview
from bedplate.report.render import render
from bedplate.report.summary import summarise
from tests.report.previews import CAPS
from tests.report.record import record
from tests.support.engine import installed_engine

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.engine


def test_a_change_that_raises_its_own_cap(tmp_path: Path) -> None:
    """The caps file of the pull request allows it; those of the base branch, in policies and report, do not."""
    installed_engine()
    record(tmp_path, ["over-cap"])
    preview = parse_preview((tmp_path / "over-cap.jsonl").read_text(encoding="utf-8"), "over-cap.jsonl")
    summary = summarise(preview, caps=CAPS)
    assert "cost-within-caps" in {violation.rule for violation in preview.violations if violation.mandatory}
    assert not preview.broke_off
    assert [len(preview.of(operation)) for operation in ("update", "create", "delete", "replace")] == [1, 0, 0, 0]
    assert summary.figures.before.max_per_hour < 130 < summary.figures.after.max_per_hour  # type: ignore[union-attr]
    comment = render(summary)
    assert comment.splitlines()[1].endswith("over its cap")
    assert "`scalingConfig.maxSize` 4 → 40" in comment
