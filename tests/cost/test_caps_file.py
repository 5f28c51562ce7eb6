from __future__ import annotations

from pathlib import Path

import pytest

from bedplate.cost.caps import read_caps
from bedplate.errors import UsageError

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
        ("", "Input should be"),
        ("max_machine_price_age_days: 365", "max_service_price_age_days"),
        (GOOD.replace("25,", "0,"), "default.dev.hourly_usd"),
        (GOOD.replace("hourly_usd: 25", "hourly_eur: 25"), "default.dev.hourly_eur"),
        (GOOD.replace("25,", ".nan,"), "default.dev.hourly_usd"),
        (GOOD + "  vision", "caps.yaml"),
    ],
)
def test_a_wrong_file_allows_nothing(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        read_caps(write(tmp_path, text))


def test_a_missing_file_allows_nothing(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no spending caps"):
        read_caps(tmp_path / "caps.yaml")


def test_the_file_of_this_repository_can_be_read() -> None:
    caps = read_caps(Path(__file__).parents[2] / "policies" / "caps.yaml")
    assert caps.of("vision", "prod") is not None
