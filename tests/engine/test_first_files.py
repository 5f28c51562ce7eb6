"""What `bedplate init` writes is previewed with the policy pack, as the guide says, and nothing stops it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from typer.testing import CliRunner

from bedplate import simulation
from bedplate.cli.main import app
from tests.support.engine import installed_engine
from tests.support.examples import ROOT

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.engine


@pytest.mark.parametrize("provider", ["aws", "gcp", "azure", "existing"])
def test_a_first_file_passes_its_first_preview(provider: str, tmp_path: Path) -> None:
    installed_engine()
    stacks = tmp_path / "stacks"
    written = CliRunner().invoke(app, ["init", "speech", "--provider", provider, "--directory", str(stacks)])
    assert written.exit_code == 0, written.output
    preview = ["preview", "--policy-pack", "policies", "--stack", "speech-dev", "--non-interactive", "--color=never"]
    done = simulation.run(ROOT, preview, home=tmp_path / "home", stacks=stacks, capture=True)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "to create" in done.stdout
