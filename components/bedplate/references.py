"""The files of the platform stacks that a stack refers to."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bedplate.errors import InputError
from bedplate.stack_file.load import read_references

if TYPE_CHECKING:
    from pathlib import Path

    from bedplate.stack import StackSpec


def referenced_stacks(stack: StackSpec, directory: Path) -> dict[str, StackSpec]:
    """Return the platform stacks that a stack refers to, from the files in `directory`.

    A file that is missing is left out: the preconditions say so, in the words of the field. Raises InputError when
    one is there and wrong.
    """
    own_file = directory / f"Pulumi.{stack.team}-{stack.environment}.yaml"
    references, problems = read_references(stack, own_file)
    if problems:
        raise InputError(problems)
    return references
