from __future__ import annotations

import re
from pathlib import Path

import pytest

from bedplate.cost.caps import read_caps
from bedplate.errors import InputError, UsageError

GOOD = """
max_machine_price_age_days: 365
max_service_price_age_days: 1460
default:
  dev: {hourly_usd: 25, monthly_usd: 12000}
teams:
  vision:
    prod: {hourly_usd: 250, monthly_usd: 170000}
"""


def write(folder: Path, text: str) -> Path:
    path = folder / "caps.yaml"
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("team", "environment", "hourly"),
    [("vision", "prod", 250), ("vision", "dev", 25), ("speech", "dev", 25), ("speech", "prod", None)],
)
def test_a_team_has_its_own_cap_else_the_default_else_none(
    tmp_path: Path, team: str, environment: str, hourly: int | None
) -> None:
    cap = read_caps(write(tmp_path, GOOD)).of(team, environment)
    assert (cap.hourly_usd if cap else None) == hourly


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "caps.yaml:1:1: the file is empty"),
        ("# nothing", "caps.yaml:1:1: the file is empty"),
        ("- 1", "caps.yaml:1:1: must be a mapping that starts with `max_machine_price_age_days:`"),
        ("max_machine_price_age_days: 365", "caps.yaml:1:1: max_service_price_age_days: is required and missing"),
        (GOOD.replace("25,", "0,"), "caps.yaml:5:21: default.dev.hourly_usd: must be above 0, not 0"),
        (GOOD.replace("25,", "a lot,"), "caps.yaml:5:21: default.dev.hourly_usd: must be a whole number, not the text"),
        (GOOD.replace("25,", '"25",'), "Write it without quotes: 25."),
        (GOOD.replace("25,", "25.50,"), "caps.yaml:5:21: default.dev.hourly_usd: must be a whole number, not "),
        (GOOD.replace("hourly_usd: 25", "hourly_us: 25"), "5:9: default.dev.hourly_us: unknown key; did you mean"),
        (GOOD.replace("hourly_usd: 25", "hourly_eur: 25"), "caps.yaml:5:9: default.dev.hourly_eur: unknown key"),
        (GOOD.replace("25,", ".nan,"), "caps.yaml:5:21: default.dev.hourly_usd: .nan is not a finite number"),
        (GOOD.replace("25,", "25, accelerators: ,"), "caps.yaml:5:39: default.dev.accelerators: has no value"),
        (GOOD.replace("25,", "25, accelerators: [H10O],"), "caps.yaml:5:40: default.dev.accelerators[0]: 'H10O' is"),
        (GOOD.replace("25,", "25, accelerators: [H10O],"), "did you mean 'H100'?"),
        (GOOD.replace("25,", "25, accelerators: [h100],"), "did you mean 'H100'?"),
        (GOOD.replace("    prod", "    prdo"), "caps.yaml:8:5: teams.vision.prdo: 'prdo' is not possible here"),
        (GOOD.replace("  dev", "  everywhere"), "allowed: dev, staging, prod"),
        (GOOD.replace("  vision", "  Vision"), "caps.yaml:7:3: teams.Vision: the name 'Vision' must be lower-case"),
        (GOOD + "  vision:\n    prod: {hourly_usd: 9, monthly_usd: 9}", "caps.yaml:9:3: the key 'vision' stands twice"),
        (GOOD + "default: {}", "caps.yaml:9:1: the key 'default' stands twice in this mapping; first in line 4"),
        (GOOD.replace("default:", "default: &all"), "caps.yaml:4:10: the anchor &all is not allowed"),
        (GOOD + "  vision", "caps.yaml:9:9: not valid YAML"),
    ],
)  # fmt: skip
def test_a_wrong_file_allows_nothing(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(InputError, match=re.escape(message)) as refused:
        read_caps(write(tmp_path, text))
    assert refused.value.exit_code == 2


def test_every_mistake_is_told_at_once(tmp_path: Path) -> None:
    text = GOOD.replace("25,", "0,").replace("250", "no")
    with pytest.raises(InputError) as refused:
        read_caps(write(tmp_path, text))
    assert [(problem.line, problem.field) for problem in refused.value.problems] == [
        (5, ("default", "dev", "hourly_usd")),
        (8, ("teams", "vision", "prod", "hourly_usd")),
    ]


def test_a_missing_file_allows_nothing(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no spending caps"):
        read_caps(tmp_path / "caps.yaml")


def test_the_file_of_this_repository_can_be_read() -> None:
    caps = read_caps(Path(__file__).parents[2] / "policies" / "caps.yaml")
    assert caps.of("vision", "prod") is not None
