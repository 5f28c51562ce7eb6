"""The room's commands mounted alone, as `bedplate.cli.main` mounts them."""

from __future__ import annotations

import typer
from typer.testing import CliRunner, Result

from bedplate.cli.init import init
from bedplate.cli.schema import schema
from bedplate.cli.validate import validate

app = typer.Typer()
app.command()(validate)
app.command()(schema)
app.command()(init)


def run(*arguments: str) -> Result:
    """Run one command and return its exit code, output and exception."""
    return CliRunner().invoke(app, arguments)
