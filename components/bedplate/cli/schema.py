"""`bedplate schema`: the stack file as JSON Schema for editors, or as the reference page."""

from __future__ import annotations

import json
from typing import Annotated

import typer


def schema(
    markdown: Annotated[
        bool, typer.Option("--markdown", help="Print the reference page docs/reference/stack-file.md instead.")
    ] = False,
) -> None:
    """Print the JSON Schema of a stack file; an editor with yaml-language-server completes and checks with it."""
    if markdown:
        from bedplate.stack_file.reference import reference_page

        typer.echo(reference_page(), nl=False)
        return
    from bedplate.stack_file.schema import file_schema

    typer.echo(json.dumps(file_schema(), indent=2))
