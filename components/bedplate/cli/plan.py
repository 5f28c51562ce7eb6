"""`bedplate plan`: what a stack file means, without starting Pulumi."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer


def plan(
    file: Annotated[Path, typer.Argument(help="The stack file, stacks/Pulumi.<team>-<environment>.yaml.")],
    caps: Annotated[
        Path | None, typer.Option(help="The caps file. Default: policies/caps.yaml of the stack file's project.")
    ] = None,
    json_output: Annotated[bool, typer.Option("--json", help="Print the plan for machines.")] = False,
) -> None:
    """Show pools, fabric, cost range and risks of a stack; exits 1 when it is over its cap."""
    from bedplate.cli.project import project_root, use_prices_of_project
    from bedplate.cost.caps import CAPS_FILE, read_caps, told
    from bedplate.cost.limits import plan_excesses
    from bedplate.errors import BedplateError
    from bedplate.plan import plan_stack
    from bedplate.stack_file.load import load_stack

    use_prices_of_project(file)
    loaded = load_stack(file)
    decided = plan_stack(loaded.spec, loaded.references)
    limits = read_caps(caps or project_root(file) / CAPS_FILE)
    cap = limits.of(decided.team, decided.environment)
    if json_output:
        from bedplate.plan_json import plan_json

        typer.echo(json.dumps(plan_json(decided, cap), indent=2))
    else:
        from bedplate.cli.plan_view import show_plan
        from bedplate.cli.terminal import console

        show_plan(console(), decided, cap)
    over = plan_excesses(decided, cap)
    if over:
        raise BedplateError(told(over))
