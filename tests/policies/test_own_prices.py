"""A price of the platform team's own is a price of the catalog's, for the pack as for the program."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from bedplate import catalog
from tests.policies.stack import pool, register

MACHINES = "region,zone,machine,on_demand,spot,version,source,as_of,note\n"


@pytest.fixture
def prices(tmp_path: Path) -> Iterator[Path]:
    """A folder with the platform team's prices."""
    yield tmp_path
    catalog.use_own_prices(Path("no such folder"))


def test_a_pool_at_the_team_s_own_price_passes_there_and_nowhere_else(prices: Path) -> None:
    (prices / "prices-aws.csv").write_text(MACHINES + "us-east-1,,m7i.2xlarge,0.3,,contract,ours,2026-05-02,\n")
    catalog.use_own_prices(prices)
    cheap = pool()
    assert register(cheap) == []
    catalog.use_own_prices(prices / "nothing")
    (message,) = register(cheap)
    assert "is declared at $0.3000 an hour; the catalog has $0.4032" in message


def test_files_that_cannot_be_read_are_a_violation_with_the_line(prices: Path) -> None:
    declared = pool()
    (prices / "prices-aws.csv").write_text(MACHINES + "us-east-1,,m7i.2xlarge,0,,contract,ours,2026-05-02,\n")
    catalog.use_own_prices(prices)
    (message,) = register(declared)
    assert "0 is not a price" in message
    assert "prices-aws.csv:2" in message
    assert "correct the platform team's files in policies/prices" in message
