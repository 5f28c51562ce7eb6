"""Own hardware, cloud and hosted API at the same load: the guide's example by hand, and what is refused."""

from __future__ import annotations

import re
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import yaml

from bedplate.cost.comparison import Comparison, compare, usd_per_node_hour
from bedplate.cost.comparison_spec import read_comparison
from bedplate.errors import InputError
from tests.support.stacks import REMOVED, changed

GUIDE = Path(__file__).parents[2] / "docs" / "guide" / "cost.md"
EXAMPLE = re.findall(
    r"comparison example, tested -->\n```yaml\n(.*?)```", GUIDE.read_text(encoding="utf-8"), re.DOTALL
)[0]

OTHER_MACHINE = {"provider": "aws", "region": "us-east-1", "machine": "g6.2xlarge", "tokens_per_second_per_node": 1}


def compared(folder: Path, changes: dict[str, Any] | None = None) -> Comparison:
    path = folder / "ways.yaml"
    path.write_text(yaml.safe_dump(changed(yaml.safe_load(EXAMPLE), changes or {})), encoding="utf-8")
    return compare(read_comparison(path), path)


def test_an_own_node_costs_its_loss_of_value_its_power_and_its_part_of_the_rest(tmp_path: Path) -> None:
    path = tmp_path / "ways.yaml"
    path.write_text(EXAMPLE, encoding="utf-8")
    own = read_comparison(path).own_hardware["rack"]
    expected = Decimal(250_000) / (4 * 12 * 730) + Decimal("8") * Decimal("1.4") * Decimal("0.12") + Decimal(6500) / 730
    assert round(usd_per_node_hour(own), 9) == round(expected, 9)
    assert round(expected, 2) == Decimal("17.38")


def test_the_example_of_the_guide(tmp_path: Path) -> None:
    found = compared(tmp_path)
    ways = {way.name: way for way in found.ways}
    # 9,000 × 0.60 + 3,000 × 2.40, for 12,000 million tokens
    assert ways["api"].usd_per_month == Decimal("12600")
    assert ways["api"].usd_per_million_tokens == Decimal("1.05")
    # a node makes 20,000 × 3600 × 730 = 52,560 million tokens a month; half of that carries the load
    assert ways["p5"].nodes == 1
    assert ways["p5"].usd_per_month == Decimal("55.04") * 730
    assert round(ways["p5"].utilization or 0, 4) == Decimal("0.2283")
    assert [way.name for way in found.ways] == ["api", "rack", "p5"]
    points = {point.machines: round(point.utilization, 4) for point in found.break_even}
    # 55.04 / (20,000 × 3600) × 10^6 / 1.05
    assert points == {"rack": Decimal("0.2299"), "p5": Decimal("0.7280")}
    assert any("2026-07-20" in note for note in found.notes)


def test_a_larger_load_needs_more_machines_of_the_cloud(tmp_path: Path) -> None:
    found = compared(tmp_path, {"load.million_output_tokens_per_month": 50_000, "own_hardware.rack.nodes": 3})
    ways = {way.name: way for way in found.ways}
    assert ways["p5"].nodes == 3  # 59,000 / 26,280
    assert round(ways["p5"].utilization or 0, 4) == Decimal("0.3742")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"load.million_output_tokens_per_month": 50_000}, "own_hardware.rack.nodes: the load needs 3 nodes"),
        ({"cloud.p5.machine": "p5.48xlrge"}, "did you mean 'p5.48xlarge'"),
        ({"cloud.p5.machine": "a3-megagpu-8g"}, "It is a machine type of gcp."),
        ({"cloud.p5.region": "mars-1"}, "no on-demand price is known for p5.48xlarge in mars-1"),
        ({"cloud.p5.machine": "p5e.48xlarge"}, "no on-demand price is known"),
        ({"own_hardware.rack.pue": 0.4}, "own_hardware.rack.pue"),
        ({"own_hardware.rack.years": 0}, "own_hardware.rack.years"),
        ({"own_hardware.rack.residual_usd_per_node": 300_000}, "cannot be sold for more than it cost"),
        ({"own_hardware.rack.power_kw": 8}, "power_kw"),
        ({"load.most_utilization": 1.5}, "load.most_utilization"),
        ({"load.million_output_tokens_per_month": 0, "load.million_input_tokens_per_month": 0}, "without tokens"),
        ({"hosted_api.api.usd_per_million_input_tokens": 0}, "usd_per_million_input_tokens"),
        ({"hosted_api.api.usd_per_million_input_tokens": float("nan")}, "usd_per_million_input_tokens"),
        ({"hosted_api": REMOVED, "cloud": REMOVED}, "two or more ways"),
        ({"cloud.rack": OTHER_MACHINE}, "own name"),
        ({"load": REMOVED}, "load"),
    ],
)  # fmt: skip
def test_what_makes_no_sense_is_refused_by_name(tmp_path: Path, changes: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=re.escape(message)) as refused:
        compared(tmp_path, changes)
    assert "ways.yaml" in refused.value.message


@pytest.mark.parametrize("text", ["", "load: [", "- 1", "load: &a [*a]", "load: 2026-01-01", "\x00", "load: {a: .inf}"])
def test_what_is_no_comparison_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "ways.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match=r"ways\.yaml"):
        read_comparison(path)


@pytest.mark.parametrize(
    ("before", "after", "message"),
    [
        ("provider: aws", "provider: awz", "ways.yaml:18:18: cloud.p5.provider: 'awz' is not possible here"),
        ("pue: 1.4", "peu: 1.4", "ways.yaml:12:5: own_hardware.rack.peu: unknown key; did you mean 'pue'?"),
        ("pue: 1.4", "pue: a lot", "ways.yaml:12:10: own_hardware.rack.pue: must be a number, not the text 'a lot'"),
        ("pue: 1.4", "pue:", "own_hardware.rack.pue: has no value"),
        (
            "pue: 1.4",
            "pue: 1.4\n    pue: 1.2",
            "the key 'pue' stands twice in this mapping; first in line 12",
        ),
    ],
)
def test_mistakes_have_their_place(tmp_path: Path, before: str, after: str, message: str) -> None:
    path = tmp_path / "ways.yaml"
    path.write_text(EXAMPLE.replace(before, after, 1), encoding="utf-8")
    with pytest.raises(InputError, match=re.escape(message)):
        read_comparison(path)


def test_an_amount_may_end_in_a_zero(tmp_path: Path) -> None:
    path = tmp_path / "ways.yaml"
    path.write_text(EXAMPLE.replace("pue: 1.4", "pue: 1.40"), encoding="utf-8")
    assert read_comparison(path).own_hardware["rack"].pue == Decimal("1.4")


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be read"):
        read_comparison(tmp_path / "none.yaml")
