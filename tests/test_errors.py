"""Which word a misspelling is taken for, and which words a list shows where it must leave some out."""

from __future__ import annotations

import pytest

from bedplate import catalog
from bedplate.errors import Problem, listing, nearest, slips


@pytest.mark.parametrize(
    ("written", "allowed", "meant"),
    [
        ("us-esat-1", catalog.regions("aws"), "us-east-1"),
        ("us-eats-1", catalog.regions("aws"), "us-east-1"),
        ("eu-wst-1", catalog.regions("aws"), "eu-west-1"),
        ("US-EAST-1", catalog.regions("aws"), "us-east-1"),
        ("h100", catalog.accelerators(), "H100"),
        ("P5.48XLARGE", catalog.machines("aws"), "p5.48xlarge"),
        ("mars", catalog.regions("aws"), ""),
        ("a", ["A", "a"], "A"),
        ("", ["a"], ""),
        ("a", [], ""),
    ],
)
def test_the_word_that_was_meant(written: str, allowed: list[str], meant: str) -> None:
    assert nearest(written, allowed) == meant


@pytest.mark.parametrize(
    ("written", "meant", "count"),
    [
        ("east", "east", 0),
        ("esat", "east", 1),
        ("est", "east", 1),
        ("eeast", "east", 1),
        ("west", "east", 2),
        ("", "ab", 2),
        ("ab", "", 2),
    ],
)
def test_slips(written: str, meant: str, count: int) -> None:
    assert slips(written, meant) == count


def test_a_list_that_is_cut_begins_with_what_was_meant() -> None:
    regions = catalog.regions("aws")
    shown = listing(regions, near="us-east-1")
    assert shown.startswith("us-east-1, us-west-1, us-east-2, ")
    assert shown.endswith(f" and {len(regions) - 12} more")
    assert listing(regions).startswith(regions[0])
    assert listing(("b", "a"), near="a") == "b, a"
    problem = Problem("is no region", allowed=regions, nearest="us-west-2")
    assert "allowed: us-west-2, " in problem.render()
