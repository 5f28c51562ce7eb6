"""A plan as people read it: what a line must not leave out."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from bedplate.cli.plan_view import show_decisions
from bedplate.plan import plan_stack
from tests.support.stacks import one_pool


@pytest.mark.parametrize(
    ("machine", "accelerators"), [("g6f.2xlarge", "1 × L4 (0.25 of one)"), ("g6.12xlarge", "4 × L4 ")]
)
def test_a_part_of_an_accelerator_is_no_whole_one(machine: str, accelerators: str) -> None:
    console = Console(file=io.StringIO(), width=200)
    show_decisions(console, plan_stack(one_pool(machine=machine)))
    assert isinstance(console.file, io.StringIO)
    (line,) = (line for line in console.file.getvalue().splitlines() if machine in line)
    assert f"{machine} on-demand, {accelerators}" in line
