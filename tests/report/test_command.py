"""`bedplate report` as people and jobs use it."""

from __future__ import annotations

import json
import re
import shutil
import sys
from pathlib import Path

import pytest

from bedplate import catalog
from bedplate.cli import main
from bedplate.cli.project import permitted_types_beside
from tests.report.comment_servers import TOKEN, serving
from tests.report.previews import DATA

ROOT = Path(__file__).resolve().parents[2]
CAPS = str(ROOT / "policies" / "caps.yaml")
PRICE_COLUMNS = "service,region,usd,unit,source,as_of,note"
GROWN = str(DATA / "pool-grown.jsonl")


def run(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> int:
    """Run the command line and return its exit code."""
    monkeypatch.setattr(sys, "argv", ["bedplate", "report", *arguments])
    with pytest.raises(SystemExit) as ended:
        main.main()
    return int(ended.value.code or 0)


def test_it_prints_the_comment(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(monkeypatch, GROWN, "--caps", CAPS) == 0
    assert capsys.readouterr().out.startswith("<!-- bedplate-report bedplate/vision-dev -->\n### ")


UNCHECKED = {
    "no caps file": ([GROWN], "the caps: no caps file was given"),
    "a form without policy results": (
        [str(DATA / "pool-grown-document-with-sames.json"), "--caps", CAPS],
        "the policies: this form of output leaves their results out",
    ),
    "a form without what stays": (
        [str(DATA / "pool-grown-document.json"), "--caps", CAPS],
        "the caps: the preview leaves out what stays as it is",
    ),
}


@pytest.mark.parametrize(("arguments", "reason"), UNCHECKED.values(), ids=UNCHECKED)
def test_check_fails_on_what_could_not_be_checked(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], arguments: list[str], reason: str
) -> None:
    assert run(monkeypatch, *arguments) == 0
    assert "not all of it could be checked" in capsys.readouterr().out
    assert run(monkeypatch, *arguments, "--check") == 1
    assert reason in capsys.readouterr().err


def test_check_fails_where_no_policy_pack_ran(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    text = (DATA / "pool-grown.jsonl").read_text(encoding="utf-8")
    changed, count = re.subn(r'"PolicyPacks": \{[^}]*\}', '"PolicyPacks": {}', text)
    assert count == 1
    (tmp_path / "preview.json").write_text(changed, encoding="utf-8")
    assert run(monkeypatch, str(tmp_path / "preview.json"), "--caps", CAPS, "--check") == 1


def test_it_writes_a_file_for_machines(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    file = tmp_path / "report.json"
    assert run(monkeypatch, GROWN, "--caps", CAPS, "--json", "--output", str(file)) == 0
    assert json.loads(file.read_text(encoding="utf-8"))["verdict"] == "fine"
    assert capsys.readouterr().out == ""
    assert list(tmp_path.iterdir()) == [file]


CHECKED = {"pool-grown": 0, "pool-removed": 0, "over-cap": 1, "separation-violation": 1, "refused-by-the-program": 1}


@pytest.mark.parametrize(("name", "code"), CHECKED.items(), ids=CHECKED)
def test_check_fails_on_what_must_not_be_merged(monkeypatch: pytest.MonkeyPatch, name: str, code: int) -> None:
    path = str(DATA / f"{name}.jsonl")
    assert run(monkeypatch, path, "--caps", CAPS, "--check") == code
    assert run(monkeypatch, path, "--caps", CAPS) == 0


BAD = {
    "no such file": (["nowhere.json"], "nowhere.json cannot be read"),
    "no preview": ([CAPS], "this is no JSON"),
    "no caps": ([GROWN, "--caps", "nowhere.yaml"], "no spending caps"),
    "another stack's file": (
        [GROWN, "--stack-file", str(ROOT / "stacks" / "Pulumi.platform-prod.yaml")],
        "is the file of platform-prod, and the preview of vision-dev",
    ),
    "a folder that is not there": ([GROWN, "--output", "/nowhere/report.md"], "cannot be written"),
    "a stack file that is not there": ([GROWN, "--stack-file", "nowhere.yaml"], "nowhere.yaml is no file"),
    "a base that is none": ([GROWN, "--base", CAPS], "this is no JSON"),
}


@pytest.mark.parametrize(("arguments", "message"), BAD.values(), ids=BAD)
def test_bad_input_exits_2_and_prints_no_report(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], arguments: list[str], message: str
) -> None:
    assert run(monkeypatch, *arguments) == 2
    told = capsys.readouterr()
    assert message in told.err
    assert told.out == ""


def test_a_stack_file_that_cannot_be_planned_is_named_and_no_green_light(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    file = tmp_path / "Pulumi.vision-dev.yaml"
    file.write_text("config: {bedplate:stack: {teem: vision}}\n", encoding="utf-8")
    unchanged = str(DATA / "no-change.jsonl")
    assert run(monkeypatch, unchanged, "--caps", CAPS) == 0
    assert "### ✅" in capsys.readouterr().out
    assert run(monkeypatch, unchanged, "--caps", CAPS, "--stack-file", str(file)) == 0
    comment = capsys.readouterr().out
    assert "### ✅" not in comment
    assert "the stack file cannot be planned: " in comment


def test_prices_come_from_beside_the_caps(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """Neither a price in the folder of the change nor one in its project moves a figure."""
    base, change = tmp_path / "base", tmp_path / "change"
    for project, usd in ((base, "7"), (change, "0.01")):
        (project / "policies" / "prices").mkdir(parents=True)
        row = f"kms-key,us-east-1,{usd},key-month,a contract,2026-11-01,\n"
        (project / "policies" / "prices" / "services-aws.csv").write_text(f"{PRICE_COLUMNS}\n{row}", encoding="utf-8")
        (project / "Pulumi.yaml").write_text("name: bedplate\n", encoding="utf-8")
        shutil.copy2(CAPS, project / "policies" / "caps.yaml")
    monkeypatch.chdir(change)
    stack_file = shutil.copy2(ROOT / "stacks" / "Pulumi.vision-dev.yaml", change)
    preview = str(DATA / "separation-violation.jsonl")  # it adds a key
    run(monkeypatch, preview, "--caps", str(base / "policies" / "caps.yaml"), "--stack-file", str(stack_file))
    assert "| +$7.00 |" in capsys.readouterr().out
    catalog.use_own_prices(Path("no such folder"))


def test_it_posts_and_says_so(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    with serving() as host:
        given = {
            "GITHUB_API_URL": host.root,
            "GITHUB_TOKEN": TOKEN,
            "GITHUB_REPOSITORY": "acme/platform",
            "GITHUB_REF": "refs/pull/5/merge",
        }
        for name, value in given.items():
            monkeypatch.setenv(name, value)
        assert run(monkeypatch, GROWN, "--caps", CAPS, "--post", "github", "--commit", "abc1234") == 0
        assert host.texts()[0].endswith("\n<sub>Preview of `abc1234`.</sub>\n")
        assert run(monkeypatch, str(DATA / "over-cap.jsonl"), "--caps", CAPS, "--post", "github", "--check") == 1
        assert len(host.comments) == 1
        assert "over its cap" in host.texts()[0]
    told = capsys.readouterr()
    assert told.out == ""
    assert told.err == "Commented on 5.\nUpdated the comment on 5.\n"
    assert TOKEN not in told.err


def test_it_imports_no_pulumi() -> None:
    import subprocess

    program = (
        "import sys; sys.argv = ['bedplate', 'report', sys.argv[1]]\n"
        "from bedplate.cli.main import app\n"
        "try: app()\nexcept SystemExit: pass\n"
        "print('pulumi' in sys.modules, 'grpc' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", program, GROWN], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "False False"


@pytest.mark.parametrize(
    ("settings", "found"),
    [
        ("unpriced_types: [aws:route53/zone:Zone]\n", ("aws:route53/zone:Zone",)),
        ("unpriced_types:\n", ()),
        ("- a list\n", ()),
        ("{", ()),
        (None, ()),
    ],
)
def test_permitted_types_come_from_beside_the_caps(
    settings: str | None, found: tuple[str, ...], tmp_path: Path
) -> None:
    if settings is not None:
        (tmp_path / "settings.yaml").write_text(settings, encoding="utf-8")
    assert permitted_types_beside(tmp_path / "caps.yaml") == found
