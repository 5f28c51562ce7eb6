"""Every stack file of this repository through its life, with the policy pack: what a reader may copy from works.

`bedplate demo` takes vision-dev through the same in `make test`; here are all of them.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from bedplate import simulation
from bedplate.stack_file.load import load_stack
from tests.support.engine import installed_engine

if TYPE_CHECKING:
    from bedplate.simulation import Completed

pytestmark = pytest.mark.every_example

ROOT = Path(__file__).parents[2]
STACKS = sorted(file.name.removeprefix("Pulumi.").removesuffix(".yaml") for file in (ROOT / "stacks").glob("*.yaml"))


@pytest.mark.parametrize("stack", STACKS)
def test_a_stack_is_previewed_created_left_alone_and_destroyed(stack: str, tmp_path: Path) -> None:
    installed_engine()
    home = tmp_path / "home"

    def pulumi(*command: str) -> Completed:
        arguments = [*command, "--stack", stack, "--non-interactive", "--color=never"]
        return simulation.run(ROOT, arguments, home=home, capture=True)

    def succeeds(*command: str) -> str:
        done = pulumi(*command)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    loaded = load_stack(ROOT / "stacks" / f"Pulumi.{stack}.yaml")
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
