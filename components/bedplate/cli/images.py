"""`bedplate images`: container images by digest."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(help="Container images by digest.", no_args_is_help=True)


@app.callback()
def images() -> None:
    """Container images by digest."""


@app.command()
def pin(
    files: Annotated[
        list[Path] | None, typer.Argument(help="Stack files whose images are pinned too. Default: all in stacks/.")
    ] = None,
    skip: Annotated[
        list[str] | None,
        typer.Option(metavar="BEGINNING", help="Leave out images whose name begins so; what is locked stays."),
    ] = None,
) -> None:
    """Ask the registries which digests the tags have now, and write them into images.lock.yaml."""
    from bedplate.files import working_folder
    from bedplate.images.collect import images_to_pin
    from bedplate.images.lock import LOCK_FILE, read_lock, write_lock
    from bedplate.images.pin import pin as pin_images
    from bedplate.simulation.home import find_project
    from bedplate.stack_file.load import load_stack

    project = find_project(working_folder())
    stacks = files or sorted((project / "stacks").glob("Pulumi.*.yaml"))
    names = images_to_pin(load_stack(file).spec for file in stacks)
    before = read_lock(project / LOCK_FILE)
    made = pin_images(names, before, skip or (), datetime.now(UTC).date())
    write_lock(project / LOCK_FILE, made.images)
    typer.echo("\n".join(made.changes) or "nothing changed")
    typer.echo(f"{len(made.images)} images are pinned in {LOCK_FILE}")
