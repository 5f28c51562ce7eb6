"""Which stack a command works on, and what the command line takes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from bedplate.cli.sim import pulumi_arguments
from bedplate.errors import UsageError
from bedplate.simulation.stacks import asked_stack, command_of

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    ("arguments", "stack"),
    [
        (["up", "--stack", "vision-prod", "--yes"], "vision-prod"),
        (["up", "--stack=vision-prod"], "vision-prod"),
        (["-s", "vision-prod", "up"], "vision-prod"),
        (["up", "-s=vision-prod"], "vision-prod"),
        (["up", "-svision-prod"], "vision-prod"),
        (["up", "--show-sames"], ""),
        (["up", "--yes"], ""),
        (["up", "--stack"], ""),
    ],
)
def test_the_stack_that_is_asked_for(arguments: list[str], stack: str) -> None:
    assert asked_stack(arguments) == stack


@pytest.mark.parametrize(
    ("arguments", "command"),
    [(["up", "--yes"], "up"), (["--color=never", "preview"], "preview"), (["-s", "dev", "up"], "up"), (["--help"], "")],
)
def test_the_command(arguments: list[str], command: str) -> None:
    assert command_of(arguments) == command


def test_the_command_line_takes_pulumi_commands() -> None:
    assert pulumi_arguments(["pulumi", "up", "--yes"], optional=False) == ["up", "--yes"]
    assert pulumi_arguments([], optional=True) == []


@pytest.mark.parametrize(
    ("command", "said"),
    [
        ([], "no command to simulate"),
        (["pulmi", "up"], "did you mean 'pulumi'?"),
        (["terraform", "apply"], "only pulumi can be simulated, not 'terraform'"),
        (["pulumi"], "pulumi needs a command"),
    ],
)
def test_other_programs_are_refused(command: list[str], said: str) -> None:
    with pytest.raises(UsageError) as error:
        pulumi_arguments(command, optional=False)
    assert said in error.value.message
    assert error.value.hint


@pytest.mark.parametrize("separator", [["--"], []])
def test_options_after_pulumi_are_pulumis(
    separator: list[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    import typer
    from typer.testing import CliRunner

    from bedplate.cli import sim
    from bedplate.simulation import session
    from bedplate.simulation.processes import Completed

    given: dict[str, Any] = {}

    def record(_project: Path, arguments: list[str], **options: Any) -> Completed:
        given.update(options, arguments=arguments)
        return Completed(7)

    monkeypatch.setattr(session, "run", record)
    app = typer.Typer()
    app.command("sim", context_settings=sim.CONTEXT_SETTINGS)(sim.sim)
    options = ["--fault", "deleted:x", "--home", str(tmp_path), "--kubeconfig", str(tmp_path / "kind.yaml")]
    options += ["--crds", str(tmp_path / "crds"), "--stacks", str(tmp_path / "example")]
    command = [*options, *separator, "pulumi", "up", "--home", "y", "-s", "dev"]
    result = CliRunner().invoke(app, command)
    assert result.exit_code == 7
    assert given == {
        "arguments": ["up", "--home", "y", "-s", "dev"],
        "home": tmp_path,
        "faults": ["deleted:x"],
        "runner": None,
        "kubeconfig": tmp_path / "kind.yaml",
        "crds": [tmp_path / "crds"],
        "stacks": tmp_path / "example",
    }
    assert "Simulated clouds" in result.stderr
    assert f"applied to the cluster of {tmp_path / 'kind.yaml'}" in result.stderr.replace("\n", "")
    assert result.stdout == ""
