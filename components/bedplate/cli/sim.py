"""`bedplate sim -- pulumi …`: a pulumi command on simulated clouds."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from bedplate.errors import UsageError, nearest

CONTEXT_SETTINGS = {"allow_interspersed_args": False}
"""For the application that mounts `sim`: what follows `pulumi` is pulumi's, with `--` before it or without."""


def sim(
    command: Annotated[
        list[str] | None, typer.Argument(help="The pulumi command, after `--`: bedplate sim -- pulumi up --yes")
    ] = None,
    fault: Annotated[
        list[str] | None,
        typer.Option(
            help="Inject a fault: capacity:MACHINE@ZONE, quota:MACHINE, slow:TARGET=5s, half:TARGET, "
            "drift:NAME.PROPERTY=VALUE, deleted:NAME, or a YAML file of them. Repeatable."
        ),
    ] = None,
    runner: Annotated[
        str | None, typer.Option(help="Where pulumi runs: an IP address, or `inside` the clusters' networks.")
    ] = None,
    kubeconfig: Annotated[
        Path | None,
        typer.Option(
            help="A test cluster on this machine: Kubernetes objects are applied to it for real, and nothing else. "
            "Helm releases stay simulated. Never read from the environment."
        ),
    ] = None,
    crds: Annotated[
        list[Path] | None,
        typer.Option(
            help="A folder with definitions of custom resources, which charts would bring: put on the server of "
            "--kubeconfig when the stack needs them, and taken away with its last object. Repeatable."
        ),
    ] = None,
    stacks: Annotated[
        Path | None,
        typer.Option(help="A folder with further stack files beside the project's own, such as one below examples/."),
    ] = None,
    home: Annotated[
        Path | None, typer.Option(help="Where states and the simulated world are kept; by default per project.")
    ] = None,
    reset: Annotated[bool, typer.Option("--reset", help="Forget all states and empty the world first.")] = False,
) -> None:
    """Run a pulumi command on simulated clouds: the real engine, a copy of the project, and nothing real touched."""
    from bedplate import simulation
    from bedplate.files import working_folder
    from bedplate.simulation.home import Home, default_home, find_project

    project = working_folder()
    place = Home(project / home) if home else default_home(find_project(project))
    if reset:
        place.reset()
    arguments = pulumi_arguments(command or [], optional=reset)
    if not arguments:
        print(f"Simulation reset: {place.folder}", file=sys.stderr)
        return
    print(f"Simulated clouds: nothing real is read or changed. World: {place.folder}", file=sys.stderr, flush=True)
    if kubeconfig:
        print(f"But Kubernetes objects are applied to the cluster of {kubeconfig}.", file=sys.stderr, flush=True)
    done = simulation.run(
        project,
        arguments,
        home=place.folder,
        faults=fault or (),
        runner=runner,
        kubeconfig=kubeconfig,
        crds=crds or (),
        stacks=stacks,
    )
    if done.returncode:
        done.raise_if_interrupted("the next command goes on; `bedplate orphans` lists what no state knows")
    raise typer.Exit(done.returncode)


def pulumi_arguments(command: list[str], *, optional: bool) -> list[str]:
    """Return what follows `pulumi`; raises `UsageError` for any other program, and for none unless it is optional."""
    example = "bedplate sim -- pulumi preview --stack vision-dev"
    if not command:
        if optional:
            return []
        raise UsageError("no command to simulate", hint=example)
    if command[0] != "pulumi":
        meant = nearest(command[0], ["pulumi"])
        message = f"only pulumi can be simulated, not {command[0]!r}"
        raise UsageError(f"{message}; did you mean {meant!r}?" if meant else message, hint=example)
    if len(command) == 1:
        raise UsageError("pulumi needs a command", hint=example)
    return command[1:]
