"""`bedplate cost` as a user meets it: in this process, through the command line's own entry."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from bedplate import catalog
from bedplate.cli.main import app
from bedplate.cost.confidence import confidence, price_age_days, trust
from bedplate.cost.markdown import cost_page
from bedplate.cost.report import stack_report
from bedplate.plan import plan_stack
from bedplate.stack_file.load import load_stack
from tests.cost.graphs import preview_of, resource, state_of, write
from tests.cost.test_range import line
from tests.support.examples import examples, own_stacks

ROOT = Path(__file__).parents[2]
STACK = "stacks/Pulumi.vision-dev.yaml"

FOCUS_COLUMNS = {
    "BillingCurrency", "ChargeCategory", "ChargeDescription", "ListCost", "ListUnitPrice", "PricingCategory",
    "PricingQuantity", "PricingUnit", "RegionId", "ResourceId", "ResourceName", "ResourceType", "ServiceCategory",
    "ServiceName", "Tags",
}  # fmt: skip
"""Those of FOCUS 1.2 that an estimate can fill (focus.finops.org, specification/columns)."""


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.chdir(ROOT)

    def invoke(*arguments: str) -> str:
        app(["cost", *arguments], standalone_mode=False)
        return capsys.readouterr().out

    return invoke


def test_lines_with_source_and_age_and_the_three_figures(run: Any) -> None:
    shown = run(STACK, "--today", "2026-11-21")
    for expected in ("124 days old", "assumed", "at rest", "expected", "everything up", "Not counted:", "karpenter"):
        assert expected in shown


def test_the_json_has_the_figures_of_the_plan(run: Any) -> None:
    (found,) = json.loads(run(STACK, "--json", "--today", "2026-07-21"))["costs"]
    loaded = load_stack(ROOT / STACK)
    cost = plan_stack(loaded.spec, loaded.references).cost
    assert found["max_per_hour"] == f"{cost.max_per_hour:.2f}"
    assert found["baseline_per_month"] == f"{cost.baseline_per_month:.2f}"
    assert found["complete"] is True
    assert found["teams"]["vision"]["max_per_month"] == found["max_per_month"]
    machine = next(entry for entry in found["lines"] if entry["item"] == "g6.2xlarge on-demand")
    assert (machine["price_age_days"], machine["confidence"], machine["region"]) == (1, "dated", "us-east-1")


def test_focus_rows_have_the_columns_of_the_specification_and_add_up(run: Any) -> None:
    (found,) = json.loads(run("--focus", STACK))["costs"]
    rows = found["lines"]
    assert {key for row in rows for key in row if not key.startswith("x_")} == FOCUS_COLUMNS
    for scenario, figure in (
        ("baseline", "baseline_per_month"),
        ("expected", "expected_per_month"),
        ("max", "max_per_month"),
    ):
        total = sum(float(row["ListCost"]) for row in rows if row["x_Scenario"] == scenario)
        assert f"{total:.2f}" == found[figure]
    names = {(row["ServiceName"], row["ServiceCategory"]) for row in rows}
    assert ("Amazon Elastic Block Store", "Storage") in names
    assert {row["PricingCategory"] for row in rows} == {"Standard", "Dynamic"}


def test_a_state_and_a_preview_side_by_side(run: Any, tmp_path: Path) -> None:
    nat, bad = resource("aws:ec2/natGateway:NatGateway"), resource("aws:rds/instance:Instance")
    state, preview = tmp_path / "state", tmp_path / "preview"
    state.mkdir()
    preview.mkdir()
    before, after = write(state, state_of(nat)), write(preview, preview_of(nat, bad))
    found = json.loads(run("--json", "--state", str(before), "--preview", str(after)))["costs"]
    assert [(one["max_per_month"], one["complete"]) for one in found] == [("32.85", True), ("32.85", False)]
    shown = run("--preview", str(after))
    assert "Incomplete: 1 line without a price" in shown
    assert "not among those whose price is known" in shown


def test_tokens_of_a_pool_count_machine_and_disk(run: Any) -> None:
    found = json.loads(run("tokens", "--json", "--stack-file", STACK, "--pool", "l4", "--tokens-per-second", "1000"))
    (node,) = found["nodes"]
    assert round(float(node["usd_per_hour"]), 6) == round(0.9776 + 200 * 0.08 / 730, 6)
    assert [price["utilization"] for price in node["prices"]] == ["0.1", "0.3", "0.6", "1"]
    assert "0.0949" in run("tokens", "--usd-per-hour", "1.61", "--tokens-per-second", "4715")


def test_a_training_run_of_a_pool(run: Any) -> None:
    assert "144 node-hours" in run("training", "--stack-file", STACK, "--pool", "h100", "--nodes", "2", "--hours", "72")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--json"], "name a stack file"),
        (["tokens", "--tokens-per-second", "5"], "either --usd-per-hour"),
        (["tokens", "--tokens-per-second", "5", "--stack-file", STACK, "--pool", "h10"], "no pool 'h10'"),
        (["tokens", "--tokens-per-second", "lots", "--usd-per-hour", "1"], "'lots' is no number"),
        (["tokens", "--tokens-per-second", "nan", "--usd-per-hour", "1"], "'nan' is no number"),
        ([STACK, "--today", "tomorrow"], "'tomorrow' is no date"),
        (["--state", "no-such-file.json"], "No such file"),
    ],
)
def test_mistakes_are_messages(run: Any, arguments: list[str], message: str) -> None:
    with pytest.raises(Exception, match=message) as failed:
        run(*arguments)
    assert getattr(failed.value, "exit_code", None) == 2


def test_no_pulumi_is_imported() -> None:
    program = (
        "import sys; from bedplate.cli.main import app; "
        f"app(['cost', '--json', {STACK!r}], standalone_mode=False); "
        "print([name for name in sys.modules if name.partition('.')[0] in ('pulumi', 'grpc')], file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stderr.strip() == "[]"


def test_how_far_a_price_can_be_trusted() -> None:
    dated, undated = line(as_of=date(2026, 7, 20)), line()
    assert trust(dated, date(2026, 7, 21)) == "1 day old"
    assert trust(dated, date(2026, 7, 1)) == "of 2026-07-20, a later day"
    assert trust(undated, date(2026, 7, 1)) == "undated"
    assert price_age_days(undated, date(2026, 7, 1)) is None
    assert confidence(line(confidence="assumed")) == "assumed"
    assert trust(line(usd_per_hour=None, confidence="dated"), date(2026, 7, 1)) == "unknown"


def test_the_page_of_the_examples_is_up_to_date() -> None:
    page = ROOT / "docs" / "reference" / "costs-of-examples.md"
    reports = []
    catalog.use_own_prices(ROOT / catalog.OWN_PRICES_FOLDER)
    for example in [*own_stacks(), *examples()]:
        loaded = load_stack(example.file)
        name = str(example.file.relative_to(ROOT))
        reports.append(stack_report(name, plan_stack(loaded.spec, loaded.references)))
    assert page.read_text(encoding="utf-8") == cost_page(reports), (
        "run: bedplate cost --markdown stacks/*.yaml examples/*/*.yaml > docs/reference/costs-of-examples.md"
    )
