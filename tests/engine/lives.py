"""One stack of this repository through its life, with the policy pack: what a reader may copy from works."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bedplate import simulation
from bedplate.stack_file.load import load_stack
from tests.support.engine import installed_engine
from tests.support.examples import ROOT

if TYPE_CHECKING:
    from pathlib import Path

    from bedplate.simulation import Completed
    from tests.support.examples import Example


def live_through(example: Example, home: Path) -> None:
    """Preview a stack, create it, see that nothing changes, and destroy it, as a reader would."""
    installed_engine()

    def pulumi(*command: str) -> Completed:
        arguments = [*command, "--stack", example.stack, "--non-interactive", "--color=never"]
        return simulation.run(ROOT, arguments, home=home, stacks=example.folder, capture=True)

    def succeeds(*command: str) -> str:
        done = pulumi(*command)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    loaded = load_stack(example.file)
    succeeds("preview", "--policy-pack", "policies")
    before = {resource.id for resource in simulation.world(home)}
    succeeds("up", "--yes", "--skip-preview", "--policy-pack", "policies")
    assert {resource.id for resource in simulation.world(home)} > before
    succeeds("up", "--yes", "--skip-preview", "--expect-no-changes")
    if loaded.spec.environment != "dev":
        refused = pulumi("destroy", "--yes", "--skip-preview")
        assert refused.returncode != 0
        assert "protect" in refused.stdout + refused.stderr
        succeeds("state", "unprotect", "--all", "--yes")
    succeeds("destroy", "--yes", "--skip-preview")
    # A stack on a platform's cluster leaves that platform's resources behind, which the simulation brought up first.
    assert {resource.id for resource in simulation.world(home)} == before
