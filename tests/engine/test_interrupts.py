"""What is left when somebody stops the engine: politely, by force, or by killing the simulation itself."""

from __future__ import annotations

import json
import shlex
import signal
from typing import TYPE_CHECKING

import pytest

from bedplate.simulation.home import Home
from bedplate.simulation.orphans import delete_orphans, find_orphans
from tests.engine.projects import children, descendants, is_alive, kill, wait_until

if TYPE_CHECKING:
    import subprocess

    from tests.engine.projects import Simulated

pytestmark = pytest.mark.engine

PROGRAM = """
import pulumi
import pulumi_aws as aws
parent = pulumi.ComponentResource("fixture:index:Queues", "queues")
first = aws.sqs.Queue("first")
aws.sqs.Queue("second", visibility_timeout_seconds=first.url.apply(len),
    opts=pulumi.ResourceOptions(parent=parent))
"""
SECOND = "urn:pulumi:dev::fixture::fixture:index:Queues$aws:sqs/queue:Queue::second"
SLOW = "slow:second=600s"


def killed_in_the_middle(simulated: Simulated) -> None:
    """Kill the engine while the second queue is being made: the cloud has it, and no state knows it."""
    running = simulated.start("up", "--yes", "--skip-preview", fault=SLOW)
    engine = in_the_middle(simulated, running)
    kill(engine)
    assert running.wait(60) == 128 + signal.SIGKILL


def in_the_middle(simulated: Simulated, running: subprocess.Popen[str]) -> int:
    """Wait until the second queue is being made, and return the engine's process."""
    wait_until(lambda: bool(simulated.world.named("second")) or running.poll() is not None)
    assert running.poll() is None, running.communicate()[0]
    return children(running.pid)[0]


def test_after_kill_the_next_up_converges_and_the_orphan_is_found(simulated: Simulated) -> None:
    simulated.write(PROGRAM)
    killed_in_the_middle(simulated)
    (orphan,) = find_orphans(Home(simulated.home))
    assert orphan.resource == simulated.world.named("second")[0]
    assert "the stack is currently locked" in simulated.up().stderr
    assert simulated.pulumi("cancel", "--yes").returncode == 0
    assert simulated.up().returncode == 0
    (orphan,) = find_orphans(Home(simulated.home))
    assert orphan.import_command == ""  # the state has another one of this name now
    assert len(simulated.world.named("second")) == 2
    delete_orphans(Home(simulated.home), [orphan.resource.id])
    assert find_orphans(Home(simulated.home)) == []
    assert simulated.pulumi("destroy", "--yes").returncode == 0
    assert len(simulated.world) == 0


def test_an_orphan_can_be_imported(simulated: Simulated) -> None:
    simulated.write(PROGRAM)
    killed_in_the_middle(simulated)
    assert simulated.pulumi("cancel", "--yes").returncode == 0
    (orphan,) = find_orphans(Home(simulated.home))
    words = shlex.split(orphan.import_command)
    assert words[:5] == ["bedplate", "sim", "--", "pulumi", "import"]
    assert words[5:8] == ["aws:sqs/queue:Queue", "second", orphan.resource.id]
    imported = simulated.pulumi(*words[4:])
    assert imported.returncode == 0, imported.stdout + imported.stderr
    assert find_orphans(Home(simulated.home)) == []
    state = json.loads(simulated.pulumi("stack", "export").stdout)["deployment"]
    assert SECOND in [resource["urn"] for resource in state["resources"]]
    done = simulated.up()
    assert done.returncode == 0, done.stdout
    assert [queue.id for queue in simulated.world.named("second")] == [orphan.resource.id]


def test_an_interrupt_leaves_no_orphan(simulated: Simulated) -> None:
    simulated.write(PROGRAM)
    running = simulated.start("up", "--yes", "--skip-preview", fault=SLOW)
    in_the_middle(simulated, running)
    running.send_signal(signal.SIGINT)
    output, _ = running.communicate(timeout=60)
    assert running.returncode == 128 + signal.SIGINT, output
    assert "error: interrupted; the next command goes on" in output
    assert len(simulated.world.named("second")) == 1
    assert find_orphans(Home(simulated.home)) == []
    assert simulated.up().returncode == 0


def test_killing_the_simulation_leaves_no_process(simulated: Simulated) -> None:
    simulated.write(PROGRAM)
    running = simulated.start("up", "--yes", "--skip-preview", fault=SLOW)
    in_the_middle(simulated, running)
    below = descendants(running.pid)
    assert below
    kill(running.pid)
    running.wait(60)
    wait_until(lambda: not any(is_alive(pid) for pid in below))
