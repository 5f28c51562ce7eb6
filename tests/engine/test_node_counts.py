"""The number of nodes has one writer at a time (docs/decisions/0002-node-counts.md), with the real engine.

One test, because each step builds on the one before, and the first one takes longest.
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from tests.support.stacks import REMOVED, STACK, changed

if TYPE_CHECKING:
    from tests.engine.projects import Simulated

pytestmark = pytest.mark.engine

ROOT = Path(__file__).parents[2]
GROUP = "vision-dev-l4-offer1"
STEP = ("--stack", "vision-dev")


@pytest.fixture
def bedplate(simulated: Simulated) -> Simulated:
    """This project itself: its program, settings and caps, with a stack that the test writes."""
    settings = yaml.safe_load((ROOT / "Pulumi.yaml").read_text())
    settings["runtime"]["options"]["virtualenv"] = sys.prefix
    (simulated.project / "Pulumi.yaml").write_text(yaml.safe_dump(settings))
    shutil.copy(ROOT / "__main__.py", simulated.project)
    (simulated.project / "policies").mkdir()
    shutil.copy(ROOT / "policies" / "caps.yaml", simulated.project / "policies")
    (simulated.project / "stacks").mkdir()
    (simulated.project / "Pulumi.dev.yaml").unlink()
    write(simulated, minimum=0, maximum=4)
    return simulated


def write(simulated: Simulated, minimum: int, maximum: int) -> None:
    stack = changed(STACK, {"node_pools.l4.nodes": {"min": minimum, "max": maximum}, "node_pools.h100": REMOVED})
    text = yaml.safe_dump({"config": {"bedplate:stack": stack}})
    (simulated.project / "stacks" / "Pulumi.vision-dev.yaml").write_text(text)


def sizes(simulated: Simulated) -> dict[str, int]:
    (group,) = (one for one in simulated.world.of_type("aws:eks/nodeGroup:NodeGroup") if one.name == GROUP)
    return {key: int(value) for key, value in group.inputs["scalingConfig"].items()}


def floors(simulated: Simulated) -> dict[str, Any]:
    deployments = simulated.world.of_type("kubernetes:apps/v1:Deployment")
    return {one.inputs["metadata"]["name"]: int(one.inputs["spec"]["replicas"]) for one in deployments}


def test_the_autoscaler_owns_the_size_and_the_bounds_still_move(bedplate: Simulated) -> None:
    assert bedplate.up(*STEP).returncode == 0
    assert sizes(bedplate) == {"minSize": 0, "desiredSize": 0, "maxSize": 4}
    assert bedplate.up(*STEP, "--expect-no-changes").returncode == 0

    # The autoscaler started three nodes; both bounds rise, the floor above what was declared at first.
    write(bedplate, minimum=4, maximum=5)
    raised = bedplate.up(*STEP, faults=(f"drift:{GROUP}.scalingConfig.desiredSize=3",))
    assert raised.returncode == 0, raised.stdout
    assert sizes(bedplate) == {"minSize": 0, "desiredSize": 3, "maxSize": 5}
    assert floors(bedplate) == {"floor-system": 2, "floor-l4": 4}
    assert bedplate.up(*STEP, "--expect-no-changes").returncode == 0

    # A cap takes no running work away.
    write(bedplate, minimum=0, maximum=2)
    lowered = bedplate.up(*STEP)
    assert lowered.returncode != 0
    assert "desired capacity 3 can't be greater than max size 2" in lowered.stdout
    shrunk = bedplate.up(*STEP, faults=(f"drift:{GROUP}.scalingConfig.desiredSize=1",))
    assert shrunk.returncode == 0, shrunk.stdout
    assert sizes(bedplate) == {"minSize": 0, "desiredSize": 1, "maxSize": 2}

    assert bedplate.pulumi("destroy", "--yes", "--skip-preview", *STEP).returncode == 0
    assert len(bedplate.world) == 0
