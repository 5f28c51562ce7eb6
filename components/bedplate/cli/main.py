"""`bedplate`: mounts the commands and turns the errors that users cause into messages and exit codes."""

from __future__ import annotations

import errno
import os
import sys
from io import TextIOWrapper
from typing import Annotated

import typer

from bedplate import __version__
from bedplate.cli import catalog, cost, demo, engine, images, init, orphans, plan, policies, schema, sim, validate
from bedplate.cli import report as report_command
from bedplate.errors import BedplateError

app = typer.Typer(
    name="bedplate",
    help="Declare AI clusters in one file per team: planned, priced and checked before anything is created.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command("init")(init.init)
app.command("validate")(validate.validate)
app.command("plan")(plan.plan)
app.command("schema")(schema.schema)
app.command("sim", context_settings=sim.CONTEXT_SETTINGS)(sim.sim)
app.command("report")(report_command.report)
app.command("orphans")(orphans.orphans)
app.command("demo")(demo.demo)
app.add_typer(catalog.app, name="catalog")
app.add_typer(cost.app, name="cost")
app.add_typer(engine.app, name="engine")
app.add_typer(images.app, name="images")
app.add_typer(policies.app, name="policies")


_WRITING_FAILED = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO, errno.EPIPE})
"""What writing to an open file fails with; errors that have a path are not about the output."""


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"bedplate {__version__}")
        raise typer.Exit


@app.callback()
def root(
    version: Annotated[
        bool, typer.Option("--version", help="Print the version.", callback=_print_version, is_eager=True)
    ] = False,
) -> None:
    """Options that stand before any command."""


def main() -> None:
    """Run the command line; exits 2 on bad input, 1 on failure, 130 when interrupted (143 when terminated)."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):  # a terminal that knows only ASCII shows escapes, not a traceback
            stream.reconfigure(errors="backslashreplace")
    try:
        _run()
    except BedplateError as error:
        report(error)
        sys.exit(error.exit_code)
    except KeyboardInterrupt:
        sys.exit(130)
    except OSError as error:
        if error.filename is not None or error.errno not in _WRITING_FAILED:
            raise
        _drop_output()
        if error.errno != errno.EPIPE:  # whoever closed the pipe has read what he wanted
            report(BedplateError(f"cannot write the output: {error.strerror}"))
        sys.exit(1)


def _run() -> None:
    """Run the command, and write out what it printed: that this fails must be known before Python ends."""
    try:
        app()
    except SystemExit:
        if sys.stdout is not None:
            sys.stdout.flush()
        raise


def _drop_output() -> None:
    """Let Python not try again, when it ends, to write what could not be written (signal, "Note on SIGPIPE")."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def report(error: BedplateError) -> None:
    """Print an error as people read it: what is wrong, and what to do about it."""
    from rich.console import Console

    console = Console(stderr=True, highlight=False, soft_wrap=True)
    console.print("error:", style="bold red", end=" ")
    console.print(error.message, markup=False)
    if error.hint:
        console.print(error.hint, markup=False, style="dim")


if __name__ == "__main__":
    main()
