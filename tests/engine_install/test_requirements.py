"""Which versions of `pulumi` are good enough."""

from __future__ import annotations

import pytest

from bedplate.engine.requirements import parse_version, requirements, why_not_good_enough


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("v3.250.0", (3, 250, 0, True)),
        ("3.250.0\n", (3, 250, 0, True)),
        ("v3.251.0-alpha.1+g1234abc", (3, 251, 0, False)),
        ("3.250.0+dirty", (3, 250, 0, True)),
        ("v3.250", None),
        ("", None),
        ("unknown command", None),
    ],
)
def test_versions_are_read_as_pulumi_prints_them(text: str, number: tuple[int, int, int, bool] | None) -> None:
    assert parse_version(text) == number


@pytest.mark.parametrize(
    ("version", "reason"),
    [
        ("3.250.0", ""),
        ("3.250.1", ""),
        ("3.1000.0", ""),
        ("v3.272.0", ""),
        ("3.249.9", "it is version 3.249.9, older than 3.250.0"),
        ("3.25.0", "it is version 3.25.0, older than 3.250.0"),
        ("2.999.0", "it is version 2.999.0, older than 3.250.0"),
        ("v3.250.0-alpha.7", "it is version 3.250.0-alpha.7, older than 3.250.0"),
        ("4.0.0", "it is version 4.0.0, and only 3.x is known to work"),
        ("nonsense", "its version 'nonsense' cannot be read"),
    ],
)
def test_an_engine_is_refused_for_its_version_with_a_reason(version: str, reason: str) -> None:
    assert why_not_good_enough(version, "3.250.0") == reason


def test_every_pinned_version_is_good_enough_for_itself() -> None:
    pinned = requirements()
    for version in (pinned.minimum, pinned.official):
        assert why_not_good_enough(version, pinned.minimum) == ""
    assert pinned.minimum_reason
    assert pinned.official_probe.startswith("https://")
