"""`bedplate engine`: install, find and examine the Pulumi engine."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from bedplate.errors import BedplateError

if TYPE_CHECKING:
    from bedplate.engine.model import Check

app = typer.Typer(
    help="Install, find and examine the Pulumi engine.",
    no_args_is_help=True,
)

_STYLES = {"ok": "green", "warning": "yellow", "broken": "bold red"}


@app.command()
def install() -> None:
    """Make sure that there is an engine: on PATH, else the official download, else built from Go modules."""
    from bedplate.engine import installation

    engine = installation.locate()
    if engine is None:
        from bedplate.engine.progress import progress_for_people

        with progress_for_people() as progress:
            engine = installation.install(progress)
    typer.echo(f"pulumi {engine.version} at {engine.pulumi}")


@app.command()
def path() -> None:
    """Print the path of the `pulumi` program that Bedplate uses."""
    from bedplate.engine import installation

    engine = installation.locate()
    if engine is None:
        raise BedplateError("no Pulumi engine is installed", hint="Run `bedplate engine install`.")
    typer.echo(engine.pulumi)


@app.command()
def doctor(
    as_json: Annotated[bool, typer.Option("--json", help="Print the findings as JSON.")] = False,
) -> None:
    """Examine everything that the engine needs; exit code 1 if something is broken."""
    from bedplate.engine import health

    checks = health.doctor()
    if as_json:
        typer.echo(json.dumps([asdict(check) for check in checks], indent=2))
    else:
        _print_table(checks)
    if any(check.status == "broken" for check in checks):
        raise typer.Exit(1)


def _print_table(checks: list[Check]) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table("check", "", "finding", box=None, pad_edge=False)
    for check in checks:
        finding = Text(check.detail, overflow="fold")
        if check.remedy:
            finding.append(f"\n→ {check.remedy}", style="bold")
        table.add_row(check.name, Text(check.status, style=_STYLES[check.status]), finding)
    Console(highlight=False).print(table)
