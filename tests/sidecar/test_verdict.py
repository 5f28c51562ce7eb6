"""The verdict file and the liveness probe that reads it, as the container contract has it: whatever is missing, the
engine is left alone."""

from __future__ import annotations

import os
import subprocess
import time
from pathlib import Path

import pytest

from bedplate.serving.plan import VERDICT_FILE
from bedplate.serving.workload import LIVENESS_COMMAND
from bedplate_sidecar.settings import read_settings
from bedplate_sidecar.verdict import Verdict

README = Path(__file__).parents[2] / "sidecar" / "README.md"


def documented_probe() -> str:
    """Return the script in the README's liveness probe."""
    lines = README.read_text(encoding="utf-8").splitlines()
    return next(line for line in lines if "command: [/bin/sh, -c, " in line).split('"')[1]


def is_alive(file: Path, **environment: str) -> bool:
    """Run the documented liveness probe on a verdict file; True when it would leave the engine alone."""
    command = ["/bin/sh", "-c", documented_probe().replace(VERDICT_FILE, str(file))]
    probe = subprocess.run(command, check=False, capture_output=True, env=os.environ | environment)
    assert probe.stdout == b""
    return probe.returncode == 0


def test_endpoints_declare_the_documented_probe() -> None:
    assert ["/bin/sh", "-c", documented_probe()] == LIVENESS_COMMAND
    assert VERDICT_FILE in documented_probe()
    assert str(read_settings([], {}).verdict_file) == VERDICT_FILE


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "wedged"


def test_a_verdict_fails_the_probe_until_it_is_cleared(file: Path) -> None:
    verdict = Verdict(file)
    assert is_alive(file)
    verdict.repeat({"silence_seconds": 125})
    assert not is_alive(file)
    assert file.read_text() == '{"silence_seconds": 125}\n'
    verdict.clear()
    assert is_alive(file)


def test_a_verdict_whose_author_died_is_believed_for_a_minute(file: Path) -> None:
    Verdict(file).repeat({})
    assert not is_alive(file)
    os.utime(file, (time.time() - 61,) * 2)
    assert is_alive(file)


def test_repeating_keeps_a_verdict_fresh(file: Path) -> None:
    Verdict(file).repeat({})
    os.utime(file, (time.time() - 61,) * 2)
    Verdict(file).repeat({})
    assert not is_alive(file)


def test_missing_folder_and_missing_tools_leave_the_engine_alone(file: Path, tmp_path: Path) -> None:
    assert is_alive(tmp_path / "nowhere" / "wedged")
    Verdict(tmp_path / "nowhere" / "wedged").clear()
    Verdict(file).repeat({})
    assert is_alive(file, PATH=str(tmp_path / "empty"))


def test_a_verdict_is_written_whole_or_not_at_all(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        Verdict(tmp_path / "nowhere" / "wedged").repeat({})
    assert list(tmp_path.iterdir()) == []
