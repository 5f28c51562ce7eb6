"""The command line as a user meets it: exit codes, messages without tracebacks, and what is not imported."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[2]
STACK = "stacks/Pulumi.vision-dev.yaml"


def bedplate(*arguments: str, cwd: Path = PROJECT, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "bedplate.cli.main", *arguments],
        cwd=cwd,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
    )


def test_plan_shows_pools_cost_and_risks() -> None:
    run = bedplate("plan", STACK)
    assert run.returncode == 0, run.stderr
    for expected in ("vision-dev-use1", "efa × 32", "everything up", "left under the cap", "quotas"):
        assert expected in run.stdout
    assert "on a running node\n              of which: starting a node " in run.stdout


def test_plan_as_json() -> None:
    run = bedplate("plan", "--json", STACK)
    plan = json.loads(run.stdout)
    assert plan["node_pools"]["h100"]["offers"][0]["efa_interfaces"] == 32
    assert plan["cost"]["complete"] is True
    assert float(plan["cost"]["max_per_month"]) > float(plan["cost"]["baseline_per_month"])


@pytest.mark.parametrize("arguments", [("plan", STACK), ("plan", "--json", STACK), ("validate", STACK), ("schema",)])
def test_reading_and_planning_never_imports_pulumi(arguments: tuple[str, ...]) -> None:
    code = (
        "import sys\nfrom bedplate.cli.main import main\nsys.argv[0] = 'bedplate'\n"
        "try:\n    main()\nexcept SystemExit as end:\n    assert not end.code, end.code\n"
        "loaded = {name.split('.')[0] for name in sys.modules}\n"
        "assert not loaded & {'pulumi', 'pulumi_aws', 'grpc', 'google'}, loaded"
    )
    run = subprocess.run(
        [sys.executable, "-c", code, *arguments], cwd=PROJECT, capture_output=True, text=True, check=False
    )
    assert run.returncode == 0, run.stderr


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (("plan", "stacks/Pulumi.absent-dev.yaml"), 2, "absent-dev"),
        (("plan", STACK, "--caps", "absent.yaml"), 2, "no spending caps"),
        (("plan", STACK, "--caps", "absent.yaml"), 2, "`bedplate plan --caps FILE` names others"),
        (("catalog", "show", "p5.48xlage"), 2, "p5.48xlarge"),
        (("sim", "--", "terraform", "plan"), 2, "only pulumi can be simulated"),
        (("sim", "--fault", "capacty:p5.48xlarge", "--", "pulumi", "up"), 2, "capacity"),
        (("sim", "--home", "README.md", "--", "pulumi", "up"), 2, "README.md cannot be the home of a simulation: "),
        (("sim", "--home", "README.md/x", "--", "pulumi", "up"), 2, "x cannot be the home of a simulation: Not a dir"),
        (("sim", "--reset", "--home", "README.md"), 2, "README.md is not the home of a simulation"),
        (("orphans", "--home", "README.md"), 2, "README.md is not the home of a simulation"),
        (("orphans", "--home", "stacks"), 2, "stacks is not the home of a simulation"),
        (("orphans", "--home", "nowhere"), 2, "nowhere is not the home of a simulation"),
        (("demo", "--keep", "README.md"), 2, "README.md cannot be the folder of the demo: Not a directory"),
        (("plan",), 2, "Missing argument"),
        (("plam", STACK), 2, "plam"),
    ],
)
def test_mistakes_are_answered_without_a_traceback(arguments: tuple[str, ...], code: int, message: str) -> None:
    run = bedplate(*arguments)
    assert run.returncode == code, run.stderr
    assert message in run.stderr
    assert "Traceback" not in run.stderr


@pytest.mark.parametrize(
    "command", ["sim -- pulumi up", "orphans", "demo", "init vision", "images pin", "policies list"]
)
def test_a_working_folder_that_is_gone_is_told(tmp_path: Path, command: str) -> None:
    code = "import os, pathlib\npathlib.Path.cwd().rmdir()\nfrom bedplate.cli.main import main\nmain()"
    run = subprocess.run(
        [sys.executable, "-c", code, *command.split()], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert run.returncode == 2, run.stderr
    assert "the folder that this runs in does not exist any more" in run.stderr
    assert "Traceback" not in run.stderr


@pytest.mark.parametrize(
    "command", [("plan", STACK), ("plan", "--json", STACK), ("catalog", "list"), ("schema",), ("validate", STACK)]
)
def test_a_full_disk_is_told(command: tuple[str, ...]) -> None:
    with Path("/dev/full").open("w") as full:
        run = subprocess.run(
            [sys.executable, "-m", "bedplate.cli.main", *command],
            cwd=PROJECT,
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    assert (run.returncode, run.stderr) == (1, "error: cannot write the output: No space left on device\n")


def test_a_reader_that_has_seen_enough_gets_no_message() -> None:
    run = subprocess.run(
        ["/bin/sh", "-c", f"{sys.executable} -m bedplate.cli.main schema | head -c 1"],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (run.stdout, run.stderr) == ("{", "")


def test_a_plan_over_its_cap_is_shown_and_fails(tmp_path: Path) -> None:
    caps = (PROJECT / "policies" / "caps.yaml").read_text().replace("hourly_usd: 130", "hourly_usd: 13")
    (tmp_path / "caps.yaml").write_text(caps)
    run = bedplate("plan", STACK, "--caps", str(tmp_path / "caps.yaml"))
    assert run.returncode == 1
    assert "left under the cap" in run.stdout
    assert "above the cap of $13.00" in run.stderr


def test_a_team_without_a_cap_may_create_nothing(tmp_path: Path) -> None:
    caps = "max_machine_price_age_days: 365\nmax_service_price_age_days: 1460\n"
    (tmp_path / "caps.yaml").write_text(caps)
    run = bedplate("plan", STACK, "--caps", str(tmp_path / "caps.yaml"))
    assert run.returncode == 1
    assert "no spending cap is set for team vision in dev" in run.stderr


def test_no_colour_outside_a_terminal_or_where_it_is_unwanted() -> None:
    assert "\x1b[" not in bedplate("plan", STACK).stdout
    assert "\x1b[" not in bedplate("plan", STACK, FORCE_COLOR="", NO_COLOR="1").stdout


def test_version_and_help() -> None:
    assert bedplate("--version").stdout.startswith("bedplate ")
    assert "validate" in bedplate("--help").stdout
    assert "github-actions[bot]" in bedplate("report", "--help").stdout
