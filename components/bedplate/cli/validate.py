"""`bedplate validate`: everything that is wrong with stack files, by place; no Pulumi, no network."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from bedplate.errors import Problem


def validate(
    files: Annotated[list[Path], typer.Argument(help="Stack files: stacks/Pulumi.<team>-<environment>.yaml.")],
    json_output: Annotated[bool, typer.Option("--json", help="Print JSON for machines to read.")] = False,
) -> None:
    """Check stack files and show every problem as file:line:column; exits 2 when there is one."""
    found = {file: _problems(file) for file in files}
    if json_output:
        typer.echo(json.dumps({"files": [_entry(file, problems) for file, problems in found.items()]}, indent=2))
    else:
        _show(found)
    if any(found.values()):
        raise typer.Exit(2)


def _problems(file: Path) -> tuple[Problem, ...]:
    from bedplate.errors import InputError
    from bedplate.stack_file.load import load_stack

    try:
        load_stack(file)
    except InputError as error:
        return error.problems
    return ()


def _entry(file: Path, problems: tuple[Problem, ...]) -> dict[str, object]:
    return {"file": str(file), "valid": not problems, "problems": [problem.as_json() for problem in problems]}


def _show(found: dict[Path, tuple[Problem, ...]]) -> None:
    from rich.console import Console
    from rich.text import Text

    console = Console(highlight=False, soft_wrap=True)
    for file, problems in found.items():
        if not problems:
            console.print(Text.assemble(str(file), ": ", ("valid", "green")))
        for problem in problems:
            head, *rest = problem.render().split("\n")
            place = problem.place()
            console.print(Text.assemble((place, "bold"), (head[len(place) :], "red")))
            for line in rest:
                console.print(Text(line, style="dim"))
    count = sum(map(len, found.values()))
    if count:
        wrong = sum(1 for problems in found.values() if problems)
        console.print(f"{_counted(count, 'problem')} in {_counted(wrong, 'file')}")


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
