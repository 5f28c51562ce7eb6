from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from bedplate import simulation
from bedplate.errors import StoppedError, UsageError
from bedplate.simulation.demo import DemoProject, changed_resources
from bedplate.simulation.processes import Completed
from tests.support.engine import installed_engine

PROJECT = Path(__file__).parents[2]

DIFF = """
Previewing update (vision-dev):
  pulumi:pulumi:Stack: (same)
    [urn=urn:pulumi:vision-dev::bedplate::pulumi:pulumi:Stack::bedplate-vision-dev]
    ~ bedplate:index:NodePool: (update)
        [urn=urn:pulumi:vision-dev::bedplate::bedplate:index:NodePool::l4]
      ~ maxNodes   : 4 => 6
    ~ aws:eks/nodeGroup:NodeGroup: (update)
        [urn=urn:pulumi:vision-dev::bedplate::bedplate:index:NodePool$aws:eks/nodeGroup:NodeGroup::vision-dev-l4-offer1]
      ~ scalingConfig: {
          ~ maxSize: 4 => 6
            minSize: 0
        }
Resources:
    ~ 2 to update
"""


def test_a_diff_is_shortened_to_the_resources_that_change() -> None:
    (block,) = changed_resources(DIFF)
    assert block.splitlines()[0] == "~ aws:eks/nodeGroup:NodeGroup (update) vision-dev-l4-offer1"
    assert "maxSize: 4 => 6" in block
    assert "minSize" not in block


def test_an_interrupt_ends_the_demo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(simulation, "run", lambda *_given, **_options: Completed(1, signal=signal.SIGINT))
    with pytest.raises(StoppedError, match="interrupted; nothing real was made") as error:
        DemoProject(tmp_path, tmp_path).pulumi("up")
    assert error.value.exit_code == 130


def test_the_demo_of_another_project_is_refused(tmp_path: Path) -> None:
    (tmp_path / "origin").mkdir()
    with pytest.raises(UsageError, match="origin holds no policies"):
        DemoProject.copied(tmp_path / "origin", tmp_path / "scratch")
    assert not (tmp_path / "scratch").exists()


@pytest.mark.engine
def test_the_demo_ends_with_empty_clouds_and_leaves_the_checkout_as_it_was(tmp_path: Path) -> None:
    installed_engine()
    before = {path: path.read_bytes() for path in (PROJECT / "stacks").iterdir()}
    run = subprocess.run(
        [sys.executable, "-m", "bedplate.cli.main", "demo", "--keep", str(tmp_path / "demo")],
        cwd=PROJECT,
        env={**os.environ, "NO_COLOR": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stdout + run.stderr
    for expected in ("to create", "maxSize: 4 => 5", "above the cap of", "refused", "the simulated clouds are empty"):
        assert expected in run.stdout
    assert {path: path.read_bytes() for path in (PROJECT / "stacks").iterdir()} == before
