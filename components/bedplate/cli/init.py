"""`bedplate init`: a team's first stack file."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from bedplate.errors import InputError, Problem, UsageError
from bedplate.files import as_seen, refusals_told, working_folder, write_whole

_HOLDS_SECRETS = ("encryptionsalt:", "encryptedkey:", "secure:")


def init(
    team: Annotated[str, typer.Argument(help="The team's name: lower-case letters, digits and dashes.")],
    environment: Annotated[str, typer.Option(help="dev, staging or prod.")] = "dev",
    provider: Annotated[
        str,
        typer.Option(help="The cloud of the first cluster: aws, gcp, azure, or existing for one that runs already."),
    ] = "aws",
    region: Annotated[
        str | None, typer.Option(help="The region of the first cluster; by default a large one of the cloud.")
    ] = None,
    runner_access: Annotated[
        list[str] | None,
        typer.Option(metavar="CIDR", help="A network that may reach the API server; give it once per network."),
    ] = None,
    directory: Annotated[
        Path | None, typer.Option(help="Where stack files stand; by default where the project's Pulumi.yaml says.")
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace a file that exists.")] = False,
) -> None:
    """Write a commented stack file that is valid: one cluster, a general pool, an inference pool that starts at 0."""
    from bedplate.stack_file.load import read_stack
    from bedplate.stack_file.source import Source
    from bedplate.stack_file.starter import starter_text

    if provider == "existing" and (region or runner_access):
        raise UsageError("an existing cluster has no --region and no --runner-access here; its kubeconfig leads to it")
    path = (directory or _stack_folder()) / f"Pulumi.{team}-{environment}.yaml"
    text = starter_text(team, environment, provider, region, tuple(runner_access or ()))
    try:
        read_stack(Source(str(path), text), path)
    except InputError as error:
        # The file does not exist yet, so places in it would help nobody.
        problems = (replace(problem, file="", source="").render() for problem in _of_options(error))
        raise UsageError("\n".join(problems)) from None
    _refuse_to_lose(path, force=force)
    with refusals_told(path, "written"):
        path.parent.mkdir(parents=True, exist_ok=True)
    write_whole(path, text)
    typer.echo(f"Wrote {path}")
    for hint in _to_replace(provider, given=bool(runner_access)):
        typer.echo(f"Replace {hint} before you deploy.")
    typer.echo(f"Next: bedplate plan {path}")


def _of_options(error: InputError) -> list[Problem]:
    """Return the problems with what was typed: the file's cost center is the team's name again, which has stricter
    rules."""
    return [problem for problem in error.problems if problem.field != ("cost_center",)]


def _stack_folder() -> Path:
    """Return the folder in which the engine looks for the stack files of the project that this runs in."""
    from bedplate.simulation.home import find_project
    from bedplate.simulation.project_files import read_project

    try:
        project = find_project(working_folder())
    except UsageError as error:
        raise UsageError(error.message, hint="run it in a project, or say where with --directory") from None
    return as_seen(project / read_project(project / "Pulumi.yaml").stack_folder)


def _to_replace(provider: str, *, given: bool) -> list[str]:
    """Return what stands in the file for something that only the user knows."""
    if provider == "existing":
        return ["context, hosts and hardware in it with those of your cluster"]
    account = {
        "gcp": ["project in it with your Google Cloud project"],
        "azure": ["subscription and administrators in it with your own"],
    }
    return account.get(provider, []) + ([] if given else ["runner_access in it with the networks of your runners"])


def _refuse_to_lose(path: Path, *, force: bool) -> None:
    """Stop before a file is replaced without --force, or one that holds what cannot be made again."""
    if not path.exists():
        return
    if not force:
        raise UsageError(f"{path} exists", hint="--force replaces it.")
    try:
        text = path.read_text(encoding="utf-8", errors="replace")
    except OSError as error:
        raise UsageError(f"{path} cannot be replaced: {error.strerror}") from None
    if any(word in text for word in _HOLDS_SECRETS):
        raise UsageError(
            f"{path} holds encrypted secrets, or the key to them, which would be lost",
            hint="Move the file away first if that is what you want.",
        )
