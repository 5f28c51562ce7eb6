"""Slips with stack files, as somebody who runs `bedplate sim` meets them: told, harmless, and soon forgotten."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from bedplate.errors import InputError, UsageError

if TYPE_CHECKING:
    from tests.engine.projects import Simulated

pytestmark = pytest.mark.engine

PROGRAM = """
import pulumi
import pulumi_aws as aws
aws.sqs.Queue("queue", tags={"team": pulumi.Config().require("team")})
"""
TEAM = "config:\n  aws:region: us-east-2\n  fixture:team: {team}\n"


@pytest.fixture
def teams(simulated: Simulated) -> Simulated:
    simulated.write(PROGRAM, speech_dev=TEAM.format(team="speech"), vision_dev=TEAM.format(team="vision"))
    return simulated


def stacks(simulated: Simulated) -> list[str]:
    return [entry["name"] for entry in json.loads(simulated.pulumi("stack", "ls", "--json").stdout)]


def test_a_slip_stops_its_own_stack_until_it_is_mended(teams: Simulated) -> None:
    assert teams.up("--stack", "speech-dev").returncode == 0
    (secret,) = teams.world.named("queue")
    teams.write(PROGRAM, speech_dev=TEAM.format(team="{speech"))
    for _ in range(2):
        with pytest.raises(InputError, match=r"Pulumi\.speech-dev\.yaml:3:17: not valid YAML"):
            teams.up("--stack", "speech-dev")
    assert teams.up("--stack", "vision-dev").returncode == 0
    assert sorted(stacks(teams)) == ["speech-dev", "vision-dev"]
    teams.write(PROGRAM, speech_dev=TEAM.format(team="speech"))
    done = teams.up("--stack", "speech-dev", "--expect-no-changes")
    assert done.returncode == 0, done.stdout
    assert secret in teams.world.named("queue")


def test_a_mistyped_stack_is_not_made(teams: Simulated) -> None:
    with pytest.raises(UsageError) as error:
        teams.pulumi("preview", "--stack", "spech-dev")
    assert error.value.message == (
        f"no stack file {teams.project / 'Pulumi.spech-dev.yaml'}; did you mean 'speech-dev'?"
    )
    assert stacks(teams) == []


def test_one_of_several_stacks_must_be_named_or_selected(teams: Simulated) -> None:
    with pytest.raises(UsageError, match="name a stack: --stack STACK") as error:
        teams.pulumi("preview")
    assert error.value.hint == "stacks: dev, speech-dev, vision-dev"
    assert "Usage:" in teams.pulumi("preview", "--help").stdout
    assert teams.pulumi("stack", "init", "vision-dev").returncode == 0
    assert teams.up().returncode == 0
    assert [queue.inputs["tags"] for queue in teams.world.named("queue")] == [{"team": "vision"}]
