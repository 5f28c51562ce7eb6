"""`bedplate engine`: what it prints, its exit codes, and that it stays light."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from typer.testing import CliRunner

from bedplate.cli.engine import app
from bedplate.engine.model import LANGUAGE_HOST, SHIM
from bedplate.errors import BedplateError

if TYPE_CHECKING:
    from pathlib import Path

    from tests.engine_install.conftest import Machine

SERVES = "import time\nprint(4711, flush=True)\ntime.sleep(60)"


@pytest.fixture
def pulumi(machine: Machine) -> Path:
    machine.add(LANGUAGE_HOST, SERVES)
    machine.add(SHIM)
    return machine.add_pulumi("v3.272.0")


def test_path_prints_nothing_but_the_path(pulumi: Path) -> None:
    result = CliRunner().invoke(app, ["path"])
    assert (result.exit_code, result.stdout) == (0, f"{pulumi}\n")


@pytest.mark.usefixtures("machine")
def test_path_without_an_engine_is_an_error_with_the_next_step() -> None:
    result = CliRunner().invoke(app, ["path"])
    assert isinstance(result.exception, BedplateError)
    assert result.exception.exit_code == 1
    assert "bedplate engine install" in result.exception.hint


def test_install_says_what_is_used(pulumi: Path) -> None:
    result = CliRunner().invoke(app, ["install"])
    assert (result.exit_code, result.stdout) == (0, f"pulumi 3.272.0 at {pulumi}\n")


def test_doctor_prints_a_table_and_succeeds(pulumi: Path) -> None:
    result = CliRunner().invoke(app, ["doctor"])
    assert result.exit_code == 0, result.output
    assert "language host" in result.stdout


@pytest.mark.usefixtures("machine")
def test_doctor_fails_when_something_is_broken() -> None:
    result = CliRunner().invoke(app, ["doctor", "--json"])
    assert result.exit_code == 1
    broken = [check for check in json.loads(result.stdout) if check["status"] == "broken"]
    assert [check["name"] for check in broken] == ["engine"]


@pytest.mark.usefixtures("pulumi")
def test_a_second_install_imports_neither_pulumi_nor_what_draws_progress() -> None:
    script = (
        "import sys\n"
        "from bedplate.cli.engine import install\n"
        "install()\n"
        "print(sorted({'pulumi', 'grpc', 'yaml', 'rich.progress'} & set(sys.modules)))\n"
    )
    output = subprocess.check_output([sys.executable, "-c", script], text=True)
    assert output.splitlines()[-1] == "[]"
